"""An open episode of one pump: what is settled, what is still provisional, and when a revision is due.

Observations wait in the pump's window for late ones; once older than the lateness they are settled, in order of
event time. Only settled observations end an episode, so its final figures do not depend on the order of arrival.
What a revision says before that is provisional: it counts the window too.

A revision is also what a restart goes on from: one with `paused_at` counts no minutes after it, and one at a later
time than its `paused_at` says that the pump is on battery again, perhaps in its next episode.

Between two events an episode is bytes (`packed`), because a hundred thousand pumps may have one each.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from schemas.codec import from_ms, ms
from schemas.events import PowerEpisode
from streams.power.cause import cause_of
from streams.power.company import Company, Stretch, what_was
from streams.power.health import health_of
from streams.power.observation import ALARMS, AT_SHIFT, is_active, recalled, tenths
from streams.power.runway import NOTHING, RUNWAY_BYTES, Runway
from streams.power.settings import MINUTE
from streams.power.tally import TALLY_BYTES, Tally
from streams.power.window import newest, observations

if TYPE_CHECKING:
    from typing import Self

    from schemas.events import BatteryHealth, PowerEvent
    from streams.power.battery import Battery
    from streams.power.fleet import Fleet
    from streams.power.runway import Outlook

SOON_S = 3600  # empty within this: revisions come more often
FOREVER = 2**62
NEVER_S = 2**32 - 1
WAKE = Struct("<IIH")  # until when heartbeats say nothing new, if the pump runs as (hash) before, and the charge then
_PACK = Struct("<QIIIIIHHH")
HEARD_PLACE = WAKE.size + 20  # where `heard_s` stands
REST_S = 200  # heartbeats are looked at as often as this: an outlook moves slower
_TEST, _ACTIVE_TOLD, _LEEWAY, _SILENT, _LOW, _DEPLETED = 1, 2, 4, 8, 16, 32
_FLIPS_SHIFT = 6  # the upper bits count flips
NO_MODEL = 0
NOW = WAKE.pack(0, 0, 0)


class OpenEpisode:
    """One pump that infuses on battery, or did a moment ago. Times in ms since 1970, those named _s in seconds."""

    __slots__ = (
        "_active_told",
        "_depleted",
        "_due_s",
        "_empty_told_s",
        "_episode",
        "_fleet",
        "_flips",
        "_grace_check_s",
        "_leeway",
        "_low",
        "_model",
        "_place",
        "_wake",
        "battery",
        "company",
        "heard_s",
        "pump",
        "revision",
        "runway",
        "silent",
        "tally",
        "test",
    )

    def __init__(self, pump: str, place: int, start: int, fleet: Fleet, battery: Battery) -> None:
        self._fleet = fleet
        self._place = place
        self.pump = pump
        self.battery = battery
        self._episode = start
        self._due_s = self._empty_told_s = self._flips = 0
        self._active_told = True
        self._grace_check_s = (start + fleet.thresholds.grace) // 1000
        self._leeway = self._low = self._depleted = False
        self._model = NO_MODEL
        self.company = Company()
        self.runway = Runway()
        self.tally = Tally()
        self._wake = NOW
        self.heard_s = 0
        self.silent = False
        self.revision = 0
        self.test = False

    def hear(self, event: PowerEvent, observation: int, *, newest: bool) -> bool:
        """Take in an event; True if it is to be told at once: a change of state, or the pump's own alarm."""
        at = observation >> AT_SHIFT
        self.test = self.test or event.test
        active = is_active(observation)
        if event.kind in ALARMS:
            self._low = True
            self._depleted = self._depleted or event.kind == "depleted"
        if active:
            self.company.hear(self._fleet.told.what(event), at)
        self.heard_s = self._fleet.now_s
        again, self.silent = self.silent, False
        if not newest:
            return False
        scale = self._fleet.models.scale(event.model)
        self._model = self._fleet.told.models.number(event.model)
        if active:
            self.runway.hear(event, at // 1000, tenths(observation), self.battery, scale)
        else:
            told = self.runway.end(event, at // 1000, self.battery, scale)
            if told is not None:
                self._fleet.discharged(event, at // 1000, self.battery, *told)
        changed = active != self._active_told and self._flips < self._flips_told
        return changed or again or event.kind in ALARMS

    def at_fault(self, event: PowerEvent, charge: int) -> bool:
        """Whether an alarm at this charge (tenths) comes from a battery that holds too little."""
        return self.runway.faulty(event, charge, self.battery, self._fleet.models.scale(event.model))

    def rest(self, event: PowerEvent, clock: int, *, newest: bool) -> None:
        """Say until when heartbeats that say the same may wait to be looked at."""
        if newest and self._active_told and not self.tally.paused:
            wake_s = min(self._due_s, self._grace_check_s, clock // 1000 + REST_S)
            self._wake = WAKE.pack(wake_s, running_as(event), int(event.charge_pct * 10 + 0.5))
        else:
            self._wake = NOW

    def settle(self, observation: int) -> None:
        """Count an observation that no late one can precede any more."""
        heard_before = observation <= self.tally.last
        self.tally.add(observation, self._silence)
        if not heard_before:
            self._leeway = False

    def trust(self) -> None:
        """No heartbeat was lost before the next event: what was not heard was not sent."""
        self._leeway = False

    def over_by(self, at: int) -> bool:
        """Whether the settled observations end the episode if the next one is not before `at`."""
        return self.tally.over_by(at, self._silence, self._fleet.thresholds.pause)

    def revise(self, clock: int, window: bytes, *, urgent: bool) -> PowerEpisode | None:
        """The next revision if one is due.

        That is at once if urgent, or if the predicted end has moved; else by the age of the last one, or because
        grace has passed.
        """
        clock_s = clock // 1000
        outlook = self.runway.outlook(self.battery, self._scale)
        moved = self._empty_moved(outlook.at, clock_s)
        told = urgent or not self.revision
        if not (told or moved or clock_s >= self._due_s or clock_s >= self._grace_check_s):
            return None
        active = is_active(newest(window))
        tally, over = self._provisional(window)
        if not told and not active:
            return None  # on mains: its end follows within minutes
        if over and self.revision and not (urgent and active):
            return None  # its end follows too; a revision now would hide where the next episode began
        practice = tally.active_ms >= self._fleet.thresholds.grace
        if not (told or moved or clock_s >= self._due_s or practice):
            self._grace_check_s = (clock + self._fleet.thresholds.grace - tally.active_ms) // 1000
            return None
        soon = outlook.at and outlook.at - clock_s <= SOON_S
        thresholds = self._fleet.thresholds
        self._due_s = (clock + (thresholds.revise_soon if soon else thresholds.revise)) // 1000
        self._grace_check_s = NEVER_S if practice else max(self._grace_check_s, clock_s)
        self._empty_told_s = outlook.at
        if self._active_told != active:
            self._flips = min(self._flips + 1, 7)
        self._active_told = active
        at = clock if active else tally.paused or clock
        return self._published(tally, at, outlook=outlook, end=0)

    def fall_silent(self, window: bytes, now_s: int) -> PowerEpisode | None:
        """A revision if nothing was heard of the pump for too long while it infused on battery."""
        thresholds = self._fleet.thresholds
        if not self.heard_s:
            self.heard_s = now_s  # taken up after a restart: listen from now on
        last = newest(window) >> AT_SHIFT
        # It was heard later than it was looked at, by its own clock.
        quiet_s = now_s - self.heard_s - self.runway.since(last // 1000)
        if quiet_s * 1000 < thresholds.silent_after or not is_active(newest(window)):
            return None
        # By the pump's own clock, which may differ from the others'.
        at = last + quiet_s * 1000
        if self.silent and at < self._due_s * 1000:
            return None
        self.silent = True
        self._due_s = (at + thresholds.silent_again) // 1000
        tally, _ = self._provisional(window)
        outlook = self.runway.outlook(self.battery, self._scale)
        return self._published(tally, at, outlook=outlook, end=0, silent_since=last)

    def close(self, clock: int) -> PowerEpisode:
        """The last revision: ended where the pump came back or stopped, or at its last word on battery."""
        return self._published(self.tally, clock, outlook=NOTHING, end=self.tally.end)

    def successor(self, start: int) -> OpenEpisode:
        """The next episode of the pump, that began while the end of this one was still open."""
        # A late event may have moved this episode to before its name; names of a pump only grow.
        following = OpenEpisode(self.pump, self._place, start, self._fleet, self.battery)
        following._episode = max(start, self._episode + 1)
        following.company = self.company.since(start)
        following.runway = self.runway
        following.heard_s = self.heard_s
        following.test = self.test
        following._model = self._model
        return following

    @classmethod
    def resume(cls, published: PowerEpisode, fleet: Fleet, battery: Battery) -> Self:
        """Go on from a published revision of an episode that was still open."""
        thresholds = fleet.thresholds
        clock, started = ms(published.at), ms(published.started_at)
        place = fleet.told.places.number((published.hospital, published.care_area))
        self = cls(published.pump, place, int(published.episode.rpartition("@")[2]), fleet, battery)
        empty = ms(published.empty_at) if published.empty_at is not None else 0
        self._due_s = (clock + thresholds.revise) // 1000
        self._empty_told_s = empty // 1000
        self._active_told = was_active(published)
        self._grace_check_s = NEVER_S if published.minutes * MINUTE >= thresholds.grace else clock // 1000
        drugs = [fleet.told.drugs.number(drug) for drug in published.drugs]
        stretches = [Stretch(started, clock, what_was(place, 0, drugs))]
        if published.cause == "transport":  # it had moved, to where is lost
            stretches += [Stretch(started, clock, what_was(place, where, ())) for where in (1, 2)]
        self.company = Company.of(stretches)
        self.runway.resume(empty // 1000)
        tally = self.tally
        tally.started = started
        paused = ms(published.paused_at) if published.paused_at is not None else 0
        spoke = ms(published.silent_since) if published.silent_since is not None else clock
        tally.last = recalled(paused or spoke, published.charge_min, active=not paused)
        tally.active_ms = round(published.minutes * MINUTE)
        tally.charge_start = round(published.charge_start * 10)
        tally.charge_min = round(published.charge_min * 10)
        tally.paused = paused
        tally.paused_on_mains = bool(paused)
        tally.returns = thresholds.loose_cord_returns if published.cause == "loose_cord" else 0
        tally.fault = published.cause == "battery_fault"
        # Heartbeats between the revision and the restart are not read again: their silence proves nothing.
        self._leeway = True
        self.silent = published.silent_since is not None
        self._low, self._depleted = published.low_alarm, published.depleted
        self._model = fleet.told.models.number(published.model or "")
        self.revision = published.revision
        self.test = published.test
        return self

    def packed(self) -> bytes:
        """All of it as bytes."""
        flags = (
            (_TEST if self.test else 0)
            | (_ACTIVE_TOLD if self._active_told else 0)
            | (_LEEWAY if self._leeway else 0)
            | (_SILENT if self.silent else 0)
            | (_LOW if self._low else 0)
            | (_DEPLETED if self._depleted else 0)
            | self._flips << _FLIPS_SHIFT
        )
        head = _PACK.pack(
            self._episode,
            self._due_s,
            self._empty_told_s,
            self._grace_check_s,
            self.heard_s,
            self.revision,
            self._model,
            self._place,
            flags,
        )
        return self._wake + head + self.tally.packed() + self.runway.packed() + self.company.packed

    @classmethod
    def unpacked(cls, packed: bytes, pump: str, fleet: Fleet, battery: Battery) -> Self:
        """What `packed` gave."""
        self = cls.__new__(cls)
        self._fleet, self.pump, self.battery = fleet, pump, battery
        (
            self._episode,
            self._due_s,
            self._empty_told_s,
            self._grace_check_s,
            self.heard_s,
            self.revision,
            self._model,
            self._place,
            flags,
        ) = _PACK.unpack_from(packed, WAKE.size)
        self._wake = packed[: WAKE.size]
        self.test = bool(flags & _TEST)
        self._active_told = bool(flags & _ACTIVE_TOLD)
        self._leeway = bool(flags & _LEEWAY)
        self.silent = bool(flags & _SILENT)
        self._low = bool(flags & _LOW)
        self._depleted = bool(flags & _DEPLETED)
        self._flips = flags >> _FLIPS_SHIFT
        place = WAKE.size + _PACK.size
        self.tally = Tally.unpacked(packed, place)
        self.runway = Runway.unpacked(packed, place + TALLY_BYTES)
        self.company = Company(packed[place + TALLY_BYTES + RUNWAY_BYTES :])
        return self

    def _provisional(self, window: bytes) -> tuple[Tally, bool]:
        """The figures with the window counted, up to where the episode seems to be over, and whether it does."""
        tally = self.tally.copy()
        for observation in observations(window):
            if tally.over_by(observation >> AT_SHIFT, self._silence, self._fleet.thresholds.pause):
                tally.paused = tally.end  # after a silence the last word is the end, unless a late event comes
                return tally, True
            tally.add(observation, self._silence)
        return tally, False

    def _published(self, tally: Tally, at: int, *, outlook: Outlook, end: int, silent_since: int = 0) -> PowerEpisode:
        fleet = self._fleet
        self.revision += 1
        last = end or at
        hospital, care_area = unit = fleet.told.places[self._place]
        back = end if end and tally.paused else tally.paused
        fleet.losses.note(unit, self.pump, tally.started, back)
        episode = f"{self.pump}@{self._episode}"
        cause = cause_of(
            tally,
            fleet.thresholds,
            moved=self.company.moved(tally.started, last),
            failed=fleet.losses.failed(unit, self.pump, tally.started, back),
            ended=bool(end and tally.paused),
        )
        return PowerEpisode(
            id=f"{episode}/{self.revision}",
            hospital=hospital,
            care_area=care_area,
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
            empty_at=from_ms(outlook.at * 1000) if outlook.at else None,
            drugs=self.company.drugs(tally.started, last, fleet.told.drugs),
            cause=cause,
            paused_at=from_ms(tally.paused) if tally.paused and not end else None,
            empty_from=from_ms(outlook.earliest * 1000) if outlook.at else None,
            empty_to=from_ms(outlook.latest * 1000) if outlook.at else None,
            silent_since=from_ms(silent_since) if silent_since else None,
            model=fleet.told.models[self._model] or None,
            low_alarm=self._low,
            depleted=self._depleted,
            battery=self._health(last=bool(end)),
            test=self.test,
        )

    def _health(self, *, last: bool) -> BatteryHealth | None:
        """The verdict on the battery: with the last revision, and as soon as it is worn."""
        if not (last or self.battery.learned):
            return None
        health = health_of(self.battery, self._scale)
        return health if last or health.verdict == "degraded" else None

    def _empty_moved(self, empty_s: int, clock_s: int) -> bool:
        """Whether the predicted end has moved by enough to be told: far ahead, by a quarter of the time left."""
        told = self._empty_told_s
        if not empty_s or not told:
            return empty_s != told
        shift = max(self._fleet.thresholds.empty_shift // 1000, (min(empty_s, told) - clock_s) // 4)
        return abs(empty_s - told) > shift

    @property
    def _scale(self) -> float:
        return self._fleet.models.scale(self._fleet.told.models[self._model])

    @property
    def _silence(self) -> int:
        thresholds = self._fleet.thresholds
        return thresholds.silence + (thresholds.revise if self._leeway else 0)

    @property
    def _flips_told(self) -> int:
        """How many changes between battery and mains are published at once; a loose cord has more."""
        return 2 * self._fleet.thresholds.loose_cord_returns


def running_as(event: PowerEvent) -> int:
    """A hash of where a pump is and what it runs: as long as it stays the same, heartbeats tell only of the charge."""
    told = (event.care_area, event.location, event.rate_ml_h, event.channels_running, *(event.drugs or ()))
    return hash(told) & NEVER_S


def was_active(published: PowerEpisode) -> bool:
    """Whether the pump was infusing on battery at the time of a revision; after a pause it is then back again."""
    return published.ended_at is None and (published.paused_at is None or published.paused_at < published.at)
