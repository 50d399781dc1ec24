"""The keypad of a pump as it is drawn: where each key lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from msgspec import Struct

from schemas.events import KeyName
from streams.intent.display import type_keys
from streams.intent.keypad import layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.events import DoseScore

# Judgement: nobody steps through more; each step is worked out from the first key on.
_STEPS_SHOWN = 64
_CHEVRONS: tuple[KeyName, ...] = ("UP_FAST", "UP", "DOWN", "DOWN_FAST")
_EDITING: tuple[KeyName, ...] = ("CLEAR", "BACK")
_KEYS: tuple[KeyName, ...] = get_args(KeyName)


class DrawnKey(Struct, frozen=True):
    """A key and its place; `row` and `column` count from 0."""

    k: str
    row: int
    column: int


class DrawnKeypad(Struct, frozen=True):
    """A keypad; `known` is False where the model is not, and `beside` holds the keys whose places are not."""

    title: str
    known: bool
    keys: list[DrawnKey]
    beside: list[str]


def drawn(model: str | None, pressed: Iterable[str]) -> DrawnKeypad:
    """The keypad of a model; keys that were pressed are on it wherever they lie on the pump."""
    keypad = layout(model or "")
    keys = [
        DrawnKey(k, row, column) for row, line in enumerate(keypad.rows) for column, k in enumerate(line) if k != "_"
    ]
    usual = _EDITING if keypad.kind == "digits" else _CHEVRONS
    placed = {key.k for key in keys}
    wanted = {*usual, *pressed} - placed
    return DrawnKeypad(keypad.title, keypad.known, keys, [k for k in _in_order() if k in wanted])


def _in_order() -> tuple[str, ...]:
    """Keys without a place, as they are drawn: chevrons from fast up to fast down, then the others."""
    return (*_CHEVRONS, *(k for k in _KEYS if k not in _CHEVRONS))


def displayed(score: DoseScore) -> list[str | None]:
    """What the pump showed after each key, null where the keys do not tell; empty if not all keys are kept."""
    pressed = [(key.t, key.k) for key in score.keys]
    if len(pressed) != score.presses or len(pressed) > _STEPS_SHOWN:
        return []
    keypad = layout(score.model or "")
    typed = [type_keys(keypad, pressed[:number], score.previous) for number in range(1, len(pressed) + 1)]
    return [None if one is None else one.text for one in typed]
