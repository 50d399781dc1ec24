"""What the figures of a report mean: one file, whose words are those of docs/definitions.md."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"not_": "not"}):
    """What a figure counts, what it is a share of (if of anything), and what it is easily taken for."""

    means: str
    not_: str
    of: str | None = None


@cache
def definitions() -> dict[str, Definition]:
    """All definitions by the name of their figure, in the order they are printed."""
    text = resources.files(__package__).joinpath("definitions.yaml").read_text(encoding="utf-8")
    return msgspec.yaml.decode(text, type=dict[str, Definition])
