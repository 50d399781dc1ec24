"""The display: what text the firmware makes of the keys pressed."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from streams.intent.keypad import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.intent.keypad import Layout

LONG_HOLD_MS = 250
"""A key held so long was pressed softly or left slowly, so its contact may close twice (judgement after FDA notes)."""


_CHEVRONS = {"UP": (1, 1), "UP_FAST": (1, 2), "DOWN": (-1, 1), "DOWN_FAST": (-1, 2)}
"""Which way a chevron steps the value, and where in a band its step stands."""


class Typed(NamedTuple):
    """What stands in the field after the keys, before the pump takes it.

    `pressed` differs from `text` if keys were ignored: a "." too late or for the second time, or too many decimals.
    `gaps` are the ms between each character of `pressed` and the one before it, None where something lay between;
    `long` are the places after a key that was held long.
    """

    text: str
    value: float | None
    gaps: tuple[int | None, ...]
    corrections: int
    pressed: str
    long: tuple[int, ...] = ()


def type_keys(
    keypad: Layout,
    keys: Sequence[tuple[int, str]],
    previous: float | None,
    holds: Sequence[int | None] = (),
) -> Typed | None:
    """Press keys (ms, key) on a keypad; None where nothing was typed or the keys do not tell the value.

    `holds` are the ms that each key was held, where the pump knows. On a cursor keypad the keys do not tell the value:
    the event's keys lack the two that move the cursor.
    """
    if not keys or keypad.kind == "cursor":
        return None
    if keypad.kind == "chevrons":
        return _step_keys(keypad, keys, previous or 0.0)
    shown = _shown(keypad, tuple([key for _, key in keys]))
    if shown is None:
        return None
    gaps = [None if at is None else keys[at][0] - keys[at - 1][0] for at in shown.after]
    long: tuple[int, ...] = ()
    if holds:
        long = tuple([place for place, at in enumerate(shown.after) if at and (holds[at - 1] or 0) >= LONG_HOLD_MS])
    return Typed(shown.text, shown.value, tuple(gaps), shown.corrections, shown.pressed, long)


class _Shown(NamedTuple):
    """What keys come to on the display.

    `after` are the indices of the keys of `pressed`, None for one that does not follow the one before it at once.
    """

    text: str
    value: float
    pressed: str
    after: tuple[int | None, ...]
    corrections: int


@lru_cache(maxsize=8192)
def _shown(keypad: Layout, keys: tuple[str, ...]) -> _Shown | None:
    text = ""
    kept: list[int] = []
    ignored: set[int] = set()
    corrections = 0
    for number, key in enumerate(keys):
        if len(key) == 1:
            kept.append(number)
            if _accepts(keypad, text, key):
                text += key
            else:
                ignored.add(number)
        elif text and key in {"BACK", "CLEAR"}:
            left = len(text) - 1 if key == "BACK" else 0
            text = text[:left]
            while len([one for one in kept if one not in ignored]) > left:
                kept.pop()
            while kept and kept[-1] in ignored:
                kept.pop()
            corrections += 1
    if not text or text == ".":
        return None
    after = (None, *(at if at - before == 1 else None for before, at in pairwise(kept)))
    return _Shown(text, float(text), "".join([keys[number] for number in kept]), after, corrections)


def _accepts(keypad: Layout, text: str, key: str) -> bool:
    if "." in text:
        return key != "." and len(text) - text.index(".") <= keypad.max_decimals
    return key != "." or keypad.no_point_from is None or not text or float(text) < keypad.no_point_from


@lru_cache
def _bands(keypad: Layout) -> tuple[tuple[int, int, int], ...]:
    """The steps of a keypad in millionths: whole numbers, as a held key makes a hundred steps."""
    return tuple((round(below * 1e6), round(slow * 1e6), round(fast * 1e6)) for below, slow, fast in keypad.steps)


def _step_keys(keypad: Layout, keys: Sequence[tuple[int, str]], value: float) -> Typed | None:
    corrections = 0
    direction = 0
    bands = _bands(keypad)
    millionths = round(value * 1e6)
    for _, key in keys:
        chevron = _CHEVRONS.get(key)
        if chevron is None:
            if key == "CLEAR":
                millionths = direction = 0
            continue
        sign, speed = chevron
        if sign == -direction:
            corrections += 1
        direction = sign
        for band in bands:
            if millionths < band[0]:
                millionths = max(0, millionths + sign * band[speed])
                break
    if not direction:
        return None
    value = millionths / 1e6
    text = written(value)
    return Typed(text, value, (), corrections, text)
