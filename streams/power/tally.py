"""The figures of one episode, from its observations in order of event time."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from streams.power.observation import ACTIVE, AT_SHIFT, BATTERY, FAULT, is_active, tenths
from streams.power.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_RETURNS = 255


class Tally(Packed):
    """Minutes, charges and interruptions so far. Times are ms since 1970, charges tenths of a percent.

    `paused` is when the pump last stopped being active (infusing on battery), 0 while it is.
    """

    form = Struct("<QQQQHHB??")

    started: int = 0
    last: int = 0
    paused: int = 0
    active_ms: int = 0
    charge_start: int = 0
    charge_min: int = 0
    returns: int = 0
    paused_on_mains: bool = False
    fault: bool = False

    def over_by(self, at: int, silence: int, pause: int) -> bool:
        """Whether the episode has ended if nothing was heard between its last observation and `at`."""
        if not self.started:
            return False
        if self.paused:
            return at - self.paused >= pause
        return at - (self.last >> AT_SHIFT) > silence

    def add_steady(self, observations: Sequence[int], silence: int) -> bool:
        """Count observations of a pump that was active all the time; nothing is counted, and False, if it was not.

        Nearly all are so, and together they cost a third of what `add` takes for each.
        """
        if self.paused or not self.started or observations[0] < self.last:
            return False
        gap = (observations[-1] >> AT_SHIFT) - (self.last >> AT_SHIFT)
        if gap > silence:
            return False
        said = ACTIVE
        lowest = self.charge_min
        for observation in observations:
            if observation & ACTIVE != ACTIVE:
                return False
            said |= observation
            lowest = min(lowest, observation >> 6 & 1023)
        self.charge_min = lowest
        self.fault = self.fault or bool(said & FAULT)
        self.active_ms += gap
        self.last = observations[-1]
        return True

    def add(self, observation: int, silence: int) -> None:
        """Count the next observation; what comes before the first active one is not part of the episode."""
        at = observation >> AT_SHIFT
        active = is_active(observation)
        charge = tenths(observation)
        if not self.started:
            if active:
                self.started = at
                self.last = observation
                self.charge_start = self.charge_min = charge
                self.fault = bool(observation & FAULT)
            return
        if observation < self.last:
            return  # older than the revision that a restart went on from, which already speaks for it
        if not self.paused:
            gap = at - (self.last >> AT_SHIFT)
            if gap <= silence:
                self.active_ms += gap
            self.charge_min = min(self.charge_min, charge)
            self.fault = self.fault or bool(observation & FAULT)
        if active:
            if self.paused:
                self.returns = min(self.returns + self.paused_on_mains, _MOST_RETURNS)
                self.paused = 0
                self.charge_min = min(self.charge_min, charge)
        else:
            if not self.paused:
                self.paused = at
                self.paused_on_mains = False
            self.paused_on_mains = self.paused_on_mains or not observation & BATTERY
        self.last = observation

    @property
    def end(self) -> int:
        """Where the episode ends if nothing more comes: back on mains or stopped, else the last word."""
        return self.paused or self.last >> AT_SHIFT
