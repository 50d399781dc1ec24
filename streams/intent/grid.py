"""The grid on which densities over the logarithm of a value are tabulated: fifty cells for each power of ten."""

from __future__ import annotations

import math

CELLS_A_DECADE = 50
MIN_VALUE = 1e-4
MAX_VALUE = 1e7
FIRST = round(math.log10(MIN_VALUE) * CELLS_A_DECADE)
SIZE = round(math.log10(MAX_VALUE) * CELLS_A_DECADE) - FIRST + 1


def index(value: float) -> int:
    """The cell of a value above zero; values beyond the ends fall into the end cells."""
    place = round(math.log10(value) * CELLS_A_DECADE) - FIRST
    return 0 if place < 0 else place if place < SIZE else SIZE - 1


def logarithm(cell: int) -> float:
    """The base-10 logarithm at the middle of a cell."""
    return (cell + FIRST) / CELLS_A_DECADE
