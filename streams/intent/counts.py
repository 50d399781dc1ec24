"""What one source partition has learned of one drug in one unit at one hospital: counts that fade with time.

Counts are kept as if all were of one moment, the landmark: an entry that is a half-life younger weighs twice as much.
So counts of any two cells may be added, nothing has to be scaled down as time passes, and what a count is worth at
some moment is one multiplication (forward decay: Cormode, Shkapenyuk, Srivastava and Xu, 2009).
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from msgspec import Struct

LANDMARK = datetime(2026, 1, 1, tzinfo=UTC)
LANDMARK_DAY = LANDMARK.toordinal()
# Beyond this the weight of an entry no longer grows: 2 to this power still fits a float many million times.
MOST_HALF_LIVES = 900.0
SPARE_VALUES = 16
"""So many values more than kept may gather before those entered least are forgotten, all at once."""


class Decay:
    """What an entry weighs by its time."""

    def __init__(self, half_life_days: float) -> None:
        self._half_life_days = half_life_days
        self._day = LANDMARK_DAY
        self._weight = 1.0

    def weight(self, day: int) -> float:
        """The weight at the landmark of an entry that counts 1 on a day, by its ordinal."""
        if day != self._day:
            half_lives = (day - LANDMARK_DAY) / self._half_life_days
            self._day = day
            self._weight = float(2.0 ** max(-MOST_HALF_LIVES, min(MOST_HALF_LIVES, half_lives)))
        return self._weight


class Counts(Struct, array_like=True):
    """Entries that stood in one care-area profile: how many, and by value."""

    entries: float = 0.0
    values: dict[float, float] = {}

    def trim(self, kept: int) -> None:
        """Forget the values entered least."""
        self.values = dict(sorted(self.values.items(), key=_count, reverse=True)[:kept])


class Cell(Struct, array_like=True):
    """Counts by profile, and slips; `through` is where the last entry learned from stands in its topic.

    `slips` are those that later entries confirmed, `taken_back` those that were undone while typing.

    `at` is the newest time of an entry in it. `test` says that it was taught by simulated or replayed entries.
    """

    through: tuple[int, int]
    at: datetime
    test: bool
    profiles: dict[str, Counts] = {}
    slips: dict[str, float] = {}
    taken_back: dict[str, float] = {}

    def entries(self) -> float:
        """Entries that stood, at the landmark's weight."""
        return sum(counts.entries for counts in self.profiles.values())


def _count(item: tuple[float, float]) -> float:
    return item[1]


pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder(Cell).decode
