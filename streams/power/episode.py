"""An open episode of one pump: what is settled, what is still provisional, and when a revision is due.

Observations wait in the pump's window for late ones; once older than the lateness they are settled, in order of
event time. Only settled observations end an episode, so its final figures do not depend on the order of arrival.
What a revision says before that is provisional: it counts the window too.

A revision is also what a restart goes on from: one with `paused_at` counts no minutes after it, and one at a later
time than its `paused_at` says that the pump is on battery again, perhaps in its next episode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.codec import from_ms, ms
from schemas.events import PowerEpisode
from streams.power.cause import cause_of
from streams.power.company import Company, Stretch
from streams.power.observation import ALARMS, AT_SHIFT, is_active, recalled, tenths
from streams.power.runway import Runway
from streams.power.settings import MINUTE
from streams.power.tally import Tally
from streams.power.window import newest, observations

if TYPE_CHECKING:
    from typing import Self

    from schemas.events import PowerEvent
    from streams.power.settings import Thresholds

SOON = 60 * MINUTE  # empty within this: revisions come more often
FOREVER = 2**62


class OpenEpisode:
    """One pump that infuses on battery, or did a moment ago. Times in ms since 1970."""

    __slots__ = (
        "_active_told",
        "_due",
        "_empty_told",
        "_episode",
        "_flips",
        "_grace_check",
        "_thresholds",
        "care_area",
        "company",
        "hospital",
        "leeway",
        "pump",
        "revision",
        "runway",
        "tally",
        "test",
    )

    def __init__(self, about: PowerEvent | OpenEpisode, start: int, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self.hospital: str = about.hospital
        self.care_area: str = about.care_area
        self.pump: str = about.pump
        self._episode = start
        self._due = self._empty_told = self._flips = 0
        self._active_told = True
        self._grace_check = start + thresholds.grace
        self.company = Company()
        self.runway = Runway()
        self.tally = Tally()
        self.leeway = 0
        self.revision = 0
        self.test: bool = about.test

    def hear(self, event: PowerEvent, observation: int, *, newest: bool) -> bool:
        """Take in an event; True if it is to be told at once: a change of state, or the pump's own alarm."""
        at = observation >> AT_SHIFT
        self.test = self.test or event.test
        active = is_active(observation)
        if active:
            self.company.hear(event, at)
        if not newest:
            return False
        if active:
            self.runway.hear(at, tenths(observation), event.kind)
        else:
            self.runway.reset()
        changed = active != self._active_told and self._flips < self._flips_told
        return changed or (active and event.kind in ALARMS)

    def settle(self, observation: int) -> None:
        """Count an observation that no late one can precede any more."""
        heard_before = observation <= self.tally.last
        self.tally.add(observation, self._thresholds.silence + self.leeway)
        if not heard_before:
            self.leeway = 0

    def over_by(self, at: int) -> bool:
        """Whether the settled observations end the episode if the next one is not before `at`."""
        return self.tally.over_by(at, self._thresholds.silence + self.leeway, self._thresholds.pause)

    def revise(self, clock: int, window: bytes, *, urgent: bool) -> PowerEpisode | None:
        """The next revision if one is due.

        That is at once if urgent, or if the predicted end has moved; else by the age of the last one, or because
        grace has passed.
        """
        told = urgent or not self.revision
        if not (told or clock >= self._due or clock >= self._grace_check or self._empty_moved()):
            return None
        active = is_active(newest(window))
        tally, over = self._provisional(window)
        if not told and not active:
            return None  # on mains: its end follows within minutes
        if over and self.revision and not (urgent and active):
            return None  # its end follows too; a revision now would hide where the next episode began
        practice = tally.active_ms >= self._thresholds.grace
        if not (told or clock >= self._due or practice or self._empty_moved()):
            self._grace_check = clock + self._thresholds.grace - tally.active_ms
            return None
        empty = self.runway.empty
        soon = empty and empty - clock <= SOON
        self._due = clock + (self._thresholds.revise_soon if soon else self._thresholds.revise)
        self._grace_check = FOREVER if practice else max(self._grace_check, clock)
        self._empty_told = empty
        self._flips += self._active_told != active
        self._active_told = active
        at = clock if active else tally.paused or clock
        return self._published(tally, at, empty=empty, end=0)

    def close(self, clock: int) -> PowerEpisode:
        """The last revision: ended where the pump came back or stopped, or at its last word on battery."""
        return self._published(self.tally, clock, empty=0, end=self.tally.end)

    def successor(self, about: PowerEvent | OpenEpisode, start: int) -> OpenEpisode:
        """The next episode of the pump, that began while the end of this one was still open."""
        following = OpenEpisode(about, start, self._thresholds)
        # A late event may have moved this episode to before its name; names of a pump only grow.
        following._episode = max(start, self._episode + 1)
        following.company = self.company.since(start)
        following.runway = self.runway
        return following

    @classmethod
    def resume(cls, published: PowerEpisode, thresholds: Thresholds) -> Self:
        """Go on from a published revision of an episode that was still open."""
        self = cls.__new__(cls)
        self._thresholds = thresholds
        self.hospital, self.care_area = published.hospital, published.care_area
        self.pump = published.pump
        self._episode = int(published.episode.rpartition("@")[2])
        clock, started = ms(published.at), ms(published.started_at)
        empty = ms(published.empty_at) if published.empty_at is not None else 0
        self._due = clock + thresholds.revise
        self._empty_told = empty
        self._flips = 0
        self._active_told = was_active(published)
        self._grace_check = FOREVER if published.minutes * MINUTE >= thresholds.grace else clock
        place = (published.care_area, None)
        stretches = [Stretch(started, clock, published.drugs, place)]
        if published.cause == "transport":
            stretches.append(Stretch(started, clock, None, ("", None)))  # it had moved, to where is not told
        self.company = Company(tuple(stretches))
        self.runway = Runway(empty)
        self.tally = tally = Tally()
        tally.started = started
        paused = ms(published.paused_at) if published.paused_at is not None else 0
        tally.last = recalled(paused or clock, published.charge_min, active=not paused)
        tally.active_ms = round(published.minutes * MINUTE)
        tally.charge_start = round(published.charge_start * 10)
        tally.charge_min = round(published.charge_min * 10)
        tally.paused = paused
        tally.paused_on_mains = bool(paused)
        tally.returns = thresholds.loose_cord_returns if published.cause == "loose_cord" else 0
        tally.fault = published.cause == "battery_fault"
        # Heartbeats between the revision and the restart are not read again: their silence proves nothing.
        self.leeway = thresholds.revise
        self.revision = published.revision
        self.test = published.test
        return self

    def _provisional(self, window: bytes) -> tuple[Tally, bool]:
        """The figures with the window counted, up to where the episode seems to be over, and whether it does."""
        tally = self.tally.copy()
        for observation in observations(window):
            if tally.over_by(observation >> AT_SHIFT, self._thresholds.silence + self.leeway, self._thresholds.pause):
                tally.paused = tally.end  # after a silence the last word is the end, unless a late event comes
                return tally, True
            tally.add(observation, self._thresholds.silence + self.leeway)
        return tally, False

    def _published(self, tally: Tally, at: int, *, empty: int, end: int) -> PowerEpisode:
        self.revision += 1
        last = end or at
        moved = self.company.moved(tally.started, last)
        episode = f"{self.pump}@{self._episode}"
        return PowerEpisode(
            id=f"{episode}/{self.revision}",
            hospital=self.hospital,
            care_area=self.care_area,
            pump=self.pump,
            at=from_ms(at),
            episode=episode,
            revision=self.revision,
            started_at=from_ms(tally.started),
            ended_at=from_ms(end) if end else None,
            # Five decimals are exact to the millisecond, so a restart loses nothing.
            minutes=round(tally.active_ms / MINUTE, 5),
            charge_start=tally.charge_start / 10,
            charge_min=tally.charge_min / 10,
            empty_at=from_ms(empty) if empty else None,
            drugs=self.company.drugs(tally.started, last),
            cause=cause_of(tally, self._thresholds, moved=moved, ended=bool(end and tally.paused)),
            paused_at=from_ms(tally.paused) if tally.paused and not end else None,
            test=self.test,
        )

    def _empty_moved(self) -> bool:
        empty, told = self.runway.empty, self._empty_told
        return empty != told and (not empty or not told or abs(empty - told) > self._thresholds.empty_shift)

    @property
    def _flips_told(self) -> int:
        """How many changes between battery and mains are published at once; a loose cord has more."""
        return 2 * self._thresholds.loose_cord_returns


def was_active(published: PowerEpisode) -> bool:
    """Whether the pump was infusing on battery at the time of a revision; after a pause it is then back again."""
    return published.ended_at is None and (published.paused_at is None or published.paused_at < published.at)
