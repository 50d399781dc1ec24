"""An open episode of one pump: what is settled, what is still provisional, and when a revision is due.

Observations wait in the pump's window for late ones; once older than the lateness they are settled, in order of
event time. Only settled observations end an episode, so its final figures do not depend on the order of arrival.
What a revision says before that is provisional: it counts the window too, and always speaks of this episode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.codec import from_ms, ms
from schemas.events import PowerEpisode
from streams.power.cause import cause_of
from streams.power.company import Company, Stretch
from streams.power.observation import ALARMS, AT_SHIFT, is_active, recalled, tenths
from streams.power.runway import MINUTE, Runway
from streams.power.tally import Tally
from streams.power.window import observations

if TYPE_CHECKING:
    from typing import Self

    from schemas.events import PowerEvent
    from streams.power.settings import PowerSettings

SOON = 60 * MINUTE  # empty within this: revisions come more often
FOREVER = 2**62


class OpenEpisode:
    """One pump that infuses on battery, or did a moment ago. Times in ms since 1970."""

    __slots__ = (
        "_due",
        "_empty_told",
        "_episode",
        "_flips",
        "_grace_check",
        "_paused_told",
        "_settings",
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

    def __init__(self, about: PowerEvent | OpenEpisode, start: int, settings: PowerSettings) -> None:
        self._settings = settings
        self.hospital: str = about.hospital
        self.care_area: str = about.care_area
        self.pump: str = about.pump
        self._episode = start
        self._due = self._empty_told = self._flips = 0
        self._paused_told = False
        self._grace_check = start + int(settings.grace_min * MINUTE)
        self.company = Company()
        self.runway = Runway()
        self.tally = Tally()
        self.leeway = 0
        self.revision = 0
        self.test: bool = about.test

    def hear(self, event: PowerEvent, observation: int, *, newest: bool) -> bool:
        """Take in an event; True if it is news that should be published at once."""
        at = observation >> AT_SHIFT
        self.test = self.test or event.test
        active = is_active(observation)
        if active:
            self.company.hear(event, at)
        if not newest:
            return False
        if not active:
            self.runway.reset()
            return not self._paused_told and self._flips < self._flips_told
        self.runway.hear(at, tenths(observation), event.kind)
        if self._paused_told and self._flips < self._flips_told:
            return True
        empty = self.runway.empty
        shift = self._settings.empty_shift_min * MINUTE
        return event.kind in ALARMS or (
            empty != self._empty_told and (not empty or not self._empty_told or abs(empty - self._empty_told) > shift)
        )

    def settle(self, observation: int) -> None:
        """Count an observation that no late one can precede any more."""
        heard_before = observation <= self.tally.last
        self.tally.add(observation, self._silence + self.leeway)
        if not heard_before:
            self.leeway = 0

    def over_by(self, at: int) -> bool:
        """Whether the settled observations end the episode if the next one is not before `at`."""
        return self.tally.over_by(at, self._silence + self.leeway, int(self._settings.pause_s * 1000))

    def due(self, clock: int, window: bytes) -> bool:
        """Whether a revision is due at the pump's clock, for its age or because grace has passed."""
        if clock >= self._due or not self.revision:
            return True
        if clock >= self._grace_check:
            grace = int(self._settings.grace_min * MINUTE)
            active_ms = self._provisional(window).active_ms
            if active_ms >= grace:
                return True
            self._grace_check = clock + grace - active_ms
        return False

    def publish(self, clock: int, window: bytes) -> PowerEpisode:
        """The next revision while the end is open."""
        tally = self._provisional(window)
        empty = 0 if tally.paused else self.runway.empty
        soon = empty and empty - clock <= SOON
        self._due = clock + int((self._settings.revise_soon_min if soon else self._settings.revise_min) * MINUTE)
        self._empty_told = empty
        self._flips += self._paused_told != bool(tally.paused)
        self._paused_told = bool(tally.paused)
        if tally.active_ms >= self._settings.grace_min * MINUTE:
            self._grace_check = FOREVER
        return self._revise(tally, clock, empty=empty, end=0)

    def close(self, clock: int) -> PowerEpisode:
        """The last revision: ended where the pump came back or stopped, or at its last word on battery."""
        return self._revise(self.tally, clock, empty=0, end=self.tally.end)

    def successor(self, about: PowerEvent | OpenEpisode, start: int) -> OpenEpisode:
        """The next episode of the pump, that began while the end of this one was still open."""
        following = OpenEpisode(about, start, self._settings)
        following.company = self.company.since(start)
        following.runway = self.runway
        return following

    @classmethod
    def resume(cls, published: PowerEpisode, settings: PowerSettings) -> Self:
        """Go on from a published revision of an episode that was still open."""
        self = cls.__new__(cls)
        self._settings = settings
        self.hospital, self.care_area = published.hospital, published.care_area
        self.pump = published.pump
        self._episode = int(published.episode.rpartition("@")[2])
        clock, started = ms(published.at), ms(published.started_at)
        empty = ms(published.empty_at) if published.empty_at is not None else 0
        self._due = clock + int(settings.revise_min * MINUTE)
        self._empty_told = empty
        self._flips = 0
        self._paused_told = published.paused_at is not None
        self._grace_check = FOREVER if published.minutes >= settings.grace_min else clock
        place = (published.care_area, None)
        stretches = [Stretch(started, clock, published.drugs, place)]
        if published.cause == "transport":
            stretches.append(Stretch(started, clock, None, ("", None)))  # it had moved, to where is not told
        self.company = Company(tuple(stretches))
        self.runway = Runway(empty)
        self.tally = tally = Tally()
        tally.started = started
        tally.last = recalled(clock, published.charge_min, active=published.paused_at is None)
        tally.active_ms = round(published.minutes * MINUTE)
        tally.charge_start = round(published.charge_start * 10)
        tally.charge_min = round(published.charge_min * 10)
        tally.paused = ms(published.paused_at) if published.paused_at is not None else 0
        tally.returns = settings.loose_cord_returns if published.cause == "loose_cord" else 0
        tally.fault = published.cause == "battery_fault"
        # Heartbeats between the revision and the restart are not read again: their silence proves nothing.
        self.leeway = int(settings.revise_min * MINUTE)
        self.revision = published.revision
        self.test = published.test
        return self

    def _provisional(self, window: bytes) -> Tally:
        tally = self.tally.copy()
        for observation in observations(window):
            tally.add(observation, self._silence + self.leeway)
        return tally

    def _revise(self, tally: Tally, clock: int, *, empty: int, end: int) -> PowerEpisode:
        self.revision += 1
        last = end or clock
        moved = self.company.moved(tally.started, last)
        episode = f"{self.pump}@{self._episode}"
        return PowerEpisode(
            id=f"{episode}/{self.revision}",
            hospital=self.hospital,
            care_area=self.care_area,
            pump=self.pump,
            at=from_ms(clock),
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
            cause=cause_of(tally, self._settings, moved=moved, ended=bool(end and tally.paused)),
            paused_at=from_ms(tally.paused) if tally.paused and not end else None,
            test=self.test,
        )

    @property
    def _flips_told(self) -> int:
        """How many changes between battery and mains are published at once; a loose cord has more."""
        return 2 * self._settings.loose_cord_returns

    @property
    def _silence(self) -> int:
        return int(self._settings.silence_min * MINUTE)
