"""How long pumps infused, by hospital, care area, model and hour: what unplugged minutes are a share of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from streams.power.observation import BATTERY, INFUSING

if TYPE_CHECKING:
    from schemas.events import PowerEvent

HOUR_S = 3600


class Infused(NamedTuple):
    """Minutes of infusing that began in one hour (counted since 1970), and those of them on battery."""

    hospital: str
    care_area: str
    model: str
    hour: int
    minutes: float
    on_battery: float


class InfusingMinutes:
    """Adds up how long pumps infused, from one change of state or step of nearly nine minutes to the next.

    A time belongs to the hour in which it began and to the place that the pump names at its end. What a late event
    would move from one minute to another is not moved: over an hour of a unit it is nothing.
    """

    def __init__(self) -> None:
        self.test = False
        self.through = -1  # what came up to this offset was added before a restart
        self._sums: dict[tuple[str, str, str, int], list[int]] = {}

    def add(self, event: PowerEvent, offset: int, state: int, span: tuple[int, int]) -> None:
        """The pump was in the state of an observation from one second to another, as the event at `offset` tells."""
        start_s, end_s = span
        if not state & INFUSING or end_s <= start_s or offset <= self.through:
            return
        self.test = self.test or event.test
        cell = event.hospital, event.care_area, event.model, start_s // HOUR_S
        sums = self._sums.get(cell)
        if sums is None:
            sums = self._sums[cell] = [0, 0]
        sums[0] += end_s - start_s
        if state & BATTERY:
            sums[1] += end_s - start_s

    def take(self) -> list[Infused]:
        """What was added since the last call, to be added to what was taken before."""
        taken = [Infused(*cell, infused / 60, on_battery / 60) for cell, (infused, on_battery) in self._sums.items()]
        self._sums.clear()
        return taken
