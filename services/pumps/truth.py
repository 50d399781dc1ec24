"""What really happened in a simulation, as NDJSON beside the events; it never enters a topic.

One line for each committed entry (`truth: entry`), each time on battery (`power`) and each pump with a fault (`pump`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from msgspec import Struct

from schemas import codec

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from schemas.events import CommitAction, Field, Slip
    from services.pumps.power import Why


class EntryTruth(Struct, frozen=True, kw_only=True, tag_field="truth", tag="entry"):
    """What was meant: `meant` differs from `typed` if and only if there was a `slip`.

    `corrects` names the entry whose slip this one mends; `taken_back` says that a wrong key was seen while typing.
    """

    at: datetime
    hospital: str
    care_area: str
    pump: str
    model: str
    channel: int
    entry: str
    field: Field
    drug: str
    unit: str
    previous: float | None
    meant: float
    typed: float
    slip: Slip | None = None
    action: CommitAction = "confirm"
    taken_back: bool = False
    corrects: str | None = None


class PowerTruth(Struct, frozen=True, kw_only=True, tag_field="truth", tag="power"):
    """Why a pump ran on battery from `at` on, and the share of its capacity that the battery still had."""

    at: datetime
    hospital: str
    care_area: str
    pump: str
    why: Why
    health: float


class PumpTruth(Struct, frozen=True, kw_only=True, tag_field="truth", tag="pump"):
    """A pump with something wrong."""

    hospital: str
    care_area: str
    pump: str
    model: str
    faulty_keypad: bool
    loose_cord: bool
    health: float


Truth = EntryTruth | PowerTruth | PumpTruth


class TruthFile:
    """Writes truths to a file; without a path it drops them."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("wb") if path else None
        self.written = 0

    def write(self, truth: Truth) -> None:
        """Append one line."""
        if self._file:
            self._file.write(codec.encode(truth) + b"\n")
            self.written += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()
