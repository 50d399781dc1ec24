"""Which drug a pump means by a name: case, punctuation, brand or generic, strengths and units around it.

A name is never matched by similarity: look-alike names are the ones that harm (ISMP, List of Confused Drug
Names). A misspelling that occurs is an alias of its drug. A mixture of two drugs is not guessed either.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from schemas import units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ANY_DRUG = "*"  # the drug of rows that hold for every drug: what the pump itself can do

_SPACED_PERCENT = re.compile(r"(?<=\d)\s+%")
_TOKEN = re.compile(r"\d+/\d+|\d*[.]?\d+%?|[^\W\d_]+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_LONGEST_NAME = 10  # words of the longest name or alias that is looked for inside a longer name
_SHORT = 4  # shorter names ("iv", "ns", "tf") count only where nothing else is said

# Words that may stand before a drug's name without changing it.
_BEFORE_NAMES = """
volume iv ivf ivpb inj injection infusion drip bag bolus premix premixed std standard max conc concentrated
pca continuous intermittent titrate load loading maintenance high low dose rate crrt the in of
"""
# Words beside a name that make it another preparation or route, whose limits are not those of the name.
_PREPARATIONS = """
liposomal liposome pegylated racemic nebulised nebulized inhaled oral enteral epidural pcea intrathecal spinal
flush lock topical patch glargine lispro aspart nph detemir degludec glulisine chloride protein emtansine
deruxtecan benzathine procaine
"""
_BEFORE = frozenset(_BEFORE_NAMES.split())
_OTHER_PREPARATION = frozenset(_PREPARATIONS.split())
# Fluids that carry a drug: "norepinephrine 4 mg in dextrose 5%" is no mixture.
_CARRIERS = (
    "sodium chloride 0.9%",
    "sodium chloride 0.45%",
    "dextrose 5%",
    "dextrose 10%",
    "dextrose 5% and sodium chloride 0.9%",
    "dextrose 5% and sodium chloride 0.45%",
    "sterile water",
    "lactated ringers",
    "iv fluid",
)


def words_of(name: str) -> list[str]:
    """The words and numbers of a name, in lower case, without punctuation."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return _TOKEN.findall(_SPACED_PERCENT.sub("%", _THOUSANDS.sub("", plain)))


def key(name: str) -> str:
    """What two spellings of one name have in common: `Nor-Epinephrine` and `norepinephrine` share a key."""
    return "".join(words_of(name))


class DrugNames:
    """The known names of drugs; takes pairs of a drug and one of its names, the first of a key wins."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._drugs: dict[str, str] = {}
        for drug, name in names:
            if drug != ANY_DRUG and key(name):
                self._drugs.setdefault(key(name), drug)
        self._carriers = {self._drugs[key(name)] for name in _CARRIERS if key(name) in self._drugs}

    def resolve(self, name: str) -> str | None:
        """The drug that a name means, or None.

        The whole name counts first. Otherwise it must begin (after a number, a unit or a word like "volume")
        with a known name, the longest that fits, and name neither a second drug nor another preparation.
        """
        words = words_of(name)
        whole = self._drugs.get("".join(words))
        if whole is not None:
            return whole
        for begin, word in enumerate(words):
            for drug, end in self._names_at(words, begin):
                known = words[begin:end]
                if len("".join(known)) >= _SHORT and not all(map(_says_nothing, known)):
                    return drug if self._is_alone(drug, words[end:]) else None
                if all(map(_says_nothing, words[end:])):
                    return drug
            if not _says_nothing(word):
                return None
        return None

    def _names_at(self, words: list[str], begin: int) -> Iterator[tuple[str, int]]:
        """The known names that begin at a word, longest first, each with the index after its last word."""
        for end in range(min(len(words), begin + _LONGEST_NAME), begin, -1):
            drug = self._drugs.get("".join(words[begin:end]))
            if drug is not None:
                yield drug, end

    def _is_alone(self, drug: str, rest: list[str]) -> bool:
        """Whether what follows the name of a drug keeps the preparation and adds no second drug."""
        if drug in self._carriers and rest and rest[0].endswith("%"):
            return False  # sodium chloride 23.4% is not sodium chloride
        at = 0
        while at < len(rest):
            if rest[at] in _OTHER_PREPARATION:
                return False
            other, end = next(self._names_at(rest, at), (drug, at + 1))
            short = len("".join(rest[at:end])) < _SHORT
            if not (short or other == drug or other in self._carriers):
                return False
            at = end
        return True


def _says_nothing(word: str) -> bool:
    """Whether a word is an amount, a unit or one that does not tell drugs apart; a percentage does tell."""
    if word[0].isdigit() or word[0] == ".":
        return not word.endswith("%")
    return word in _BEFORE or units.canonical(word) is not None
