"""What nurses enter: the figures of `profiles.yaml`, derived from real infusion logs by `services.pumps.fit`."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

import msgspec
from msgspec import Struct

Kind = Literal["cardiac", "surgical", "medical"]


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """One drug in one unit. `start`, `value`, `ratio` and `minutes` are the file's nine quantiles; see its header."""

    drug: str
    unit: str
    entries: int
    typed: float
    stops: float
    start: list[float]
    value: list[float]
    ratio: list[float]
    minutes: list[float]
    digits: tuple[float, float, float, float]
    kinds: dict[Kind, int]


class Provenance(Struct, frozen=True, forbid_unknown_fields=True):
    """Where figures come from, and under which licence."""

    source: str
    doi: str
    licence: str
    file: str
    sha256: str
    rows: int


class Profiles(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    provenance: list[Provenance]
    quantiles: list[float]
    profiles: list[Profile]


@cache
def load() -> Profiles:
    """The shipped profiles."""
    text = resources.files("services.pumps").joinpath("profiles.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=Profiles)
