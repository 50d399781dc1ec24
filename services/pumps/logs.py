"""Infusion logs as rows: both public demo data sets and a plain format of one's own.

Three formats, told apart by their columns; each as CSV or NDJSON, gzipped or not:

- MIMIC-III demo (`care_unit, stay, start, drug, unit, entered_rate, ...`): hospital `mimic3`
- eICU demo (`hospital, unit_type, stay, offset_min, drug, unit, rate, ...`): hospitals `eicu-<number>`
- one's own: `hospital, care_area, pump, at, drug, unit, value` and, where known, `previous, channel, field, model,
  concentration`. `at` is RFC 3339 with a time zone; `value` is what the nurse entered, in `unit`.

A row is usable when its number, its drug and its time are; the others are counted by reason.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from schemas import units
from schemas.events import Field
from services.pumps.tables import LogError, Row, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal["mimic3", "eicu", "own"]

MAX_VALUE = 10_000_000  # schemas.events.Quantity
MAX_NAME = 64
MAX_DRUG = 128
_FIELDS = get_args(Field)
_COLUMNS: dict[Kind, tuple[str, ...]] = {
    "mimic3": ("care_unit", "stay", "start", "drug", "unit", "entered_rate"),
    "eicu": ("hospital", "unit_type", "stay", "offset_min", "drug", "unit", "rate"),
    "own": ("hospital", "care_area", "pump", "at", "drug", "unit", "value"),
}


class Entry(NamedTuple):
    """One row: a value that was entered. `at_ms` counts from the start of the stay, in one's own logs from 1970.

    `unit` is canonical where it is a known unit, else as charted, `unknown` where there is none. `place` is what
    one pump stands for: a stay, or a pump's serial number. `channel` is 0 where the log does not say; `lasts_ms` is for
    how long the value ran, if it says.
    """

    line: int
    hospital: str
    care_area: str
    place: str
    at_ms: int
    drug: str
    unit: str
    value: float
    field: Field
    previous: float | None = None
    channel: int = 0
    model: str | None = None
    concentration: float | None = None
    lasts_ms: int | None = None


class Log:
    """A log read whole: its usable entries in the order of the file, and how many rows were left out why."""

    def __init__(self, path: str) -> None:
        self.rows = 0
        self.left_out: Counter[str] = Counter()
        self.entries: list[Entry] = []
        text = text_of(path)
        self.digest = hashlib.sha256(text.encode()).hexdigest()
        header, rows = rows_of(text, path)
        self.kind = _kind(header, path)
        read = _READERS[self.kind]
        for line, row in rows:
            self.rows += 1
            try:
                self.entries.append(read(line, row))
            except _LeftOutError as reason:
                self.left_out[str(reason)] += 1


class _LeftOutError(Exception):
    """Why a row holds no entry."""


def _kind(header: frozenset[str], path: str) -> Kind:
    for kind, columns in _COLUMNS.items():
        if header.issuperset(columns):
            return kind
    nearest = max(_COLUMNS, key=lambda kind: (len(header.intersection(_COLUMNS[kind])), kind == "own"))
    missing = [column for column in _COLUMNS[nearest] if column not in header]
    raise LogError(
        f"{path}: no column `{missing[0]}`; an infusion log has the columns {', '.join(_COLUMNS['own'])} "
        "(or those of the MIMIC-III or eICU demo)"
    )


def _mimic3(line: int, row: Row) -> Entry:
    starts_ms = _wall_ms(row, "start")
    try:
        lasts_ms = max(_wall_ms(row, "end") - starts_ms, 0)
    except _LeftOutError:
        lasts_ms = None
    return Entry(
        line,
        "mimic3",
        _name(row, "care_unit"),
        _name(row, "stay"),
        starts_ms,
        _name(row, "drug", MAX_DRUG),
        unit := _unit(row),
        _number(row, "entered_rate"),
        _field(unit),
        lasts_ms=lasts_ms,
    )


def _eicu(line: int, row: Row) -> Entry:
    value = _number(row, "rate")
    minutes = _optional(row, "offset_min")
    if minutes is None:
        raise _LeftOutError("no time")
    mass, volume = _optional(row, "drug_amount_mg"), _optional(row, "volume_ml")
    return Entry(
        line,
        f"eicu-{_name(row, 'hospital')}",
        _name(row, "unit_type"),
        _name(row, "stay"),
        round(minutes * 60_000),
        _name(row, "drug", MAX_DRUG),
        unit := _unit(row),
        value,
        _field(unit),
        concentration=float(f"{mass / volume:.6g}") if mass and volume and mass > 0 and volume > 0 else None,
    )


def _own(line: int, row: Row) -> Entry:
    unit = _unit(row)
    field = row.get("field") or _field(unit)
    if field not in _FIELDS:
        raise _LeftOutError("unknown field")
    channel = _optional(row, "channel") or 0
    if not 0 <= channel <= 64 or channel != int(channel):
        raise _LeftOutError("channel not 1 to 64")
    previous, concentration = _optional(row, "previous"), _optional(row, "concentration")
    return Entry(
        line,
        _name(row, "hospital"),
        _name(row, "care_area"),
        _name(row, "pump"),
        _zoned_ms(row, "at"),
        _name(row, "drug", MAX_DRUG),
        unit,
        _number(row, "value"),
        field,  # type: ignore[arg-type]
        previous if previous is not None and 0 <= previous <= MAX_VALUE else None,
        int(channel),
        _text_of(row, "model") or None,
        concentration if concentration is not None and 0 <= concentration <= MAX_VALUE else None,
    )


_READERS: Mapping[Kind, Callable[[int, Row], Entry]] = {"mimic3": _mimic3, "eicu": _eicu, "own": _own}


def _text_of(row: Row, column: str) -> str:
    value = row.get(column)
    return "" if value is None else " ".join(str(value).split())


def _name(row: Row, column: str, longest: int = MAX_NAME) -> str:
    name = _text_of(row, column)
    if not name:
        raise _LeftOutError(f"no {column}")
    if not name.isprintable():
        raise _LeftOutError(f"{column} with a control character")
    return name[:longest]


def _unit(row: Row) -> str:
    """The canonical unit, or what was charted; nothing is guessed where the log names none."""
    text = _text_of(row, "unit")
    return units.canonical(text) or text[:MAX_NAME].lower() or "unknown"


def _field(unit: str) -> Field:
    return "rate" if units.family(unit) == "volume/time" else "dose"


def _number(row: Row, column: str) -> float:
    text = _text_of(row, column)
    if not text:
        raise _LeftOutError("no number")
    value = _optional(row, column)
    if value is None:
        raise _LeftOutError("not a number")
    if value < 0:
        raise _LeftOutError("negative")
    if value > MAX_VALUE:
        raise _LeftOutError(f"above {MAX_VALUE:,}")
    return value


def _optional(row: Row, column: str) -> float | None:
    """A finite number, or None where there is none."""
    try:
        value = float(_text_of(row, column))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _wall_ms(row: Row, column: str) -> int:
    """The wall-clock time of a de-identified stay: without a zone, and in a made-up year."""
    try:
        at = datetime.fromisoformat(_text_of(row, column))
    except ValueError:
        raise _LeftOutError("no time") from None
    return round(at.replace(tzinfo=UTC).timestamp() * 1000)


def _zoned_ms(row: Row, column: str) -> int:
    try:
        at = datetime.fromisoformat(_text_of(row, column))
    except ValueError:
        raise _LeftOutError("no time") from None
    if at.tzinfo is None:
        raise _LeftOutError("time without a zone")
    return round(at.timestamp() * 1000)
