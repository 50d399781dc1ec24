"""The figures of the intent model."""

from __future__ import annotations

from msgspec import Struct


class Parameters(Struct, frozen=True, kw_only=True):
    """Figures of the model; `version` is the `model_version` of every score."""

    version: str


def load() -> Parameters:
    """The parameters that ship with Pumpwatch."""
    return Parameters(version="intent-1")
