"""Whether the units and shifts that leave pumps unplugged are told in the order of their true habits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from services.pumps.plugs import shift_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from schemas.events import PowerEvent
    from services.evaluate.power_told import Told
    from services.pumps.behaviour import Shift

HOUR_MS = 3_600_000
LEAST_HOURS = 100.0  # of infusing, before a unit's shift is compared with others
LEAST_CELLS = 3  # two points always lie on a line
Cell = tuple[str, str, str]  # hospital, care area, shift


class HabitScore(Struct, frozen=True):
    """Spearman's rank correlation of told practice with true habits over so many cells; None of fewer than three."""

    cells: int
    correlation: float | None


class InfusedHours:
    """How long the pumps of each unit infused in each shift, as it really was."""

    def __init__(self) -> None:
        self.ms: dict[Cell, int] = {}
        self.place: dict[str, tuple[str, str]] = {}
        self._since: dict[str, tuple[int, bool]] = {}

    def hear(self, event: PowerEvent, at: int) -> None:
        """Take an event as it happens."""
        place = self.place[event.pump] = event.hospital, event.care_area
        before = self._since.get(event.pump)
        if before is not None and before[1]:
            cell = (*place, shift_at(before[0]))
            self.ms[cell] = self.ms.get(cell, 0) + at - before[0]
        self._since[event.pump] = at, event.infusing


def habits_told(told: Told, hours: InfusedHours, habit: Callable[[str, str], dict[Shift, float]]) -> HabitScore:
    """Practice episodes told in an hour of infusing, beside how often a day a pump is left unplugged there."""
    cells = [cell for cell, ms in hours.ms.items() if ms >= LEAST_HOURS * HOUR_MS]
    counts = dict.fromkeys(cells, 0)
    for episode in told.episodes.values():
        cell = (*hours.place[episode.pump], shift_at(episode.start))
        if episode.cause == "practice" and cell in counts:
            counts[cell] += 1
    if len(cells) < LEAST_CELLS:
        return HabitScore(len(cells), None)
    rates = [counts[cell] / hours.ms[cell] for cell in cells]
    truths = [habit(hospital, care_area)[shift] for hospital, care_area, shift in cells]  # type: ignore[index]
    return HabitScore(len(cells), round(_correlation(_ranks(rates), _ranks(truths)), 3))


def _ranks(values: list[float]) -> list[float]:
    """Ranks from 0; equal values share the mean of theirs."""
    order = sorted(values)
    return [order.index(value) + (order.count(value) - 1) / 2 for value in values]


def _correlation(left: Iterable[float], right: Iterable[float]) -> float:
    """Pearson's; 0 if one side does not vary."""
    xs, ys = list(left), list(right)
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    across = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    spread: float = (sum((x - mean_x) ** 2 for x in xs) * sum((y - mean_y) ** 2 for y in ys)) ** 0.5
    return across / spread if spread else 0.0
