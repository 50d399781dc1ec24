"""Keypads: which keys are neighbours, and what firmware does with them.

The layouts stand in `keypads.yaml`. A model that is not there gets the plain telephone layout, and `known` is False.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from typing import Annotated, Literal

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
    snaps: bool = False


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    layouts: dict[str, LayoutFigures]


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """A keypad. `beside` and `diagonal` name each key's neighbours; `rows`, `steps` and `snaps` as in the YAML."""

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
    rows: tuple[str, ...] = ()

    def step(self, value: float, *, fast: bool) -> float:
        """How much one press of a chevron changes a value."""
        for below, slow_step, fast_step in self.steps:
            if value < below:
                return fast_step if fast else slow_step
        return 0.0


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
        rows=tuple(figures.rows),
    )


@lru_cache(maxsize=32768)
def written(value: float) -> str:
    """A value as a pump shows it: no exponent, no trailing zeros."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return text or "0"
