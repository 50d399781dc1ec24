"""What a hospital's network makes of power events: late, out of order, repeated, lost, and pumps that fall silent."""

from __future__ import annotations

from heapq import heappop, heappush
from math import exp, log
from random import Random
from typing import TYPE_CHECKING
from zlib import crc32

from schemas import topics
from schemas.codec import from_ms
from services.pumps.dice import mix
from services.pumps.fleet import MINUTE_MS
from services.pumps.truth import SilenceTruth, Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from services.pumps.behaviour import DeliveryFigures
    from services.pumps.traffic import Record

DAY_MINUTES = 1440
_SILENCE_LOG_SD = 1.0
_16_BITS = 65_536


class Delivery:
    """Events in the order of their arrival; the fourth of a record is then when it arrives, in ms since 1970.

    Keystroke events arrive at once. What happens to a power event depends on the seed and its id alone, a silence on
    the pump and the minute. Held: the events on their way, about one a pump.
    """

    def __init__(self, figures: DeliveryFigures, seed: int, tell: Callable[[Truth], None] | None = None) -> None:
        self._figures, self._seed = figures, seed
        self._tell = tell or (lambda _truth: None)
        self._silent_until: dict[str, int] = {}
        self._dice = Random()

    def of(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records as they arrive."""
        waiting: list[tuple[int, int, Record]] = []
        pushed = 0
        for record in records:
            at_ms = record[3]
            while waiting and waiting[0][0] <= at_ms:
                yield heappop(waiting)[2]
            for arrival in self._arrivals(record):
                pushed += 1
                heappush(waiting, (arrival, pushed, (*record[:3], arrival)))
        while waiting:
            yield heappop(waiting)[2]

    def _arrivals(self, record: Record) -> list[int]:
        """When an event arrives: never, once or twice."""
        topic, pump, event, at_ms = record
        if topic != topics.POWER:
            return [at_ms]
        if self._silent(pump, at_ms):
            return []
        figures = self._figures
        bits = mix(self._seed, crc32(event.id.encode()), at_ms)
        if (bits & 0xFFFF) < figures.lost * _16_BITS:
            return []
        arrivals = [at_ms + self._late_ms(bits >> 48)]
        if (bits >> 16 & 0xFFFF) < figures.repeated * _16_BITS:
            arrivals.append(arrivals[0] + self._late_ms(bits >> 32 & 0xFFFF))
        return arrivals

    def _late_ms(self, draw: int) -> int:
        soonest, latest = self._figures.late_s
        share: float = (draw / _16_BITS) ** self._figures.late_power
        return round((soonest + (latest - soonest) * share) * 1000)

    def _silent(self, pump: str, at_ms: int) -> bool:
        until = self._silent_until.get(pump)
        if until is not None:
            if at_ms < until:
                return True
            del self._silent_until[pump]
        # An event asks for its whole minute: one a minute is the heartbeat, so others add next to nothing.
        bits = mix(self._seed, crc32(pump.encode()), at_ms // MINUTE_MS)
        if bits >> 11 >= self._figures.silences_per_day / DAY_MINUTES * 2**53:
            return False
        self._dice.seed(bits)
        lasts = exp(self._dice.gauss(log(self._figures.silence_minutes), _SILENCE_LOG_SD))
        until = self._silent_until[pump] = at_ms + round(lasts * MINUTE_MS)
        self._tell(SilenceTruth(at=from_ms(at_ms), until=from_ms(until), pump=pump))
        return True
