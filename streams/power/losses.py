"""Which pumps of a unit lost the mains in the same seconds: a power failure, and not a habit.

A worker sees only the pumps of its own partitions, perhaps one in twelve of a unit. So the starts and returns of all
episodes are noted here, those of other partitions as they are published. Noting the same again changes nothing.
"""

from __future__ import annotations

from math import exp
from typing import NamedTuple

TOGETHER_MS = 3_000  # pumps' clocks agree to seconds: judgement
KEPT_S = 3 * 3600
BY_CHANCE = 1e-4  # a coincidence rarer than this is none: judgement
BUCKET_MS = 4_000
ENOUGH = 32  # pumps at once are no coincidence in any unit

Unit = tuple[str, str]  # hospital, care area


class Loss(NamedTuple):
    """A pump without mains from `at` to `back` (ms since 1970; 0: not back)."""

    at: int
    back: int


class UnitLosses:
    """The last hours of each unit."""

    def __init__(self) -> None:
        self._units: dict[Unit, dict[int, dict[str, Loss]]] = {}

    def note(self, unit: Unit, pump: str, at: int, back: int = 0) -> None:
        """A pump of the unit lost the mains at `at`, and has it back since `back`."""
        buckets = self._units.setdefault(unit, {})
        bucket = buckets.get(at // BUCKET_MS)
        if bucket is None:
            oldest = (at - KEPT_S * 1000) // BUCKET_MS
            for number in [number for number in buckets if number < oldest]:
                del buckets[number]
            bucket = buckets[at // BUCKET_MS] = {}
        known = bucket.get(pump)
        bucket[pump] = Loss(at, back or (known.back if known else 0))

    def failed(self, unit: Unit, pump: str, at: int, back: int = 0) -> bool:
        """Whether so many pumps lost the mains together with this one that it is no coincidence.

        Three pumps within seconds, or two that also got it back together; and never as few as chance brings together
        in a unit of so many starts an hour.
        """
        buckets = self._units.get(unit)
        if not buckets:
            return False
        together = returned = 0
        here = at // BUCKET_MS
        for number in (here - 1, here, here + 1):
            for other, loss in buckets.get(number, {}).items():
                if other != pump and abs(loss.at - at) <= TOGETHER_MS:
                    together += 1
                    returned += bool(back and loss.back and abs(loss.back - back) <= TOGETHER_MS)
                    if together >= ENOUGH:
                        return True
        if not (together >= 2 or returned):
            return False
        starts = sum(len(bucket) for bucket in buckets.values()) - together
        expected = starts * 2 * TOGETHER_MS / (KEPT_S * 1000)
        if returned and together < 2:
            # The return is a second coincidence of the same kind.
            return _at_least(1, expected) * 2 * TOGETHER_MS / (KEPT_S * 1000) * max(starts, 1) < BY_CHANCE
        return _at_least(together, expected) < BY_CHANCE


def _at_least(count: int, expected: float) -> float:
    """The probability of `count` or more where `expected` are expected (Poisson)."""
    term = below = exp(-expected)
    for number in range(1, count):
        term *= expected / number
        below += term
    return max(1.0 - below, 0.0)
