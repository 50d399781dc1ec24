"""Pumps as a stream of events in the order of their time: the loop under the simulator and the replay.

Every pump has its turn once a minute, at a moment of its own; then it sends its heartbeat and it is decided what
happens to it within the coming minute. So the fleet needs no calendar of a million appointments: pumps are walked in
the order of their turns, state is kept in arrays, and only what happens within minutes or hours waits on a heap.
All chance comes from (seed, pump, minute), so pump 17 does the same in a fleet of 100 and of a million.

Who the pumps are and what is entered on them comes from outside: a simulated fleet, or a log.
"""

from __future__ import annotations

from array import array
from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any

from schemas import topics
from schemas.events import KeystrokeEvent, PowerEvent
from services.pumps.dice import mix
from services.pumps.fleet import MINUTE_MS
from services.pumps.mains import Due, Mains
from services.pumps.nurse import Entered
from services.pumps.plugs import Unplugging, shift_at
from services.pumps.truth import PumpTruth, Truth
from services.pumps.what import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from services.pumps.behaviour import PowerFigures, Shift
    from services.pumps.fleet import Pump
    from services.pumps.what import Mend, What, Who

Record = tuple[str, str, KeystrokeEvent | PowerEvent, int]

_KEYS, _UNPLUG, _PLUG, _MEND, _RUN, _TRUTH, _MOVE = range(7)
_MINUTES_PER_YEAR = 525_600
_WORN_BELOW = 0.8  # batteries are commonly replaced from here on
_BYTES_WAITING = 300  # a tuple of five, two whole numbers and what is to be done


