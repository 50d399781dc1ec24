"""The power side of one partition: every pump's last few minutes, its battery, and its episode if it has one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from schemas.codec import EventRefused
from streams.power import window as windows
from streams.power.battery import Battery
from streams.power.clock import FleetClock
from streams.power.episode import OpenEpisode
from streams.power.fleet import Fleet
from streams.power.infusing import InfusingMinutes
from streams.power.observation import ACTIVE, ALARMS, AT_SHIFT, FAULT, LATEST_MS, SIZE, is_active, observe, tenths
from streams.power.restart import Restart
from streams.power.rounds import Rounds
from streams.power.settings import PowerSettings, Thresholds
from streams.power.settling import FOREVER, settled
from streams.power.slot import HEAD, OPEN, REST, SEQ_UNKNOWN, Slot, highest_seq, parted
from streams.power.waiting import STEP, goes_on

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.events import BatteryHealth, PowerEpisode, PowerEvent
    from streams.power.losses import UnitLosses

# The clock takes the time of every event of a small partition, and of a share of those of a large one: as many a
# round as before.
CLOCK_SHARE = 256
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class PowerPartition:
    """Follows the pumps of one partition.

    What is published about a pump depends on that pump's events alone, with these exceptions: that it fell silent is
    told by the clock of the partition's other pumps, or by the reader's where none of them speaks (`still`); a pump
    not heard of for `memory_h` of that clock leaves memory, which closes its episode at its last word; a power failure
    of a unit shows in several pumps at once (`losses`, to which the worker adds what other partitions published); and
    what is usual for a model comes from all pumps of it.
    """

    def __init__(self, settings: PowerSettings | None = None, losses: UnitLosses | None = None) -> None:
        self._thresholds = Thresholds(settings or PowerSettings())
        self._fleet = Fleet(self._thresholds, losses)
        self._slots: dict[str, bytes] = {}
        self._clock = FleetClock()
        self._rounds = Rounds(self._slots, self._fleet, self._clock)
        self._restart = Restart(self._slots, self._fleet)
        self._read_before = self._restart.through  # at hand: every event asks
        self._unheard = self._offset = 0
        self._silence_s = self._thresholds.silence // 1000
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
        if self._read_before and self._restart.read_again(pump, offset):
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
                for gone in self._rounds.look(revisions):
                    self._restart.through.pop(gone, None)
        return revisions

    def still(self, still_s: float) -> list[PowerEpisode]:
        """The revisions that it leads to that no event came for so many seconds, though all there are were read.

        A pump that is alone in its partition has no others by whose clock it falls silent; so time passes as it does
        for the reader. It passes for silence only: nothing else is decided by it, and the next event finds the clock
        where it was. Call it again with the whole time; call it only while all that there is was read, or an outage
        of Kafka would make every pump look silent.
        """
        revisions: list[PowerEpisode] = []
        self._rounds.look_still(int(still_s), revisions)
        return revisions

    def restore(self, published: Iterable[tuple[PowerEpisode, int]]) -> None:
        """Go on from published revisions in their order, each with the offset of the record it comes from.

        A revision tells one episode of a pump. An episode that began before the one in front of it was settled
        (within `lateness_s` and `pause_s` of its end) may therefore be known only from its next event on.
        """
        for revision, offset in published:
            self._restart.take_up(revision, offset)

    def remember(self, pump: str, health: BatteryHealth) -> None:
        """Take up what was published of a battery before a restart, unless its own episodes told more already."""
        self._restart.remember(pump, health)

    def _rests(self, event: PowerEvent, observation: int, entry: bytes, slot: bytes | None) -> bool:
        """Take an event of a pump without an episode, if it is its newest and no alarm; False if it is not so."""
        if slot is None:
            if self._restart.batteries:
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
        since_s, window, battery, episode = slot.since_s, slot.window, Battery.of(slot.battery), None
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
            episode = OpenEpisode.begun(pump, place, at, fleet, battery)
        if event.kind in ALARMS:
            observation = self._judged(event, observation, window, episode)
        window = windows.placed(window, observation, pump)
        newest = observation == windows.newest(window)
        seq = event.seq if newest or highest == SEQ_UNKNOWN else highest
        if episode is None:
            window = windows.trimmed(window, clock - lateness)
        else:
            urgent = episode.hear(event, observation, newest=newest)
            episode, window = settled(episode, window, clock - lateness, clock, revisions)
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
            return Slot(SEQ_UNKNOWN, at // 1000, self._restart.batteries.pop(event.pump, b""), b"", b"")
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
            episode = OpenEpisode.kept_in(slot, event.pump, self._fleet)
            settled(episode, slot.window, FOREVER, clock, revisions)
        return Slot(SEQ_UNKNOWN, at // 1000, slot.battery, b"", b"")

    def _judged(self, event: PowerEvent, observation: int, window: bytes, episode: OpenEpisode | None) -> int:
        """The observation of an alarm, flagged if the battery is at fault."""
        if any(known | FAULT == observation | FAULT for known in windows.observations(window)):
            raise EventRefused("duplicate", f"field `id`: this event of pump {event.pump} came before; send it once")
        at_fault = episode is not None and episode.at_fault(event, tenths(observation))
        return observation | FAULT if at_fault else observation
