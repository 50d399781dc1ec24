"""What teaches: entries that stood the prior, slips that were put right the channel; a pump only so much a day.

A pump that repeats itself, broken or not, is one witness: it teaches a value of a drug and unit once a day, and so
many entries of it in all; a slip taken back while typing once a day, whatever the drug. A day here never goes back, so
a clock that jumps to and fro gains nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from schemas import units
from streams.intent import learning
from streams.intent.bounded import Bounded
from streams.intent.learned import Lesson
from streams.intent.shelf import Drug

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.drugs.care_areas import Profile
    from schemas.events import DoseScore
    from schemas.library import Library
    from streams.intent.learned import Learned
    from streams.intent.learning import Learning
    from streams.intent.outcome import Outcome

LONGEST_NAME = 128
"""As in the contract."""
TAUGHT_FIELDS = ("rate", "dose")
KEPT_NAMES = 16_384
KEPT_PUPILS = 32_768
"""Drugs on pumps of a partition whose day is remembered, about 1.2 KB each: 40 MB at most."""


class _Pupil:
    """A drug on a pump: what the pump said of it on a day, and its canonical names while the library is the same.

    Without a drug: the slips taken back on the pump.
    """

    __slots__ = ("care_area", "day", "library", "named", "said")

    named: tuple[Drug, Profile]

    def __init__(self, day: int) -> None:
        self.day = day
        self.said: set[float | str] = set()
        self.library: Library | None = None
        self.care_area = ""


class Teacher:
    """Teaches what was learned from the outcomes of one source partition, in their order."""

    def __init__(
        self,
        learned: Learned,
        libraries: Callable[[str], Library],
        partition: int = 0,
        figures: Learning | None = None,
    ) -> None:
        self._learned = learned
        self._libraries = libraries
        self._partition = partition
        self._most_a_day = (figures or learning.load()).most_a_day
        self._named = lru_cache(KEPT_NAMES)(_names)
        self._pupils: Bounded[tuple[str, str, str], _Pupil] = Bounded(KEPT_PUPILS)

    def teach(self, outcome: Outcome, position: tuple[int, int]) -> bool:
        """Learn from an outcome; whether anything was learned.

        `position` is the offset of the record that decided it, and which of that record's outcomes it is.
        """
        entry = outcome.entry
        what: float | str | None = outcome.slip
        if outcome.ended == "stood":
            what = entry.typed if outcome.field in TAUGHT_FIELDS else None
        if not what:
            return False
        place = (outcome.pump, entry.drug, entry.unit)
        pupil = self._pupil(place, entry.at.toordinal())
        said = pupil.said
        if what in said or len(said) >= self._most_a_day:
            return False
        said.add(what)
        library = self._libraries(entry.hospital)
        if pupil.library is not library or pupil.care_area != entry.care_area:
            pupil.library, pupil.care_area = library, entry.care_area
            pupil.named = self._named(library, entry.hospital, entry.drug, entry.unit, entry.care_area)
        drug, profile = pupil.named
        lesson = Lesson(drug, profile, entry.typed, outcome.slip, entry.at, pupil.day, entry.test)
        return self._learned.teach(lesson, self._partition, position)

    def teach_taken_back(self, score: DoseScore, position: tuple[int, int]) -> bool:
        """Learn from the slip that was taken back within an entry, if any; whether anything was learned.

        On a keypad that steps, going back is how one aims, and no slip.
        """
        slip = score.taken_back
        if slip is None or slip == "overshoot" or score.action == "cancel":
            return False
        pupil = self._pupil((score.pump, "", ""), score.at.toordinal())
        if slip in pupil.said:
            return False
        pupil.said.add(slip)
        library = self._libraries(score.hospital)
        drug, profile = self._named(library, score.hospital, score.drug, score.unit, score.care_area)
        lesson = Lesson(drug, profile, score.typed, slip, score.at, pupil.day, score.test, taken_back=True)
        return self._learned.teach(lesson, self._partition, position)

    def _pupil(self, place: tuple[str, str, str], day: int) -> _Pupil:
        pupil = self._pupils.get(place)
        if pupil is None or day > pupil.day:
            pupil = _Pupil(day)
            self._pupils.put(place, pupil)
        return pupil


def _names(library: Library, hospital: str, drug: str, unit: str, care_area: str) -> tuple[Drug, Profile]:
    """Canonical names, as the prior uses them."""
    canonical = library.canonical_drug(drug) or " ".join(drug.casefold().split())
    # Lower case may be longer than what was sent, and a name may not.
    return Drug(hospital, canonical[:LONGEST_NAME], units.canonical(unit) or unit), library.profile(care_area)
