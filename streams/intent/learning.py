"""The figures of learning, read from `learning.yaml`, where each stands with its reason."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

AtLeastOne = Annotated[int, Meta(ge=1)]


class Learning(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fast is forgotten, how much one pump and one hospital may teach, and how much is kept."""

    half_life_days: Annotated[float, Meta(gt=0)]
    most_a_day: AtLeastOne
    most_of_a_hospital: AtLeastOne
    hospitals_together: AtLeastOne
    values_kept: AtLeastOne
    drugs_of_a_hospital: AtLeastOne
    memory_mb: AtLeastOne


@cache
def load() -> Learning:
    """The figures that ship with Pumpwatch."""
    text = resources.files("streams.intent").joinpath("learning.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=Learning)