class Traffic:
    """`records()` yields (topic, key, event, event time in ms since 1970), for ever or until no pump is left.

    `start_ms` is when the pumps' clocks begin; a pump sends a heartbeat every `heartbeat` minutes, none if 0. `run`
    makes the ids of this run its own. What really happened goes to `tell`, after it happened.
    """

    def __init__(
        self,
        pumps: int,
        fleet: Who,
        programmes: What,
        *,
        chance: int,
        start_ms: int,
        run: str,
        figures: PowerFigures,
        heartbeat: int = 1,
        tell: Callable[[Truth], None] | None = None,
    ) -> None:
        self._start_ms, self._chance, self._heartbeat = start_ms, chance, heartbeat
        self._failing = figures.failures_per_year * figures.busy / _MINUTES_PER_YEAR * 2**64
        self._failure_minutes, self._other_circuit = figures.failure_minutes, figures.other_circuit
        self._tell = tell or (lambda _truth: None)
        self._fleet, self._programmes = fleet, programmes
        self._mains = Mains(pumps, programmes, chance, run, figures, self._tell)
        self._zones = fleet.zones()
        self._phase = array("H", (fleet.phase_ms(number) for number in range(pumps)))
        self._order = _by_phase(self._phase)
        self._heap: list[tuple[int, int, int, int, Any]] = []
        self._pushed = 0

    def bytes_per_pump(self) -> float:
        """Memory of the arrays and of what waits on the heap."""
        owners = (self, self._mains, self._mains.batteries, self._programmes)
        arrays = (value for owner in owners for value in vars(owner).values() if isinstance(value, array))
        waiting = _BYTES_WAITING * len(self._heap)
        return (sum(one.itemsize * len(one) for one in arrays) + waiting) / len(self._phase)

    def battery(self, number: int) -> tuple[float, float]:
        """What only the truth knows of a pump now: share of its battery's capacity, and minutes left on battery."""
        batteries = self._mains.batteries
        return batteries.health(number), batteries.minutes_left(self._fleet.pump(number))

    def habit(self, hospital: str, care_area: str) -> dict[Shift, float]:
        """What only the truth knows of a unit: how often a day a running pump is left unplugged, by shift."""
        return self._mains.habit(hospital, care_area)

    def records(self) -> Iterator[Record]:
        """All events of the fleet, in the order of their time."""
        heap, phase, order, minute = self._heap, self._phase, self._order, 0
        while len(order):
            minute_ms = self._start_ms + minute * MINUTE_MS
            shift = shift_at(minute_ms)
            self._fail_zones(minute, minute_ms)
            for number in order:
                at_ms = minute_ms + phase[number]
                if heap and heap[0][0] <= at_ms:
                    yield from self._happen_until(at_ms)
                for event in self._turn(number, at_ms, minute, shift):
                    yield topics.POWER, event.pump, event, at_ms
            minute += 1
            order = self._programmes.remaining(order)
        yield from self._happen_until(None)

    def _turn(self, number: int, at_ms: int, minute: int, shift: Shift) -> list[PowerEvent]:
        """What a pump says when its turn comes; what it does next waits on the heap."""
        pump = self._fleet.pump(number)
        if minute == 0:
            self._begin(pump, at_ms)
        said = []
        alarm = self._mains.minute(pump, at_ms, minute)
        if alarm:
            said.append(alarm[0])
            self._await(number, alarm[1])
        if self._heartbeat and (minute + number) % self._heartbeat == 0:
            said.append(self._mains.event(pump, "heartbeat", at_ms))
        self._plan(number, self._programmes.due(pump, at_ms, minute))
        self._await(number, self._mains.pulled(pump, at_ms, minute, shift))
        return said

    def _begin(self, pump: Pump, at_ms: int) -> None:
        self._programmes.begin(pump, (at_ms - self._start_ms) // 1000)
        health = self._mains.begin(pump)
        if pump.faulty_keypad or pump.loose_cord or health < _WORN_BELOW:
            self._tell(
                PumpTruth(
                    hospital=pump.hospital,
                    care_area=pump.care_area,
                    pump=pump.serial,
                    model=pump.model,
                    faulty_keypad=pump.faulty_keypad,
                    loose_cord=pump.loose_cord,
                    health=round(health, 3),
                )
            )

    def _plan(self, number: int, happenings: Iterable[Entered | Change | Mend]) -> None:
        for happening in happenings:
            if isinstance(happening, Entered):
                for at_ms, event in happening.events:
                    self._push(at_ms, _KEYS, number, event)
                self._push(happening.ends_ms, _TRUTH, number, happening.truth)
            else:
                what = _RUN if isinstance(happening, Change) else _MEND
                self._push(happening.at_ms, what, number, happening)

    def _await(self, number: int, due: Due | None) -> None:
        if due is not None:
            what = _UNPLUG if due.pulled else _RUN if due.turn is None else _PLUG if due.place is None else _MOVE
            self._push(due.at_ms, what, number, due)

    def _push(self, at_ms: int, what: int, number: int, about: Any) -> None:
        self._pushed += 1
        heappush(self._heap, (at_ms, self._pushed, what, number, about))

    def _happen_until(self, until_ms: int | None) -> Iterator[Record]:
        heap = self._heap
        while heap and (until_ms is None or heap[0][0] <= until_ms):
            at_ms, _, what, number, about = heappop(heap)
            if what == _KEYS:
                yield topics.KEYSTROKES, about.pump, about, at_ms
            elif what == _TRUTH:
                self._tell(about)
            elif what == _MEND:
                self._plan(number, self._programmes.mend(self._fleet.pump(number), about))
            else:
                event = self._power(self._fleet.pump(number), at_ms, what, about)
                if event is not None:
                    yield topics.POWER, event.pump, event, at_ms

    def _power(self, pump: Pump, at_ms: int, what: int, about: Any) -> PowerEvent | None:
        if what == _RUN:
            if isinstance(about, Change):
                self._programmes.apply(pump, about)
            return self._mains.ran(pump, at_ms)
        if what == _MOVE:
            self._mains.move(pump, about)
            return None
        happened = (
            self._mains.unplug(pump, at_ms, about.pulled)
            if what == _UNPLUG
            else self._mains.plug(pump, at_ms, about.turn)
        )
        if happened is None:
            return None
        for due in happened[1]:
            self._await(pump.number, due)
        return happened[0]

    def _fail_zones(self, minute: int, minute_ms: int) -> None:
        """Mains failures of this minute: every pump behind a distribution board within one second."""
        for hospital, place, zone in self._zones:
            where = (hospital * 64 + place) * 65_536 + zone
            if mix(self._chance ^ 0xF0, where, minute) >= self._failing:
                continue
            dice = Random(mix(self._chance ^ 0xF1, where, minute))
            at_ms = minute_ms + dice.randrange(60) * 1000
            minutes = dice.uniform(0.5, 2) * self._failure_minutes
            for number in self._fleet.in_zone(hospital, place, zone):
                in_ms = dice.randrange(900)
                if dice.random() >= self._other_circuit:
                    self._await(number, Due(at_ms + in_ms, Unplugging("unit_power_failure", 0, minutes)))


def _by_phase(phase: array[int]) -> array[int]:
    """Pump numbers in the order of their turns, then of their numbers.

    A counting sort, because the list that `sorted` makes would be ten times the size of the array.
    """
    places = array("I", bytes(4)) * (MINUTE_MS + 1)
    for ms in phase:
        places[ms + 1] += 1
    for ms in range(MINUTE_MS):
        places[ms + 1] += places[ms]
    order = array("I", bytes(4)) * len(phase)
    for number, ms in enumerate(phase):
        order[places[ms]] = number
        places[ms] += 1
    return order
