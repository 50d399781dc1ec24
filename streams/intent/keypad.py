"""Keypads: which keys are neighbours, and what text the firmware makes of the keys pressed.

The layouts stand in `keypads.yaml`. A model that is not there gets the plain telephone layout, and `known` is False.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

Kind = Literal["digits", "chevrons", "cursor"]
Row = Annotated[str, Meta(pattern=r"^[0-9._]{1,6}$")]
FALLBACK = "plain"


class LayoutFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """One layout as the YAML holds it."""

    title: str
    kind: Kind
    max_decimals: Annotated[int, Meta(ge=0, le=6)]
    names: list[str] = []
    rows: list[Row] = []
    no_point_from: float | None = None
    steps: list[tuple[float, float, float]] = []


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    layouts: dict[str, LayoutFigures]


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """A keypad. `beside` and `diagonal` name each key's neighbours; `steps` as in the YAML."""

    name: str
    title: str
    kind: Kind
    beside: dict[str, str]
    diagonal: dict[str, str]
    no_point_from: float | None
    max_decimals: int
    steps: tuple[tuple[float, float, float], ...]
    known: bool = True

    def step(self, value: float, *, fast: bool) -> float:
        """How much one press of a chevron changes a value."""
        for below, slow_step, fast_step in self.steps:
            if value < below:
                return fast_step if fast else slow_step
        return 0.0


class Typed(NamedTuple):
    """What stands in the field after the keys, before the pump takes it.

    `gaps` are the ms between each character of `text` and the one before it; None where something lay between.
    `pressed` differs from `text` if a "." was pressed and ignored: then it is the text with that ".".
    """

    text: str
    value: float | None
    gaps: tuple[int | None, ...]
    corrections: int
    pressed: str


@cache
def layouts() -> dict[str, Layout]:
    """All layouts by name."""
    raw = resources.files("streams.intent").joinpath("keypads.yaml").read_bytes()
    figures = msgspec.yaml.decode(raw, type=_File, strict=False).layouts
    return {name: _layout(name, one) for name, one in figures.items()}


@lru_cache(maxsize=1024)
def layout(model: str) -> Layout:
    """The layout of a pump model as events name it; the plain one, with `known` False, if there is none."""
    return _by_name().get(_plain(model)) or _unknown()


@cache
def _unknown() -> Layout:
    return replace(layouts()[FALLBACK], known=False)


@cache
def _by_name() -> dict[str, Layout]:
    raw = resources.files("streams.intent").joinpath("keypads.yaml").read_bytes()
    figures = msgspec.yaml.decode(raw, type=_File, strict=False).layouts
    return {_plain(one): layouts()[name] for name, of in figures.items() for one in (name, *of.names)}


def _plain(model: str) -> str:
    return re.sub(r"[^a-z0-9]", "", model.casefold())


def _layout(name: str, figures: LayoutFigures) -> Layout:
    place = {
        key: (row, column) for row, keys in enumerate(figures.rows) for column, key in enumerate(keys) if key != "_"
    }
    beside, diagonal = {}, {}
    for key, (row, column) in place.items():
        apart = {other: (abs(row - r), abs(column - c)) for other, (r, c) in place.items()}
        beside[key] = "".join(other for other, far in apart.items() if sum(far) == 1)
        diagonal[key] = "".join(other for other, far in apart.items() if far == (1, 1))
    return Layout(
        name,
        figures.title,
        figures.kind,
        beside,
        diagonal,
        figures.no_point_from,
        figures.max_decimals,
        tuple(figures.steps),
    )


def type_keys(keypad: Layout, keys: list[tuple[int, str]], previous: float | None) -> Typed | None:
    """Press keys (ms, key) on a keypad; None where nothing was typed or the keys do not tell the value.

    On a cursor keypad the keys do not: the event's keys lack the two that move the cursor.
    """
    if not keys or keypad.kind == "cursor":
        return None
    if keypad.kind == "chevrons":
        return _step_keys(keypad, keys, previous or 0.0)
    text = ""
    times: list[int | None] = []
    corrections = 0
    ignored_at = 0
    for at, key in keys:
        if len(key) == 1:
            if _accepts(keypad, text, key):
                text += key
                times.append(at)
            elif key == "." and "." not in text:
                ignored_at = len(text)
        elif text and key in {"BACK", "CLEAR"}:
            kept = len(text) - 1 if key == "BACK" else 0
            text = text[:kept]
            del times[kept:]
            if times:
                times[-1] = None
            corrections += 1
            ignored_at = 0
    if not text or text == ".":
        return None
    pressed = f"{text[:ignored_at]}.{text[ignored_at:]}" if ignored_at else text
    gaps = (None, *(None if at is None or before is None else at - before for before, at in pairwise(times)))
    return Typed(text, float(text), gaps, corrections, pressed)


def _accepts(keypad: Layout, text: str, key: str) -> bool:
    if "." in text:
        return key != "." and len(text) - text.index(".") <= keypad.max_decimals
    return key != "." or keypad.no_point_from is None or not text or float(text) < keypad.no_point_from


def _step_keys(keypad: Layout, keys: list[tuple[int, str]], value: float) -> Typed | None:
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


@lru_cache(maxsize=32768)
def written(value: float) -> str:
    """A value as a pump shows it: no exponent, no trailing zeros."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return text or "0"
