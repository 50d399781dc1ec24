"""A fleet of pumps as a stream of events in the order of their time.

Every pump sends a heartbeat a minute, at a moment of its own; then it is decided what happens to it within the coming
minute. So the fleet needs no calendar of a million appointments: pumps are walked in the order of their heartbeats,
state is kept in arrays, and only what happens within minutes or hours from now waits on a heap.
All chance comes from (seed, pump, minute), so pump 17 does the same in a fleet of 100 and of a million.
"""

from __future__ import annotations

from array import array
from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any

from schemas import topics
from schemas.codec import from_ms
from schemas.events import KeystrokeEvent, PowerEvent
from services.pumps.dice import base36, mix, text_seed
from services.pumps.fleet import MINUTE_MS, Fleet, Pump
from services.pumps.nurse import Entered
from services.pumps.power import AWAY, BATTERY, DEPLETED, TRANSPORT_LOCATIONS, Batteries, shift_at
from services.pumps.programmes import Change, Mend, Programmes
from services.pumps.truth import PowerTruth, PumpTruth, Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from schemas.events import PowerKind
    from services.pumps.behaviour import Behaviour
    from services.pumps.power import Why

Record = tuple[str, str, KeystrokeEvent | PowerEvent, int]

_KEYS, _UNPLUG, _PLUG, _MEND, _RUN, _TRUTH = range(6)
_MINUTES_PER_YEAR = 525_600


