"""What really happened in a simulation, as NDJSON beside the events; it never enters a topic.

One line for each committed entry (`truth: entry`), each time off the mains (`power`) and back (`mains`), each alarm of
a pump (`alarm`), each jump of a gauge (`gauge`), each loss of a pump's network (`silence`) and each pump with a fault
(`pump`).
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (msgspec reads the annotations)
from typing import TYPE_CHECKING, Self

import msgspec
from msgspec import Struct

from schemas import codec
from schemas.events import CommitAction, Field, Slip  # noqa: TC001 (msgspec reads the annotations)
from services.pumps.plugs import Why  # noqa: TC001 (msgspec reads the annotations)
from services.pumps.power import Alarm  # noqa: TC001 (msgspec reads the annotations)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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


class MainsTruth(Struct, frozen=True, kw_only=True, tag_field="truth", tag="mains"):
    """A pump is on mains again."""

    at: datetime
    pump: str


class AlarmTruth(Struct, frozen=True, kw_only=True, tag_field="truth", tag="alarm"):
    """A pump's own alarm on battery, and the minutes that were really left; it may come late on a worn battery.

    `new_minutes` is what a new battery would have had left then, unplugged as full and used as this one was.
    """

    at: datetime
    pump: str
    alarm: Alarm
    minutes: float
    new_minutes: float
    health: float


class GaugeTruth(Struct, frozen=True, kw_only=True, tag_field="truth", tag="gauge"):
    """A gauge jumped to the truth, from one percentage to another."""

    at: datetime
    pump: str
    before: float
    after: float
    health: float


class SilenceTruth(Struct, frozen=True, kw_only=True, tag_field="truth", tag="silence"):
    """Nothing that a pump says from `at` until `until` arrives, whatever happens to it."""

    at: datetime
    until: datetime
    pump: str


class PumpTruth(Struct, frozen=True, kw_only=True, tag_field="truth", tag="pump"):
    """A pump with something wrong; `health` is the share of its design capacity that its battery still has."""

    hospital: str
    care_area: str
    pump: str
    model: str
    faulty_keypad: bool
    loose_cord: bool
    health: float


Truth = EntryTruth | PowerTruth | MainsTruth | AlarmTruth | GaugeTruth | SilenceTruth | PumpTruth


def read(path: Path) -> Iterator[Truth]:
    """The truths of a file. Raises msgspec.MsgspecError for a line that is none."""
    decode = msgspec.json.Decoder(Truth).decode
    with path.open("rb") as lines:
        for line in lines:
            yield decode(line)


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
