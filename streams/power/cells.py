"""What belongs to a unit and shift, and not to the battery: the other half of a cross-classified comparison.

A discharge tells of the battery it came from and of the place and shift it happened in. Pumps move between units and
run in all shifts, so the two can be told apart: each new discharge updates the battery's effect with the cell's known
one removed, and the cell's with the battery's removed (the backfitting of a model with two crossed random effects,
one observation at a time, from sums).
"""

from __future__ import annotations

# Judgement: a cell's effect is believed half after so many points of discharge in it. It is small in all fleets known.
BELIEVED_AFTER = 150.0

Cell = tuple[str, str, int]  # hospital, care area, third of the day (UTC) from 23 h, 7 h and 15 h


def shift_of(at_s: int) -> int:
    """0 from 23 to 7 h, 1 from 7 to 15 h, 2 from 15 to 23 h UTC."""
    return (at_s // 3600 + 1) % 24 // 8


class Cells:
    """The effect of each unit and shift on the logarithm of the slope, shrunk to 0 where little is known."""

    def __init__(self) -> None:
        self._sums: dict[Cell, tuple[float, float]] = {}

    def effect(self, cell: Cell) -> float:
        """Of this unit and shift; 0 is as everywhere."""
        weight, total = self._sums.get(cell, (0.0, 0.0))
        return total / (weight + BELIEVED_AFTER)

    def add(self, cell: Cell, points: float, residual: float) -> None:
        """Take what a discharge of so many points was off by, the battery's own effect removed."""
        weight, total = self._sums.get(cell, (0.0, 0.0))
        self._sums[cell] = (weight + points, total + points * residual)
