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


def _step_keys(keypad: Layout, keys: Sequence[tuple[int, str]], value: float) -> Typed | None:
    corrections = 0
    direction = 0
    for _, key in keys:
        if key == "CLEAR":
            value, direction = 0.0, 0
            continue
        sign = {"UP": 1, "UP_FAST": 1, "DOWN": -1, "DOWN_FAST": -1}.get(key, 0)
        if not sign:
            continue
        corrections += sign == -direction
        direction = sign
        value = round(max(0.0, value + sign * keypad.step(value, fast=key.endswith("FAST"))), 6)
    return Typed(written(value), value, (), corrections, written(value)) if direction else None
