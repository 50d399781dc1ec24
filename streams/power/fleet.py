"""What the pumps of one partition have in common: names, what their models take, and what goes on in their units."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING

from streams.power.cells import Cells, shift_of
from streams.power.company import Told
from streams.power.drain import Models
from streams.power.losses import UnitLosses

if TYPE_CHECKING:
    from schemas.events import PowerEvent
    from streams.power.battery import Battery
    from streams.power.settings import Thresholds


SPEAKS = 3  # discharges of one pump that count for its model, so that a busy pump is not its measure


class Fleet:
    """Kept once for a partition; `losses` may be shared with other partitions of the worker."""

    def __init__(self, thresholds: Thresholds, losses: UnitLosses | None = None) -> None:
        self.thresholds = thresholds
        self.told = Told()
        self.told.models.number("")  # the model that is not known has number 0
        self.models = Models()
        self.cells = Cells()
        self.losses = losses if losses is not None else UnitLosses()
        self.now_s = 0

    def discharged(self, event: PowerEvent, at_s: int, battery: Battery, energy: float, fell: float) -> None:
        """A pump's stretch on battery took so many points, and its gauge fell by so many percent."""
        cell = event.hospital, event.care_area, shift_of(at_s)
        effect = self.cells.effect(cell)
        residual = log(fell / energy / battery.slope(self.models.scale(event.model)))
        battery.add(energy, fell * exp(-effect))
        self.cells.add(cell, energy, residual)
        if battery.discharges <= SPEAKS:
            self.models.hear(event.model, fell / energy, battery.capacity / 1000 or None)
