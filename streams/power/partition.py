"""The power side of one partition: every pump's last few minutes, its battery, and its episode if it has one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from schemas.codec import EventRefused, ms
from streams.power import window as windows
from streams.power.battery import Battery
from streams.power.clock import FleetClock
from streams.power.episode import FOREVER, HEARD_PLACE, WAKE, OpenEpisode, running_as, was_active
from streams.power.fleet import Fleet
from streams.power.infusing import InfusingMinutes
from streams.power.observation import (
    ACTIVE,
    ALARMS,
    AT_SHIFT,
    FAULT,
    LATEST_MS,
    SIZE,
    is_active,
    observe,
    recalled,
    tenths,
)
from streams.power.settings import PowerSettings, Thresholds
from streams.power.slot import EPISODE, HEAD, OPEN, REST, SEQ_UNKNOWN, Slot, highest_seq, parted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from schemas.events import BatteryHealth, PowerEpisode, PowerEvent
    from streams.power.losses import UnitLosses

# All pumps are looked at once in so much event time: whether they have fallen silent.
ROUND_S = 60
TIDY_S = 3600  # so often pumps that have left are forgotten
# The clock takes the time of every event of a small partition, and of a share of those of a large one: as many a
# round as before.
CLOCK_SHARE = 256
# In observations (see there): what a pump infused is added up whenever so much time, nearly nine minutes, begins.
STEP = 2**19 << AT_SHIFT
# A slot may grow to so many bytes before it is cut to what is needed.
_LONG = HEAD.size + 48 * SIZE
FELL = 20  # tenths by which a gauge may fall before it is looked at
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class PowerPartition:
    """Follows the pumps of one partition.

    What is published about a pump depends on that pump's events alone, with these exceptions: that it fell silent is
    told by the clock of the partition's other pumps; a pump not heard of for `memory_h` of that clock leaves memory,
    which closes its episode at its last word; a power failure of a unit shows in several pumps at once (`losses`, to
    which the worker adds what other partitions published); and what is usual for a model comes from all pumps of it.
    """

    def __init__(self, settings: PowerSettings | None = None, losses: UnitLosses | None = None) -> None:
        self._thresholds = Thresholds(settings or PowerSettings())
        self._fleet = Fleet(self._thresholds, losses)
        self._slots: dict[str, bytes] = {}
        self._resumed: dict[str, int] = {}
        self._batteries: dict[str, bytes] = {}  # of pumps not heard of since a restart
        self._clock = FleetClock()
        self._swept_s = self._tidied_s = 0
        self._applied = False
        self._unheard = self._offset = 0
        self._silence_s = self._thresholds.silence // 1000
        self._sweep: Iterator[str] = iter(())
        self.infusing = InfusingMinutes()

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def open_episodes(self) -> int:
        """How many episodes have not ended."""
        return sum(slot[0] & OPEN for slot in self._slots.values())

    def apply(self, event: PowerEvent, offset: int) -> list[PowerEpisode]:
        """The episode revisions that an event leads to, in order.

        Raises EventRefused: `duplicate` if this event was just seen, `late` if it is older than the pump's newest
        by more than `lateness_s`, `clock` if its time cannot be. After `restore`, an event up to the offset that
        the pump's last revision comes from is only read again: it leads to nothing.
        """
        pump = event.pump
        self._offset = offset
        if self._resumed and self._read_again(pump, offset):
            return []
        at = (event.at - EPOCH) // MILLISECOND
        if not 0 < at < LATEST_MS:
            raise EventRefused("clock", f"field `at`: {event.at.isoformat()} cannot be; set the pump's clock")
        observation = observe(event, at)
        entry = observation.to_bytes(SIZE, "big")
        revisions: list[PowerEpisode] = []
        slot = self._slots.get(pump)
        if slot is not None and goes_on(event, observation, entry, slot):
            self._slots[pump] = slot + entry
        elif observation & ACTIVE == ACTIVE or not self._rests(event, observation, entry, slot):
            self._followed(event, observation, slot, revisions)
        self._unheard -= 1
        if self._unheard <= 0:
            self._unheard = len(self._slots) // CLOCK_SHARE
            if self._clock.hear(at):
                self._look_round(revisions)
        return revisions

    def restore(self, published: Iterable[tuple[PowerEpisode, int]]) -> None:
        """Go on from published revisions in their order, each with the offset of the record it comes from.

        A revision tells one episode of a pump. An episode that began before the one in front of it was settled
        (within `lateness_s` and `pause_s` of its end) may therefore be known only from its next event on.
        """
        for revision, offset in published:
            pump = revision.pump
            self._resumed[pump] = max(offset, self._resumed.get(pump, -1))
            known = self._slots.get(pump)
            battery = parted(known).battery if known is not None else b""
            if revision.battery is not None:
                battery = Battery.recalled(revision.battery).packed()
            episode = b""
            if revision.ended_at is None:
                episode = OpenEpisode.resume(revision, self._fleet, Battery.unpacked(battery)).packed()
            last = revision.silent_since or revision.at
            window = recalled(ms(last), revision.charge_min, active=was_active(revision)).to_bytes(SIZE, "big")
            self._slots[pump] = Slot(SEQ_UNKNOWN, 0, battery, episode, window).packed()

    def remember(self, pump: str, health: BatteryHealth) -> None:
        """Take up what was published of a battery before a restart, unless its own episodes told more already."""
        known = self._slots.get(pump)
        slot = parted(known) if known is not None else None
        if slot is None:
            self._batteries[pump] = Battery.recalled(health).packed()
        elif not slot.battery:
            self._slots[pump] = slot._replace(battery=Battery.recalled(health).packed()).packed()

    def _read_again(self, pump: str, offset: int) -> bool:
        if not self._applied:
            self._applied = True
            self._trust_from(offset)
        return offset <= self._resumed.get(pump, -1)

    def _trust_from(self, first_offset: int) -> None:
        """Expect no silence where nothing was lost: records before `first_offset` are not read again."""
        for pump, offset in self._resumed.items():
            slot = parted(self._slots[pump])
            if slot.episode and offset + 1 >= first_offset:
                episode = OpenEpisode.unpacked(slot.episode, pump, self._fleet, Battery.unpacked(slot.battery))
                episode.trust()
                self._slots[pump] = slot._replace(episode=episode.packed()).packed()

    def _rests(self, event: PowerEvent, observation: int, entry: bytes, slot: bytes | None) -> bool:
        """Take an event of a pump without an episode, if it is its newest and no alarm; False if it is not so."""
        if slot is None:
            if self._batteries:
                return False
            self._slots[event.pump] = HEAD.pack(0, event.seq, (observation >> AT_SHIFT) // 1000) + entry
            return True
        if slot[0] & OPEN or slot[-SIZE:] >= entry or event.kind in ALARMS:
            return False
        before = int.from_bytes(slot[-SIZE:], "big")
        flags, _, since_s = HEAD.unpack_from(slot)
        if before & ACTIVE != observation & ACTIVE or before ^ observation >= STEP:
            since_s = self._ran(event, before, since_s, (observation >> AT_SHIFT) // 1000)
        start = REST[flags]
        window = windows.trimmed(slot[start:], (observation >> AT_SHIFT) - self._thresholds.lateness)
        self._slots[event.pump] = HEAD.pack(flags, event.seq, since_s) + slot[HEAD.size : start] + window + entry
        return True

    def _ran(self, event: PowerEvent, before: int, since_s: int, at_s: int) -> int:
        """Add up what the pump infused until now, or until it was heard last; from when on it is to be added next."""
        before_s = (before >> AT_SHIFT) // 1000
        until_s = at_s if at_s - before_s <= self._silence_s else before_s
        self.infusing.add(event, self._offset, before, (since_s or before_s, until_s))
        return at_s

    def _followed(
        self, event: PowerEvent, observation: int, packed: bytes | None, revisions: list[PowerEpisode]
    ) -> None:
        """Take any event: end what is over, publish what is due, keep what is needed."""
        pump, at = event.pump, observation >> AT_SHIFT
        fleet, lateness = self._fleet, self._thresholds.lateness
        fleet.now_s = self._clock.now // 1000
        slot = self._taken_up(event, at, packed, revisions)
        since_s, window, battery, episode = slot.since_s, slot.window, Battery.unpacked(slot.battery), None
        if slot.episode:
            episode = OpenEpisode.unpacked(slot.episode, pump, fleet, battery)
        clock, highest = at, SEQ_UNKNOWN
        if window:
            before = windows.newest(window)
            clock, highest = max(at, before >> AT_SHIFT), highest_seq(slot.seq, before)
            if observation > before and ((before ^ observation) & ACTIVE or before ^ observation >= STEP):
                since_s = self._ran(event, before, since_s, at // 1000)
        if episode is None and is_active(observation):
            place = fleet.told.places.number((event.hospital, event.care_area))
            episode = OpenEpisode(pump, place, at, fleet, battery)
        if event.kind in ALARMS:
            observation = self._judged(event, observation, window, episode)
        window = windows.placed(window, observation, pump)
        newest = observation == windows.newest(window)
        seq = event.seq if newest or highest == SEQ_UNKNOWN else highest
        if episode is None:
            window = windows.trimmed(window, clock - lateness)
        else:
            urgent = episode.hear(event, observation, newest=newest)
            episode, window = self._settled(episode, window, clock - lateness, clock, revisions)
            revision = episode.revise(clock, window, urgent=urgent) if episode is not None else None
            if revision is not None:
                revisions.append(revision)
        kept = b""
        if episode is not None:
            episode.rest(event, clock, newest=newest)
            kept = episode.packed()
        self._slots[pump] = Slot(seq, since_s, battery.packed_if_known(), kept, window).packed()

    def _taken_up(self, event: PowerEvent, at: int, packed: bytes | None, revisions: list[PowerEpisode]) -> Slot:
        """What is kept of the pump; if its clock was set back, only its battery, and its episode has ended.

        Raises EventRefused if the event is only late: its seq is not new.
        """
        if packed is None:
            return Slot(SEQ_UNKNOWN, at // 1000, self._batteries.pop(event.pump, b""), b"", b"")
        slot = parted(packed)
        newest = windows.newest(slot.window)
        clock = newest >> AT_SHIFT
        if clock - at <= self._thresholds.lateness:
            return slot
        highest = highest_seq(slot.seq, newest)
        if highest != SEQ_UNKNOWN and event.seq <= highest:
            raise EventRefused(
                "late",
                f"field `at`: {(clock - at) / 60_000:,.0f} min older than the newest event of pump {event.pump}, "
                f"too late to count; send events within {self._thresholds.lateness / 60_000:g} min, or set its clock",
            )
        if slot.episode:
            episode = OpenEpisode.unpacked(slot.episode, event.pump, self._fleet, Battery.unpacked(slot.battery))
            self._settled(episode, slot.window, FOREVER, clock, revisions)
        return Slot(SEQ_UNKNOWN, at // 1000, slot.battery, b"", b"")

    def _judged(self, event: PowerEvent, observation: int, window: bytes, episode: OpenEpisode | None) -> int:
        """The observation of an alarm, flagged if the battery is at fault."""
        if any(known | FAULT == observation | FAULT for known in windows.observations(window)):
            raise EventRefused("duplicate", f"field `id`: this event of pump {event.pump} came before; send it once")
        at_fault = episode is not None and episode.at_fault(event, tenths(observation))
        return observation | FAULT if at_fault else observation

    def _settled(
        self, episode: OpenEpisode, window: bytes, horizon: int, clock: int, revisions: list[PowerEpisode]
    ) -> tuple[OpenEpisode | None, bytes]:
        """Settle what is older than `horizon`; the episode that goes on, if any, and what the window keeps."""
        kept = windows.trimmed(window, horizon) if horizon < FOREVER else b""
        current: OpenEpisode | None = episode
        for observation in windows.observations(window[: len(window) - len(kept)]):
            at = observation >> AT_SHIFT
            if current is not None and current.over_by(at):
                revisions.append(current.close(clock))
                current = None
            if current is None and is_active(observation):
                current = episode = episode.successor(at)
            if current is not None:
                current.settle(observation)
        if current is not None and current.over_by(horizon):
            revisions.append(current.close(clock))
            current = None
        if current is None and (start := windows.first_active(kept)):
            current = episode.successor(start >> AT_SHIFT)
        return current, kept

    def _look_round(self, revisions: list[PowerEpisode]) -> None:
        """Look at the next pumps of the round: whether they have fallen silent; now and then: who has left."""
        now_s = self._clock.before // 1000
        passed = min(now_s - self._swept_s, ROUND_S)
        share = len(self._slots) * passed // ROUND_S
        if share == 0:
            return
        self._swept_s = now_s
        pumps = list(islice(self._sweep, share))
        if len(pumps) < share:
            self._sweep = iter(list(self._slots))
            pumps += islice(self._sweep, share - len(pumps))
        slots = self._slots
        for pump in [pump for pump in pumps if pump in slots and slots[pump][0] & OPEN]:
            if self._quiet(slots[pump], now_s):
                self._listen(pump, slots[pump], now_s, revisions)
        if now_s >= self._tidied_s + TIDY_S:
            self._tidied_s = now_s
            oldest = max(self._clock.now - self._thresholds.memory, 0) << AT_SHIFT
            gone = oldest.to_bytes(SIZE, "big")
            for pump in [pump for pump, packed in slots.items() if packed[-SIZE:] < gone]:
                self._forget(pump, slots[pump], revisions)

    def _quiet(self, packed: bytes, now_s: int) -> bool:
        """Whether it is worth a look if the pump fell silent."""
        heard_s = int.from_bytes(packed[(place := EPISODE[packed[0]] + HEARD_PLACE) : place + 4], "little")
        return not heard_s or (now_s - heard_s) * 1000 >= self._thresholds.silent_after

    def _listen(self, pump: str, packed: bytes, now_s: int, revisions: list[PowerEpisode]) -> None:
        slot = parted(packed)
        episode = OpenEpisode.unpacked(slot.episode, pump, self._fleet, Battery.unpacked(slot.battery))
        heard_s = episode.heard_s
        revision = episode.fall_silent(slot.window, now_s)
        if revision is not None:
            revisions.append(revision)
        if revision is not None or episode.heard_s != heard_s:
            self._slots[pump] = slot._replace(episode=episode.packed()).packed()

    def _forget(self, pump: str, packed: bytes, revisions: list[PowerEpisode]) -> None:
        """A pump that was not heard of for days: close its episode; only its battery stays known."""
        slot = parted(packed)
        del self._slots[pump]
        self._resumed.pop(pump, None)
        if slot.episode:
            episode = OpenEpisode.unpacked(slot.episode, pump, self._fleet, Battery.unpacked(slot.battery))
            self._settled(episode, slot.window, FOREVER, windows.newest(slot.window) >> AT_SHIFT, revisions)


def goes_on(event: PowerEvent, observation: int, entry: bytes, slot: bytes) -> bool:
    """Whether an event is the pump's newest and says nothing that cannot wait a few minutes.

    Nearly every event of a fleet is so: it is kept, and looked at with the next one that is not.
    """
    last = slot[-SIZE:]
    if last >= entry or len(slot) > _LONG:
        return False
    differs = int.from_bytes(last, "big") ^ observation
    if differs & ACTIVE or differs >= STEP:
        return False
    if observation & ACTIVE != ACTIVE:
        return not slot[0] & OPEN
    if event.kind != "heartbeat":
        return False
    wake_s, same, charge = WAKE.unpack_from(slot, EPISODE[slot[0]])
    return bool(
        (observation >> AT_SHIFT) // 1000 < wake_s
        and charge - tenths(observation) <= FELL
        and running_as(event) == same
    )
