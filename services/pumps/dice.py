"""Chance that depends on nothing but a seed and a place, so that a fleet needs no stored random state.

`mix(seed, pump, tick)` is the same number on every machine and in any order of asking: the behaviour of pump 17 does
not change with the number of pumps, and a run can be repeated from its seed.
"""

from __future__ import annotations

from bisect import bisect
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

T = TypeVar("T", bound=str)
_MASK = 0xFFFF_FFFF_FFFF_FFFF


def mix(a: int, b: int, c: int = 0) -> int:
    """64 well-spread bits from three integers: SplitMix64's finaliser (Steele, Lea and Flood 2014) over their sum."""
    z = (a * 0x9E3779B97F4A7C15 + b * 0xD1B54A32D192ED03 + c * 0x8CB92BA72F3D8DD7 + 0x632BE59BD9B4E019) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def text_seed(text: str) -> int:
    """64 bits from a text: FNV-1a, mixed."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return mix(value, 0)


def base36(value: int) -> str:
    """A short text of a whole number, for ids."""
    digits = ""
    while True:
        value, rest = divmod(value, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
        if not value:
            return digits


def from_quantiles(dice: Random, shares: Sequence[float], values: Sequence[float]) -> float:
    """A value whose distribution has these quantiles, straight lines between them; never beyond the outermost."""
    at = min(max(dice.random(), shares[0]), shares[-1])
    right = min(max(bisect(shares, at), 1), len(shares) - 1)
    low, high = shares[right - 1], shares[right]
    return values[right - 1] + (values[right] - values[right - 1]) * (at - low) / (high - low)


def pick(dice: Random, weights: Mapping[T, float]) -> T:
    """One of the names, by weight; the weights need not add up to 1."""
    return dice.choices(list(weights), list(weights.values()))[0]
