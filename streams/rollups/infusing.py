"""Minutes of infusing by care area, model and hour: what the unplugged minutes of a unit are a share of.

They come from heartbeats and not from episodes, so the power agent keeps them, in cells of their own: under the drug
`- MODEL`, which no other rollup has. Readers add them to the others; whoever asks for a model finds it in `model`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from schemas.codec import from_ms, ms
from schemas.events import Rollup
from schemas.topics import POWER
from streams.rollups.cell import HOUR_MS, NO_DRUG

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.power.infusing import Infused

# A run of infusing is added within ten minutes of its end, and a pump's events come up to four minutes late; a pump
# that was away may tell of a month ago. Older cells are not added to, as they have left memory.
KEPT_HOURS = 48


class Cell(NamedTuple):
    """What a sum is about; `hour` counts hours since 1970."""

    hospital: str
    care_area: str
    model: str
    hour: int


class InfusingCells:
    """The running sums of one source partition, fenced by the offset of the last power record in them."""

    def __init__(self, partition: int) -> None:
        self._partition = partition
        self._sums: dict[Cell, tuple[float, float]] = {}
        self._changed: set[Cell] = set()
        self._newest = 0
        self._test = False
        self.through = -1

    def __len__(self) -> int:
        return len(self._sums)

    def add(self, infused: Iterable[Infused], offset: int, *, test: bool = False) -> None:
        """Add what pumps infused up to the power record at `offset`."""
        self._test = self._test or test
        self.through = max(self.through, offset)
        for one in infused:
            cell = Cell(one.hospital, one.care_area, one.model, one.hour)
            self._newest = max(self._newest, one.hour)
            if one.hour < self._newest - KEPT_HOURS:
                continue
            minutes, on_battery = self._sums.get(cell, (0.0, 0.0))
            # Rounding keeps sums of seconds free of binary dust.
            self._sums[cell] = round(minutes + one.minutes, 4), round(on_battery + one.on_battery, 4)
            self._changed.add(cell)

    def take_changed(self) -> list[Rollup]:
        """The cells that changed since the last call, as they are now."""
        changed = [self._rollup(cell) for cell in sorted(self._changed)]
        self._changed.clear()
        oldest = self._newest - KEPT_HOURS
        if any(cell.hour < oldest for cell in self._sums):
            self._sums = {cell: sums for cell, sums in self._sums.items() if cell.hour >= oldest}
        return changed

    def restore(self, rollups: Iterable[Rollup]) -> None:
        """Go on from the published cells of this partition, each as it reaches furthest; others are ignored."""
        reached: dict[Cell, int] = {}
        for rollup in rollups:
            if rollup.model is None or rollup.partition != self._partition:
                continue
            cell = Cell(rollup.hospital, rollup.care_area, rollup.model, ms(rollup.hour) // HOUR_MS)
            through = rollup.through.get(POWER, (-1, 0))[0]
            if through < reached.get(cell, -1):
                continue  # told late by a worker that had to let go
            reached[cell] = through
            self._sums[cell] = rollup.infusing_minutes, rollup.battery_minutes
            self._newest = max(self._newest, cell.hour)
            self._test = self._test or rollup.test
            self.through = max(self.through, through)

    def _rollup(self, cell: Cell) -> Rollup:
        minutes, on_battery = self._sums[cell]
        hour = from_ms(cell.hour * HOUR_MS)
        digest = sha256("\0".join((*map(str, cell), str(self._partition))).encode()).hexdigest()[:16]
        return Rollup(
            id=f"{digest}/{self.through + 1}",
            hospital=cell.hospital,
            care_area=cell.care_area,
            at=hour,
            drug=f"{NO_DRUG} {cell.model}",
            model=cell.model,
            hour=hour,
            partition=self._partition,
            through={POWER: (self.through, 0)},
            infusing_minutes=minutes,
            battery_minutes=on_battery,
            test=self._test,
        )
