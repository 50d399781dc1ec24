"""An open episode of one pump: what is settled, what is still provisional, and when a revision is due.

Observations wait in the pump's window for late ones; once older than the lateness they are settled, in order of
event time. Only settled observations end an episode, so its final figures do not depend on the order of arrival.
What a revision says before that is provisional: it counts the window too.

Between two events an episode is bytes (`packed`), because a hundred thousand pumps may have one each.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from streams.power.battery import Battery
from streams.power.company import Company
from streams.power.observation import ACTIVE, ALARMS, AT_SHIFT, is_active, tenths
from streams.power.revision import revised
from streams.power.runway import NOTHING, Runway
from streams.power.standing import Standing
from streams.power.tally import Tally
from streams.power.waiting import NOW, WAKE, wake
from streams.power.window import newest, observations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.events import PowerEpisode, PowerEvent
    from streams.power.fleet import Fleet
    from streams.power.slot import Slot

SOON_S = 3600  # empty within this: revisions come more often
NEVER_S = 2**32 - 1
_STANDING = WAKE.size
_TALLY = _STANDING + Standing.form.size
_RUNWAY = _TALLY + Tally.form.size
_COMPANY = _RUNWAY + Runway.form.size


class OpenEpisode:
    """One pump that infuses on battery, or did a moment ago. Times in ms since 1970, those named _s in seconds."""

    __slots__ = ("_wake", "battery", "company", "fleet", "pump", "runway", "standing", "tally")

    def __init__(
        self,
        pump: str,
        fleet: Fleet,
        battery: Battery,
        standing: Standing,
        tally: Tally | None = None,
        runway: Runway | None = None,
        company: Company | None = None,
    ) -> None:
        self.pump = pump
        self.fleet = fleet
        self.battery = battery
        self.standing = standing
        self.tally = tally or Tally()
        self.runway = runway or Runway()
        self.company = company or Company()
        self._wake = NOW

    @classmethod
    def begun(cls, pump: str, place: int, start: int, fleet: Fleet, battery: Battery) -> OpenEpisode:
        """A new episode, that began at `start` at the place of this number."""
        check_s = (start + fleet.thresholds.grace) // 1000
        return cls(pump, fleet, battery, Standing(began_ms=start, place=place, grace_check_s=check_s))

    def hear(self, event: PowerEvent, observation: int, *, newest: bool) -> bool:
        """Take in an event; True if it is to be told at once: a change of state, or the pump's own alarm."""
        at, fleet, standing = observation >> AT_SHIFT, self.fleet, self.standing
        standing.test = standing.test or event.test
        active = observation & ACTIVE == ACTIVE
        alarm = event.kind in ALARMS
        if alarm:
            standing.low = True
            standing.depleted = standing.depleted or event.kind == "depleted"
        if active:
            self.company.hear(fleet.told.what(event), at)
        standing.heard_s = fleet.now_s
        again, standing.silent = standing.silent, False
        if not newest:
            return False
        scale = fleet.models.scale(event.model)
        standing.model = fleet.told.models.number(event.model)
        if active:
            charge = tenths(observation)
            if self.runway.charged(charge):
                self.runway = Runway()
            self.runway.hear(event, at // 1000, charge, self.battery, scale)
        elif self.runway.begun:
            told = self.runway.end(event, at // 1000, self.battery, scale)
            self.runway = Runway()
            if told is not None:
                fleet.discharged(event, at // 1000, self.battery, *told)
        changed = active != standing.active_told and standing.flips < self._flips_told
        return changed or again or alarm

    def at_fault(self, event: PowerEvent, charge: int) -> bool:
        """Whether an alarm at this charge (tenths) comes from a battery that holds too little."""
        return self.runway.faulty(event, charge, self.battery, self.fleet.models.scale(event.model))

    def rest(self, event: PowerEvent, clock: int, *, newest: bool) -> None:
        """Say until when heartbeats that say the same may wait to be looked at."""
        standing = self.standing
        if newest and standing.active_told and not self.tally.paused:
            self._wake = wake(event, clock, min(standing.due_s, standing.grace_check_s))
        else:
            self._wake = NOW

    def settle(self, observation: int) -> None:
        """Count an observation that no late one can precede any more."""
        heard_before = observation <= self.tally.last
        self.tally.add(observation, self._silence)
        if not heard_before:
            self.standing.leeway = False

    def settle_steady(self, settled: Sequence[int]) -> bool:
        """Count all of these at once if the pump was active all the time; nothing is counted, and False, if not."""
        heard_before = settled[-1] <= self.tally.last
        if not self.tally.add_steady(settled, self.fleet.thresholds.silence):
            return False
        if not heard_before:
            self.standing.leeway = False
        return True

    def trust(self) -> None:
        """No heartbeat was lost before the next event: what was not heard was not sent."""
        self.standing.leeway = False

    def over_by(self, at: int) -> bool:
        """Whether the settled observations end the episode if the next one is not before `at`."""
        return self.tally.over_by(at, self._silence, self.fleet.thresholds.pause)

    def revise(self, clock: int, window: bytes, *, urgent: bool) -> PowerEpisode | None:
        """The next revision if one is due.

        That is at once if urgent, or if the predicted end has moved; else by the age of the last one, or because
        grace has passed.
        """
        standing, thresholds, clock_s = self.standing, self.fleet.thresholds, clock // 1000
        outlook = self.runway.outlook(self.battery, self.scale)
        moved = self._empty_moved(outlook.at, clock_s)
        told = urgent or not standing.revision
        if not (told or moved or clock_s >= standing.due_s or clock_s >= standing.grace_check_s):
            return None
        active = is_active(newest(window))
        tally, over = self._provisional(window)
        if not told and not active:
            return None  # on mains: its end follows within minutes
        if over and standing.revision and not (urgent and active):
            return None  # its end follows too; a revision now would hide where the next episode began
        practice = tally.active_ms >= thresholds.grace
        if not (told or moved or clock_s >= standing.due_s or practice):
            standing.grace_check_s = (clock + thresholds.grace - tally.active_ms) // 1000
            return None
        soon = outlook.at and outlook.at - clock_s <= SOON_S
        standing.due_s = (clock + (thresholds.revise_soon if soon else thresholds.revise)) // 1000
        standing.grace_check_s = NEVER_S if practice else max(standing.grace_check_s, clock_s)
        standing.empty_told_s = outlook.at
        if standing.active_told != active:
            standing.flips = min(standing.flips + 1, 7)
        standing.active_told = active
        return revised(self, tally, clock if active else tally.paused or clock, outlook=outlook, end=0)

    def fall_silent(self, window: bytes, now_s: int, latest_s: int, still_s: int = 0) -> PowerEpisode | None:
        """A revision if nothing was heard of the pump for too long while it infused on battery.

        `latest_s`: when it was heard at the latest, by the clock of all; `still_s`: for so long after `now_s` nothing
        was heard of any pump.
        """
        standing, thresholds = self.standing, self.fleet.thresholds
        if not (standing.heard_s or still_s):
            standing.heard_s = now_s  # taken up after a restart: listen from now on
        last = newest(window) >> AT_SHIFT
        quiet_s = still_s
        if standing.heard_s:
            # By its own clock as far as that can be, and it was heard later than it was looked at.
            heard_s = max(standing.heard_s, min(self.runway.heard_s, latest_s))
            quiet_s += max(now_s - heard_s - self.runway.since(last // 1000), 0)
        if quiet_s * 1000 < thresholds.silent_after or not is_active(newest(window)):
            return None
        # By the pump's own clock, which may differ from the others'.
        at = last + quiet_s * 1000
        if standing.silent and at < standing.due_s * 1000:
            return None
        standing.silent = True
        standing.due_s = (at + thresholds.silent_again) // 1000
        tally, _ = self._provisional(window)
        outlook = self.runway.outlook(self.battery, self.scale)
        return revised(self, tally, at, outlook=outlook, end=0, silent_since=last)

    def close(self, clock: int) -> PowerEpisode:
        """The last revision: ended where the pump came back or stopped, or at its last word on battery."""
        return revised(self, self.tally, clock, outlook=NOTHING, end=self.tally.end)

    def successor(self, start: int) -> OpenEpisode:
        """The next episode of the pump, that began while the end of this one was still open."""
        before = self.standing
        following = OpenEpisode.begun(self.pump, before.place, start, self.fleet, self.battery)
        # A late event may have moved this episode to before its name; names of a pump only grow.
        following.standing.began_ms = max(start, before.began_ms + 1)
        following.standing.heard_s = before.heard_s
        following.standing.test = before.test
        following.standing.model = before.model
        following.company = self.company.since(start)
        following.runway = self.runway
        return following

    def packed(self) -> bytes:
        """All of it as bytes."""
        return b"".join(
            (self._wake, self.standing.packed(), self.tally.packed(), self.runway.packed(), self.company.packed)
        )

    @classmethod
    def unpacked(cls, packed: bytes, pump: str, fleet: Fleet, battery: Battery) -> OpenEpisode:
        """What `packed` gave."""
        self = cls(
            pump,
            fleet,
            battery,
            Standing.unpacked(packed, _STANDING),
            Tally.unpacked(packed, _TALLY),
            Runway.unpacked(packed, _RUNWAY),
            Company(packed[_COMPANY:]),
        )
        self._wake = packed[:_STANDING]
        return self

    @classmethod
    def kept_in(cls, slot: Slot, pump: str, fleet: Fleet) -> OpenEpisode:
        """The episode that is kept of a pump."""
        return cls.unpacked(slot.episode, pump, fleet, Battery.of(slot.battery))

    @property
    def scale(self) -> float:
        """Percent of a new battery of its model that a point is."""
        return self.fleet.models.scale(self.fleet.told.models[self.standing.model])

    def _provisional(self, window: bytes) -> tuple[Tally, bool]:
        """The figures with the window counted, up to where the episode seems to be over, and whether it does."""
        tally, silence = copy(self.tally), self._silence
        waiting = observations(window)
        if tally.add_steady(waiting, silence):
            return tally, False
        for observation in waiting:
            if tally.over_by(observation >> AT_SHIFT, silence, self.fleet.thresholds.pause):
                tally.paused = tally.end  # after a silence the last word is the end, unless a late event comes
                return tally, True
            tally.add(observation, silence)
        return tally, False

    def _empty_moved(self, empty_s: int, clock_s: int) -> bool:
        """Whether the predicted end has moved by enough to be told: far ahead, by a quarter of the time left."""
        told = self.standing.empty_told_s
        if not empty_s or not told:
            return empty_s != told
        shift = max(self.fleet.thresholds.empty_shift // 1000, (min(empty_s, told) - clock_s) // 4)
        return abs(empty_s - told) > shift

    @property
    def _silence(self) -> int:
        thresholds = self.fleet.thresholds
        return thresholds.silence + (thresholds.revise if self.standing.leeway else 0)

    @property
    def _flips_told(self) -> int:
        """How many changes between battery and mains are published at once; a loose cord has more."""
        return 2 * self.fleet.thresholds.loose_cord_returns
