"""A simulated fleet with everything that happens to its power, as it arrives, and the truth beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from schemas import topics
from schemas.events import PowerEvent
from services.evaluate.power_habit import InfusedHours
from services.evaluate.power_truth import Ledger
from services.pumps import behaviour
from services.pumps.delivery import Delivery
from services.pumps.dice import mix, text_seed
from services.pumps.simulator import simulated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.pumps.traffic import Record

START_MS = 1_793_577_600_000  # 2026-11-02T00:00:00Z, a Monday
DAY_MS = 86_400_000
MINUTE_MS = 60_000
PUMPS_A_HOSPITAL = 200
# Days would bring too few of some things, so these are made frequent here, all judgements: low alarms are never
# answered (so that it shows when the battery is empty, which is what is to be foreseen), distribution boards fail so
# often a year, and pumps lose their network so often a day and for so many minutes (median).
ANSWERED = 0.0
FAILURES_PER_YEAR = 20.0
SILENCES_PER_DAY, SILENCE_MINUTES = 1.0, 10.0
_REMEMBERED_MS = 10 * MINUTE_MS  # longer than an event and its repetition are under way


class Heard(NamedTuple):
    """A power event as it arrives, and the minutes that its battery really had left (None: not asked).

    They are asked for when the pump infuses on battery.
    """

    arrival_ms: int
    event: PowerEvent
    left: float | None


class World:
    """`pumps` pumps over so many days; the same seed gives the same days."""

    def __init__(self, pumps: int, days: float, seed: int, busy: float) -> None:
        figures = behaviour.load()
        power = msgspec.structs.replace(
            figures.power, plugged_at_low=ANSWERED, failures_per_year=FAILURES_PER_YEAR, busy=busy
        )
        network = msgspec.structs.replace(
            figures.delivery, silences_per_day=SILENCES_PER_DAY, silence_minutes=SILENCE_MINUTES
        )
        self.end_ms = START_MS + round(days * DAY_MS)
        self.ledger = Ledger(self.end_ms)
        self._traffic = simulated(
            pumps=pumps,
            hospitals=max(pumps // PUMPS_A_HOSPITAL, 1),
            seed=seed,
            start_ms=START_MS,
            behaviour=msgspec.structs.replace(figures, power=power),
            slip_rate=0.0,
            tell=self.ledger.tell,
        )
        self._delivery = Delivery(network, mix(seed, text_seed("delivery")), self.ledger.tell)
        self.habit = self._traffic.habit
        self.hours = InfusedHours()
        self._left: dict[str, tuple[int, float]] = {}

    def heard(self) -> Iterator[Heard]:
        """Everything that arrives before the end, in order of arrival."""
        for _, _, event, arrival_ms in self._delivery.of(self._happening()):
            if arrival_ms >= self.end_ms:
                return
            if isinstance(event, PowerEvent):
                yield Heard(arrival_ms, event, self._left.get(event.id, (0, None))[1])
                self._forget(arrival_ms)

    def _happening(self) -> Iterator[Record]:
        """The power events as they happen; the ledger hears them as they are."""
        for record in self._traffic.records():
            topic, _, event, at_ms = record
            if at_ms >= self.end_ms:
                return
            if topic != topics.POWER or not isinstance(event, PowerEvent):
                continue
            number = int(event.pump.rpartition("-")[2]) - 1
            health = left = None
            if event.source == "battery" and event.infusing:
                health, left = self._traffic.battery(number)
                self._left[event.id] = at_ms, left
            elif event.pump not in self.ledger.health:
                health = self._traffic.battery(number)[0]
            self.hours.hear(event, at_ms)
            self.ledger.hear(event, at_ms, health, left)
            yield record

    def _forget(self, now_ms: int) -> None:
        for name, (at_ms, _) in self._left.items():
            if at_ms >= now_ms - _REMEMBERED_MS:
                break
            del self._left[name]
            break  # one for each that arrives is enough