class Simulator:
    """`records()` yields (topic, key, event, event time in ms since 1970) for ever.

    `start_ms` is when the pumps' clocks begin. What really happened goes to `tell`, after it happened.
    """

    def __init__(
        self,
        *,
        pumps: int,
        hospitals: int,
        seed: int,
        start_ms: int,
        behaviour: Behaviour,
        slip_rate: float | None = None,
        tell: Callable[[Truth], None] | None = None,
    ) -> None:
        chance = mix(seed, text_seed("simulator"))
        self._run = base36(mix(chance, start_ms) >> 34)
        self._start_ms = start_ms
        self._chance = chance
        self._figures = behaviour.power
        self._tell = tell or (lambda _truth: None)
        self._dice = Random()
        self._fleet = Fleet(pumps, hospitals, seed, behaviour)
        self._zones = self._fleet.zones()
        self._batteries = Batteries(pumps, chance, behaviour.power)
        self._programmes = Programmes(pumps, chance, start_ms, self._run, behaviour, slip_rate)
        self._power_seq = array("I", bytes(4)) * pumps
        self._phase = array("H", (self._fleet.phase_ms(index) for index in range(pumps)))
        self._order = _by_phase(self._phase)
        self._heap: list[tuple[int, int, int, int, Any]] = []
        self._pushed = 0

    def bytes_per_pump(self) -> float:
        """Memory of the arrays and of what waits on the heap."""
        arrays = (
            value
            for owner in (self, self._batteries, self._programmes)
            for value in vars(owner).values()
            if isinstance(value, array)
        )
        waiting = 300 * len(self._heap)  # a tuple of five, two whole numbers and what is to be done
        return (sum(one.itemsize * len(one) for one in arrays) + waiting) / len(self._phase)

    def records(self) -> Iterator[Record]:
        """All events of the fleet, in the order of their time."""
        fleet, heap, phase = self._fleet, self._heap, self._phase
        minute = 0
        while True:
            from_ms_ = self._start_ms + minute * MINUTE_MS
            shift = shift_at(from_ms_)
            self._fail_zones(minute, from_ms_)
            for index in self._order:
                at_ms = from_ms_ + phase[index]
                while heap and heap[0][0] <= at_ms:
                    record = self._happen(*heappop(heap))
                    if record is not None:
                        yield record
                pump = fleet.pump(index)
                if minute == 0:
                    self._begin(pump, phase[index] // 1000)
                alarm = self._batteries.minute(pump)
                if alarm:
                    self._alarmed(pump, alarm, at_ms, minute)
                    yield self._power(pump, alarm, at_ms)
                yield self._power(pump, "heartbeat", at_ms)
                self._plan(self._programmes.due(pump, at_ms, minute), index)
                if not self._batteries.flags[index] & BATTERY and self._batteries.running[index]:
                    unplugging = self._batteries.unplugging(pump, minute, shift, self._dice)
                    if unplugging:
                        self._push(at_ms + unplugging.in_ms, _UNPLUG, index, (unplugging.why, unplugging.minutes))
            minute += 1

    def _begin(self, pump: Pump, now_s: int) -> None:
        self._programmes.begin(pump, now_s)
        self._measure(pump)
        if pump.faulty_keypad or pump.loose_cord or pump.health < 0.75:
            self._tell(
                PumpTruth(
                    hospital=pump.hospital,
                    care_area=pump.care_area,
                    pump=pump.serial,
                    model=pump.model,
                    faulty_keypad=pump.faulty_keypad,
                    loose_cord=pump.loose_cord,
                    health=round(pump.health, 3),
                )
            )

    def _plan(self, happenings: Iterable[Entered | Change | Mend], index: int) -> None:
        for happening in happenings:
            if isinstance(happening, Entered):
                for at_ms, event in happening.events:
                    self._push(at_ms, _KEYS, index, event)
                self._push(happening.ends_ms, _TRUTH, index, happening.truth)
            elif isinstance(happening, Change):
                self._push(happening.at_ms, _RUN, index, None)
            else:
                self._push(happening.at_ms, _MEND, index, happening)

    def _push(self, at_ms: int, what: int, index: int, about: Any) -> None:
        self._pushed += 1
        heappush(self._heap, (at_ms, self._pushed, what, index, about))

    def _happen(self, at_ms: int, _nth: int, what: int, index: int, about: Any) -> Record | None:
        if what == _KEYS:
            return topics.KEYSTROKES, about.pump, about, at_ms
        if what == _TRUTH:
            self._tell(about)
            return None
        pump = self._fleet.pump(index)
        if what == _MEND:
            self._plan(self._programmes.mend(pump, about), index)
            return None
        if what == _RUN:
            return self._ran(pump, at_ms)
        if what == _UNPLUG:
            return self._unplugged(pump, at_ms, *about)
        return self._plugged(pump, at_ms, about)

    def _ran(self, pump: Pump, at_ms: int) -> Record | None:
        before = self._batteries.running[pump.index]
        self._measure(pump)
        after = self._batteries.running[pump.index]
        if bool(before) == bool(after) or self._batteries.flags[pump.index] & DEPLETED:
            return None
        return self._power(pump, "started" if after else "stopped", at_ms)

    def _unplugged(self, pump: Pump, at_ms: int, why: Why, minutes: float) -> Record | None:
        if self._batteries.flags[pump.index] & BATTERY:
            return None
        turn = self._batteries.unplug(pump.index, away=why == "transport")
        self._push(at_ms + max(round(minutes * MINUTE_MS), 500), _PLUG, pump.index, turn)
        self._tell(
            PowerTruth(
                at=from_ms(at_ms),
                hospital=pump.hospital,
                care_area=pump.care_area,
                pump=pump.serial,
                why=why,
                health=round(pump.health, 3),
            )
        )
        if why == "loose_cord" and minutes > 0.04:
            # A loose cord flaps: each contact lasts a little less than the one before.
            self._push(at_ms + round(1.5 * minutes * MINUTE_MS), _UNPLUG, pump.index, (why, minutes * 0.7))
        return self._power(pump, "unplugged", at_ms)

    def _plugged(self, pump: Pump, at_ms: int, turn: int) -> Record | None:
        flags = self._batteries.flags[pump.index]
        if not flags & BATTERY or self._batteries.turns[pump.index] != turn:
            return None
        self._batteries.plug(pump.index)
        if flags & DEPLETED and self._batteries.running[pump.index]:
            self._batteries.running[pump.index] = 0
            self._push(at_ms + 20_000, _RUN, pump.index, None)
        return self._power(pump, "plugged", at_ms)

    def _alarmed(self, pump: Pump, alarm: str, at_ms: int, minute: int) -> None:
        """Most alarms are answered within minutes; an empty pump always is."""
        self._dice.seed(mix(self._chance, pump.index, minute * 8 + 6))
        if alarm == "depleted" or self._dice.random() < self._figures.plugged_at_low:
            in_ms = round(self._dice.uniform(1, 9) * MINUTE_MS)
            self._push(at_ms + in_ms, _PLUG, pump.index, self._batteries.turns[pump.index])

    def _fail_zones(self, minute: int, from_ms_: int) -> None:
        """Mains failures of this minute: every pump behind a distribution board within one second."""
        share = self._figures.failures_per_year / _MINUTES_PER_YEAR
        for hospital, place, zone in self._zones:
            where = (hospital * 64 + place) * 65_536 + zone
            if mix(self._chance ^ 0xF0, where, minute) >= share * 2**64:
                continue
            self._dice.seed(mix(self._chance ^ 0xF1, where, minute))
            at_ms = from_ms_ + self._dice.randrange(60) * 1000
            minutes = self._dice.uniform(0.5, 2) * self._figures.failure_minutes
            for index in self._fleet.in_zone(hospital, place, zone):
                self._push(at_ms + self._dice.randrange(900), _UNPLUG, index, ("unit_power_failure", minutes))

    def _measure(self, pump: Pump) -> None:
        self._batteries.running[pump.index] = self._programmes.channels_running(pump)
        self._batteries.rate_ml_h[pump.index] = self._programmes.flow(pump)

    def _power(self, pump: Pump, kind: PowerKind, at_ms: int) -> Record:
        index, batteries = pump.index, self._batteries
        flags, seq = batteries.flags[index], self._power_seq[index]
        self._power_seq[index] = seq + 1
        running = 0 if flags & DEPLETED else batteries.running[index]
        on_battery = bool(flags & BATTERY)
        charge = batteries.charge[index]
        full = design = cycles = None
        if pump.reports_capacity:
            design = self._figures.design_mah
            full = round(design * pump.health)
            cycles = round((1 - pump.health) * 1500)  # half its life at half depth: the design notes' Li-ion figures
        event = PowerEvent(
            id=f"{pump.serial}-{self._run}-p{seq}",
            hospital=pump.hospital,
            care_area=pump.care_area,
            pump=pump.serial,
            at=from_ms(at_ms),
            seq=seq,
            model=pump.model,
            kind=kind,
            source="battery" if on_battery else "mains",
            charge_pct=round(charge, 1),
            charging=not on_battery and charge < 100.0,
            infusing=running > 0,
            rate_ml_h=round(batteries.rate_ml_h[index], 2) if running else 0.0,
            channels_running=running,
            minutes_left=batteries.gauge_minutes(index),
            full_capacity_mah=full,
            design_capacity_mah=design,
            cycles=cycles,
            location=TRANSPORT_LOCATIONS[seq & 3] if flags & AWAY else pump.location,
            drugs=self._programmes.drugs(pump) if running else [],
            test=True,
        )
        return topics.POWER, pump.serial, event, at_ms


def _by_phase(phase: array[int]) -> array[int]:
    """Pump numbers in the order of their heartbeats, then of their numbers: a counting sort in place."""
    places = array("I", bytes(4)) * (MINUTE_MS + 1)
    for ms in phase:
        places[ms + 1] += 1
    for ms in range(MINUTE_MS):
        places[ms + 1] += places[ms]
    order = array("I", bytes(4)) * len(phase)
    for index, ms in enumerate(phase):
        order[places[ms]] = index
        places[ms] += 1
    return order
