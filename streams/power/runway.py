"""When the battery will be empty, from this pump's own recent slope.

A gauge shows whole points, so the slope is measured from one step of the gauge to a later step: between steps the
charge is only known to a point. The first step after the start or a reset is where measuring begins.
"""

from __future__ import annotations

from streams.power.settings import MINUTE

# Judgements, until minutes-to-empty are evaluated against simulated depletions.
RECENT = 30 * MINUTE  # the slope reaches 30 to 60 min back
LEAST_ELAPSED = 5 * MINUTE
LEAST_DROP = 30  # tenths of a percent
REBOUND = 10  # tenths by which a resting gauge may rise without being charged

# What the pump's own alarms say is left (low at 30 min, very low at 15 min).
ALARM_LEFT = {"low": 30 * MINUTE, "very_low": 15 * MINUTE, "depleted": 0}


class Runway:
    """The slope of one pump's gauge while it infuses on battery. Times in ms, charges in tenths of a percent."""

    __slots__ = ("_ceiling", "_charge", "_from", "_from_charge", "_next", "_next_charge", "empty")

    def __init__(self, empty: int = 0) -> None:
        self.empty = empty  # predicted time, 0 if unknown
        self._ceiling = 0
        self._charge = -1
        self._from = self._from_charge = 0
        self._next = self._next_charge = 0

    def hear(self, at: int, charge: int, kind: str) -> None:
        """Take the newest gauge reading, and the pump's alarm if it is one."""
        if charge != self._charge:
            self._read(at, charge)
        left = ALARM_LEFT.get(kind)
        if left is not None:
            self._ceiling = min(self._ceiling or at + left, at + left)
            self.empty = min(self.empty or self._ceiling, self._ceiling)

    def reset(self) -> None:
        """Forget the slope: the pump is charging or not infusing."""
        self.empty = self._ceiling = 0
        self._charge = -1
        self._from = self._next = 0

    def _read(self, at: int, charge: int) -> None:
        if self._charge < 0:
            self._charge = charge
            return
        if charge > self._charge:
            if charge > self._charge + REBOUND:
                self.reset()
                self._charge = charge
            return
        self._charge = charge
        if not self._from:
            self._from = self._next = at
            self._from_charge = self._next_charge = charge
            return
        if at - self._next >= RECENT:
            self._from, self._from_charge = self._next, self._next_charge
            self._next, self._next_charge = at, charge
        elapsed = at - self._from
        drop = self._from_charge - charge
        if elapsed >= LEAST_ELAPSED and drop >= LEAST_DROP:
            self.empty = at + charge * elapsed // drop
            if self._ceiling:
                self.empty = min(self.empty, self._ceiling)
