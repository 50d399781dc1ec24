"""Which outcomes teach: entries that stood teach the prior, confirmed slips the channel; a pump only so much a day.

A pump that repeats itself, broken or not, is one witness: it teaches a value of a drug and unit once a day, and so
many entries of it in all. A day here never goes back, so a clock that jumps to and fro gains nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from schemas import units
from schemas.codec import ms
from streams.intent import learning
from streams.intent.bounded import Bounded
from streams.intent.counts import DAY_MS, change
from streams.intent.learned import Lesson
from streams.intent.shelf import Drug

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.drugs.care_areas import Profile
    from schemas.library import Library
    from streams.intent.learned import Learned
    from streams.intent.learning import Learning
    from streams.intent.outcome import Outcome

TAUGHT_FIELDS = ("rate", "dose")
KEPT_NAMES = 16_384
KEPT_PUPILS = 32_768
"""Pumps and drugs of a partition whose day is remembered, about 0.6 KB each: 20 MB at most."""


class _Day:
    __slots__ = ("number", "said", "times")

    def __init__(self, number: int) -> None:
        self.number = number
        self.times = 0
        self.said: set[float | str] = set()


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
        self._days: Bounded[tuple[str, Drug], _Day] = Bounded(KEPT_PUPILS)

    def teach(self, outcome: Outcome, offset: int) -> bool:
        """Learn from an outcome that the record at `offset` decided; whether anything was learned."""
        entry = outcome.entry
        if outcome.ended == "stood":
            if outcome.field not in TAUGHT_FIELDS or not entry.typed:
                return False
        elif outcome.slip is None:
            return False
        library = self._libraries(entry.hospital)
        drug, profile = self._named(library, entry.hospital, entry.drug, entry.unit, entry.care_area)
        at_ms = ms(entry.at)
        if not self._may(outcome.pump, drug, at_ms // DAY_MS, outcome.slip or entry.typed):
            return False
        step = change(entry.typed, entry.previous)
        lesson = Lesson(drug, profile, entry.typed, step, outcome.slip, at_ms, entry.test)
        return self._learned.teach(lesson, self._partition, (offset, 0))

    def _may(self, pump: str, drug: Drug, number: int, what: float | str) -> bool:
        """Whether the pump has not said this today, nor too much; it counts as said."""
        place = (pump, drug)
        day = self._days.get(place)
        if day is None or number > day.number:
            day = _Day(number)
            self._days.put(place, day)
        if day.times >= self._most_a_day or what in day.said:
            return False
        day.times += 1
        day.said.add(what)
        return True


def _names(library: Library, hospital: str, drug: str, unit: str, care_area: str) -> tuple[Drug, Profile]:
    """Canonical names, as the prior uses them."""
    canonical = library.canonical_drug(drug) or " ".join(drug.casefold().split())
    return Drug(hospital, canonical, units.canonical(unit) or unit), library.profile(care_area)
