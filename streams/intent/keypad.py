"""Keypads: which keys are neighbours, and what text the firmware makes of the keys pressed.

The layouts stand in `keypads.yaml`. A model that is not there gets the plain telephone layout, and `known` is False.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["digits", "chevrons", "cursor"]
Row = Annotated[str, Meta(pattern=r"^[0-9._]{1,6}$")]
FALLBACK = "plain"
LONG_HOLD_MS = 250
"""A key held so long was pressed softly or left slowly, so its contact may close twice (judgement after FDA notes)."""


class LayoutFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """One layout as the YAML holds it."""

    title: str
    kind: Kind
    max_decimals: Annotated[int, Meta(ge=0, le=6)]
    names: list[str] = []
    rows: list[Row] = []
    no_point_from: float | None = None
    steps: list[tuple[float, float, float]] = []
    snaps: bool = False


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    layouts: dict[str, LayoutFigures]


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """A keypad. `beside` and `diagonal` name each key's neighbours; `steps` and `snaps` as in the YAML."""

    name: str
    title: str
    kind: Kind
    beside: dict[str, str]
    diagonal: dict[str, str]
    no_point_from: float | None
    max_decimals: int
    steps: tuple[tuple[float, float, float], ...]
    snaps: bool = False
    known: bool = True

    def step(self, value: float, *, fast: bool) -> float:
        """How much one press of a chevron changes a value."""
        for below, slow_step, fast_step in self.steps:
            if value < below:
                return fast_step if fast else slow_step
        return 0.0


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
        figures.snaps,
    )


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
    pairs = list(pairwise(shown.kept))
    gaps = [keys[at][0] - keys[before][0] if at - before == 1 else None for before, at in pairs]
    long = (
        [place for place, (before, _) in enumerate(pairs, 1) if (holds[before] or 0) >= LONG_HOLD_MS] if holds else ()
    )
    return Typed(shown.text, shown.value, (None, *gaps), shown.corrections, shown.pressed, tuple(long))


class _Shown(NamedTuple):
    """What keys come to on the display; `kept` are the indices of the keys of `pressed`."""

    text: str
    value: float
    pressed: str
    kept: tuple[int, ...]
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
    return _Shown(text, float(text), "".join([keys[number] for number in kept]), tuple(kept), corrections)


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


@lru_cache(maxsize=32768)
def written(value: float) -> str:
    """A value as a pump shows it: no exponent, no trailing zeros."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return text or "0"
