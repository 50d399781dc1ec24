"""The rates in which hospitals are compared: what is counted, and what it is counted in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.readmodel.rollups import RollupSums


class Measure(NamedTuple):
    """Events in an exposure; `per` is the exposure that the rate is told for.

    A `proportion` counts events among as many chances, so that none is above 1.
    """

    name: str
    words: str
    per: float
    of: str
    events: Callable[[RollupSums], float]
    exposure: Callable[[RollupSums], float]
    proportion: bool = False

    def variance(self, rate: float) -> float:
        """Variance of an event count beside its expectation: below 1 where events are among few chances."""
        return 1 - rate if self.proportion else 1.0


_GRAVE = ("high", "life_threatening")
_MINUTES = 60.0

MEASURES = (
    Measure("flagged", "flagged entries", 1_000, "entries", lambda of: of.flagged, lambda of: of.entries),
    Measure("near_misses", "near misses", 10_000, "entries", lambda of: of.caught, lambda of: of.entries),
    Measure(
        "grave_near_misses",
        "near misses, high or worse",
        10_000,
        "entries",
        lambda of: sum(of.avoided_harm.get(grade, 0) for grade in _GRAVE),
        lambda of: of.entries,
    ),
    Measure(
        "warnings",
        "warnings of the pumps",
        1_000,
        "entries",
        lambda of: of.soft_warnings + of.hard_warnings,
        lambda of: of.entries,
    ),
    Measure(
        "overrides",
        "overrides",
        100,
        "warnings of the pumps",
        # A pump may send overrides of warnings that it did not tell.
        lambda of: min(of.overridden, of.soft_warnings + of.hard_warnings),
        lambda of: of.soft_warnings + of.hard_warnings,
        proportion=True,
    ),
    Measure(
        "left_unplugged",
        "pumps left unplugged",
        1_000,
        "h of infusing",
        lambda of: of.causes.get("practice", 0),
        lambda of: of.infusing_minutes / _MINUTES,
    ),
    Measure(
        "avoidable_low_alarms",
        "avoidable low alarms",
        1_000,
        "h of infusing",
        lambda of: of.avoidable_low_alarms,
        lambda of: of.infusing_minutes / _MINUTES,
    ),
)
"""docs/definitions.md says what each of the sums counts."""
