"""How numbers are written on a keypad: 0.5 or .5, 5 or 5.0."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from streams.intent.grid import MAX_VALUE, MIN_VALUE, index
from streams.intent.roundness import digit_class, spacing

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.intent.parameters import Writing

KEPT = 65_536
"""Texts whose reading is kept, about 0.3 KB each: 20 MB."""


Read = tuple[float, float, int, float, int]
"""A text that may have been meant: its value, P(text | value), and what the number is on its own (see `number`)."""


class Reader:
    """Reads texts: `exact` where all keys are known, `shown` where only the value is and 5 may stand for 05.

    Both give None for what nobody writes, or no field takes.
    """

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self.exact: Callable[[str], Read | None] = lru_cache(KEPT)(self._exact)
        self.shown: Callable[[str], Read | None] = lru_cache(KEPT)(self._shown)

    def _exact(self, text: str) -> Read | None:
        spelled = spelling(text, self._writing)
        if spelled <= self._writing.odd:
            return None
        value = float(text)
        if not MIN_VALUE <= value <= MAX_VALUE:
            return None
        digits = digit_class(text)
        return value, spelled, digits, spacing(value, digits), index(value)

    def _shown(self, text: str) -> Read | None:
        """.5 and 0.5 are one where the display tells 05 and 5 apart no more than .5 and 0.5."""
        read = self.exact(text)
        return (read[0], 1.0, *read[2:]) if read is not None and text[0] == "." else read


def spelling(text: str, writing: Writing) -> float:
    """P(text | its value): how usual it is to write a number so."""
    last = text[-1]
    whole, point, behind = text.partition(".")
    if (text[0] == "0" and whole not in ("0", "")) or last == "." or "." in behind:
        return writing.odd
    if not point:
        return 1 - writing.trailing_zero
    if last == "0":
        # 5.0 and 1.50 are in use, 5.00 and .50 are not.
        shorter = text[:-1]
        return writing.odd if not whole or shorter[-1] == "0" or shorter == "0." else writing.trailing_zero
    if not whole:
        return writing.naked_point
    return 1 - (writing.naked_point if whole == "0" else writing.trailing_zero)
