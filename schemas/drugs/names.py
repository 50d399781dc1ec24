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
    from collections.abc import Iterable

ANY_DRUG = "*"  # the drug of rows that hold for every drug: what the pump itself can do

_TOKEN = re.compile(r"\d+/\d+|\d*[.]?\d+%?|[^\W\d_]+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_LONGEST_NAME = 10  # words of the longest name or alias that is looked for inside a longer name
_SHORTEST_SECOND = 4  # letters a second name needs to make a mixture: "iv" or "ns" after a drug do not

# Words that may stand before a drug's name without changing it.
_BEFORE_NAMES = """
volume iv ivf ivpb inj injection infusion drip bag bolus premix premixed std standard max conc concentrated
pca continuous intermittent titrate load loading maintenance high low dose rate the
"""
# Words beside a name that make it another preparation or route, whose limits are not those of the name.
_PREPARATIONS = """
liposomal liposome pegylated racemic nebulised nebulized inhaled oral enteral epidural pcea intrathecal spinal
sheath flush lock topical patch glargine lispro aspart nph detemir degludec glulisine
"""
_BEFORE = frozenset(_BEFORE_NAMES.split())
_OTHER_PREPARATION = frozenset(_PREPARATIONS.split())
# Fluids that carry a drug: "norepinephrine 4 mg in dextrose 5%" is no mixture.
_CARRIERS = (
    "sodium chloride 0.9%",
    "sodium chloride 0.45%",
    "dextrose 5%",
    "dextrose 10%",
    "sterile water",
    "lactated ringers",
    "iv fluid",
)


def words_of(name: str) -> list[str]:
    """The words and numbers of a name, in lower case, without punctuation."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return _TOKEN.findall(_THOUSANDS.sub("", plain))


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
            found = self._longest(words, begin)
            if found is not None:
                drug, end = found
                return drug if self._is_alone(drug, words[end:]) else None
            if word not in _BEFORE and not word[0].isdigit() and units.canonical(word) is None:
                return None
        return None

    def _longest(self, words: list[str], begin: int) -> tuple[str, int] | None:
        """The longest known name that begins at a word, with the index after its last word."""
        for end in range(min(len(words), begin + _LONGEST_NAME), begin, -1):
            drug = self._drugs.get("".join(words[begin:end]))
            if drug is not None:
                return drug, end
        return None

    def _is_alone(self, drug: str, rest: list[str]) -> bool:
        """Whether what follows the name of a drug keeps the preparation and adds no second drug."""
        at = 0
        while at < len(rest):
            if rest[at] in _OTHER_PREPARATION:
                return False
            found = self._longest(rest, at)
            if found is None:
                at += 1
                continue
            other, end = found
            short = len("".join(rest[at:end])) < _SHORTEST_SECOND
            if not (short or other == drug or other in self._carriers):
                return False
            at = end
        return True
