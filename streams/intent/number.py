"""What a number is on its own: how round, how far from the next, and where on the grid."""

from __future__ import annotations

import math
from functools import lru_cache

from streams.intent.grid import index
from streams.intent.keypad import written
from streams.intent.roundness import digit_class, spacing

KEPT = 32_768
_COARSE, _FINEST = ("%.1g", "%.2g", "%.3g", "%.4g"), "%.5g"
_MOST_LOST = 0.03
_WHOLE_FROM = 100


@lru_cache(maxsize=KEPT)
def cell(value: float) -> tuple[int, float, int]:
    """A number's roundness class, its distance to the next of that class in powers of ten, its place on the grid.

    What a display shows as 0 stands for nothing of its neighbourhood.
    """
    digits = digit_class(written(value))
    return (digits, spacing(value, digits), index(value)) if digits >= 0 else (0, 0.0, index(value))


def roundest(value: float, typed: float) -> float:
    """The number of fewest digits that a `value` computed from what was typed may stand for.

    A pump takes three decimals below 1, two below 100 and mostly none above: half a step of these may have been lost
    from `typed`, though never more than 3% (judgement).
    """
    step = 0.001 if typed < 1 else 1.0 if typed >= _WHOLE_FROM and typed.is_integer() else 0.01
    off = min(0.5 * step / typed, _MOST_LOST) * value
    for coarse in _COARSE:
        found = float(coarse % value)
        if -off <= found - value <= off:
            return found
    return float(_FINEST % value)


def round_neighbours(value: float) -> tuple[float, ...]:
    """Round numbers near a value above 0, from half to twice as much, without itself."""
    power = 10.0 ** math.floor(math.log10(value))
    first = round(value / power * 2) / 2
    found = [first + step for step in (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)]
    near = [float(f"{one * power:.6g}") for one in (*found, value / power / 2, value / power * 2) if one > 0]
    return tuple([one for one in dict.fromkeys(near) if one != value])
