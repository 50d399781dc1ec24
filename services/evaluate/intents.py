"""What nurses meant to enter: the values of the two public logs, each with its programme's other fields.

A row of a log holds more than its value: the flow beside a dose, the volume of the bag, the patient's weight,
the concentration. A value is confused with these numbers, and a pump could know them of the programme.
"""

from __future__ import annotations

import csv
import gzip
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from schemas import units
from schemas.library import Library, load_default
from services.intent_train import changes
from services.public_logs import SOURCES, pumped
from services.pumps.keystrokes import enterable
from services.pumps.logs import Log

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from schemas.events import Field
    from services.pumps.logs import Entry
    from streams.intent.fit import Value

MIMIC = "mimic3"
LEAST_BESIDE, MOST_BESIDE = 0.01, 10_000.0


class Beside(NamedTuple):
    """Another field of the same programme, with what stands in it."""

    field: Field
    value: float
    unit: str


class Intent(NamedTuple):
    """One value that a nurse meant to enter.

    `entered` is the same for fitting priors: canonical drug and unit, and the value before. `drug` is as charted.
    `infusion` is hospital, stay, drug, unit and chain of orders; `at_ms` counts in the log's own time of the stay.
    `concentration` is in the amount of the dose unit per mL, None for flows; `ratios` are those of two usual
    concentrations in the library.
    """

    entered: Value
    infusion: tuple[str, ...]
    care_area: str
    at_ms: int
    drug: str
    field: Field
    concentration: float | None
    beside: tuple[Beside, ...]
    ratios: tuple[float, ...]


class Intents(NamedTuple):
    """All intents in the order of the logs, and what else may fit priors where MIMIC-III is the one tested.

    eICU's flows in mL/h are no intents, as many are totals of several hours. They are what a fit without
    MIMIC-III would have to learn flows from.
    """

    of_logs: list[Intent]
    eicu_flows: list[Intent]


def read(folder: Path) -> Intents:
    """The intents of both logs. Raises LogError if a log is missing or unreadable."""
    library = Library(load_default())
    strengths = _Strengths(library)
    of_logs: list[Intent] = []
    flows: list[Intent] = []
    for name in SOURCES:
        path = folder / name
        log = Log(str(path))
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        entries = pumped(path, log.entries) if log.kind == MIMIC else [(one, "") for one in log.entries]
        chains = {entry.line: chain for entry, chain in entries if entry.unit == "mL/h"}
        for entry, value in changes(entries, library):
            concentration, beside = _programme(entry, rows[entry.line - 2], strengths.usual(value.drug))
            total = log.kind != MIMIC and value.unit == "mL/h"
            (flows if total else of_logs).append(
                Intent(
                    value,
                    (*value[:4], chains.get(entry.line, "")),
                    entry.care_area,
                    entry.at_ms,
                    entry.drug,
                    entry.field,
                    concentration,
                    beside,
                    strengths.ratios(value.drug),
                )
            )
    return Intents(of_logs, flows)


class _Strengths:
    """The usual concentrations of each drug in the library."""

    def __init__(self, library: Library) -> None:
        self._usual = {
            library.canonical_drug(row.drug) or row.drug: tuple((one.value, one.unit) for one in row.concentrations)
            for row in load_default().rows
            if row.concentrations
        }
        self.ratios = lru_cache(1024)(self._ratios)

    def usual(self, drug: str) -> tuple[tuple[float, str], ...]:
        """Value and unit of each."""
        return self._usual.get(drug, ())

    def _ratios(self, drug: str) -> tuple[float, ...]:
        """All ratios of two of them."""
        return tuple(
            sorted(
                {
                    one * factor / other
                    for one, unit in self.usual(drug)
                    for other, wanted in self.usual(drug)
                    if one != other and (factor := units.ratio(unit, wanted))
                }
            )
        )


def _programme(
    entry: Entry, row: dict[str, str], usual: Iterable[tuple[float, str]]
) -> tuple[float | None, tuple[Beside, ...]]:
    """Concentration and the other fields, as far as the row tells them."""
    amount, *per = entry.unit.split("/")
    concentration = None
    if entry.field == "dose":
        in_mg = entry.concentration
        factor = units.ratio("mg/mL", f"{amount}/mL")
        if in_mg and factor:
            concentration = float(f"{in_mg * factor:.6g}")
        else:
            known = (value * ratio for value, unit in usual if (ratio := units.ratio(unit, f"{amount}/mL")))
            concentration = next(known, None)
    weight = _number(row.get("weight_kg"))
    found = []
    if weight:
        found.append(Beside("weight", enterable(weight), "kg"))
    if entry.field == "dose":
        flow = _number(row.get("infusion_rate_ml_h"))
        if not flow and concentration:
            flow = _flow(entry, concentration, weight if "kg" in per else 1.0)
        if flow:
            found.append(Beside("rate", enterable(float(f"{flow:.3g}")), "mL/h"))
    volume = _number(row.get("volume_ml")) or (_number(row.get("amount")) if row.get("amount_unit") == "ml" else None)
    if volume:
        found.append(Beside("vtbi", enterable(volume), "mL"))
    kept = (one for one in found if LEAST_BESIDE <= one.value <= MOST_BESIDE and one.value != enterable(entry.value))
    return concentration, tuple(kept)


def _flow(entry: Entry, concentration: float, weight: float | None) -> float | None:
    """The mL/h that a dose runs at, or None where the weight it depends on is unknown."""
    amount, *per = entry.unit.split("/")
    per_hour = units.ratio("/".join([amount, *(part for part in per if part != "kg")]), f"{amount}/h")
    return entry.value * per_hour * weight / concentration if per_hour and weight else None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if value > 0 else None
