"""How numbers are written on a keypad: 0.5 or .5, 5 or 5.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.intent.grid import MAX_VALUE, MIN_VALUE, index
from streams.intent.roundness import digit_class, spacing

if TYPE_CHECKING:
    from streams.intent.parameters import Writing

KEPT = 65_536
"""Texts whose reading is kept, about 0.26 KB each: 17 MB at most, twice."""


Read = tuple[float, float, int, float, int]
"""A text that may have been meant: its value, P(text | value), and what the number is on its own (see `number`)."""


class Reader(dict[str, "Read | None"]):
    """Texts already read; one that is new is read when it is asked for. None for what nobody writes or no field takes.

    `exact`: all keys are known; else only the value is, which is shown alike for .5, 0.5 and 00.5. It is emptied when
    full: a dictionary, as it is asked a hundred times for each new text.
    """

    def __init__(self, writing: Writing, *, exact: bool) -> None:
        super().__init__()
        self._writing = writing
        self._exact = exact

    def __missing__(self, text: str) -> Read | None:
        """Read a new text and keep it."""
        if len(self) >= KEPT:
            self.clear()
        found = self[text] = self._read(text)
        return found

    def _read(self, text: str) -> Read | None:
        spelled = spelling(text, self._writing)
        if spelled <= self._writing.odd:
            return None
        value = float(text)
        if not MIN_VALUE <= value <= MAX_VALUE:
            return None
        if not self._exact and text[0] == ".":
            spelled = 1.0
        digits = digit_class(text)
        return value, spelled, digits, spacing(value, digits), index(value)


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
