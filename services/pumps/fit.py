"""Derive `profiles.yaml` from the two public infusion logs: `python -m services.pumps.fit`.

The logs stand in `../shared/data` beside the project, or where PUMPWATCH_DATA says. Only figures leave them: for each
drug and unit quantiles of the values that were newly entered, of the ratio of one value to the one before, and of the
time between two entries; how many digits people used; and in which units of a hospital the drug was given.

Left out, because they are no typed values: enteral feeds and blood (other pumps, or none), the carrier rows of a mixed
solution (computed from the main order), and eICU's mL/h rows, many of which are volume totals (x3, x12, x24).
"""

from __future__ import annotations

import hashlib
import math
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from schemas import units
from schemas.library import Library, load_default
from services.public_logs import SOURCES, data_folder, pumped
from services.pumps.keystrokes import enterable
from services.pumps.logs import Entry, Log

QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
FEWEST_ENTRIES = 40  # below it nine quantiles say nothing (judgement)
PROFILES = Path(__file__).with_name("profiles.yaml")
_LICENCE = "Open Data Commons Open Database License v1.0 (ODbL-1.0)"
_KINDS = {
    "cardiac": ("CCU", "CSRU", "Cardiac ICU", "CCU-CTICU", "CSICU"),
    "surgical": ("SICU", "TSICU", "Neuro ICU"),
    "medical": ("MICU", "Med-Surg ICU"),
}


class Change(NamedTuple):
    """A newly entered value: `before` and `minutes` since then are None for the first of its infusion."""

    value: float
    before: float | None
    minutes: float | None
    kind: str


class Series(NamedTuple):
    """All rows of one drug and unit: how many were charted, and those that differ from the one before."""

    charted: int
    changes: list[Change]


def derive(folder: Path) -> dict[str, Any]:
    """The whole content of `profiles.yaml`. Raises LogError if a log is missing or unreadable."""
    rows: dict[tuple[str, str], list[tuple[str, Entry]]] = defaultdict(list)
    provenance = []
    library = Library(load_default())
    for name, (source, doi) in SOURCES.items():
        path = folder / name
        log = Log(str(path))
        typed = (
            [entry for entry in log.entries if entry.unit != "mL/h"]
            if log.kind == "eicu"
            else [entry for entry, _ in pumped(path, log.entries)]
        )
        for entry in typed:
            drug = library.canonical_drug(entry.drug)
            if drug and units.family(entry.unit):
                rows[drug, entry.unit].append((f"{entry.hospital}/{entry.place}", entry))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        provenance.append(
            {"source": source, "doi": doi, "licence": _LICENCE, "file": name, "sha256": digest, "rows": log.rows}
        )
    series = {key: _series(entries) for key, entries in sorted(rows.items())}
    fitted = {key: one for key, one in series.items() if len(one.changes) >= FEWEST_ENTRIES}
    return {
        "provenance": provenance,
        "quantiles": list(QUANTILES),
        "profiles": [_profile(drug, unit, one) for (drug, unit), one in fitted.items()],
    }


def _series(rows: list[tuple[str, Entry]]) -> Series:
    """Rows in order of the log, per stay; a row that repeats the value before was charted, not entered."""
    last: dict[str, Entry] = {}
    changes = []
    for place, entry in rows:
        value, before = enterable(entry.value), last.get(place)
        if before is not None and enterable(before.value) == value:
            continue
        minutes = None if before is None else (entry.at_ms - before.at_ms) / 60_000
        kind = next((kind for kind, areas in _KINDS.items() if entry.care_area in areas), "medical")
        changes.append(Change(value, None if before is None else enterable(before.value), minutes, kind))
        last[place] = entry
    return Series(len(rows), changes)


def _profile(drug: str, unit: str, series: Series) -> dict[str, Any]:
    changes = series.changes
    running = [change for change in changes if change.value > 0]
    starts = [change for change in running if not change.before]
    ratios = [change.value / change.before for change in running if change.before]
    gaps = [change.minutes for change in changes if change.minutes]
    kinds = Counter(change.kind for change in changes)
    return {
        "drug": drug,
        "unit": unit,
        "entries": len(changes),
        "typed": _round(len(changes) / series.charted),
        "stops": _round(len(starts) / len(running)),
        "start": _quantiles([change.value for change in (starts if len(starts) >= FEWEST_ENTRIES // 4 else running)]),
        "value": _quantiles([change.value for change in running]),
        "ratio": _quantiles(ratios),
        "minutes": _quantiles(gaps),
        "digits": _digits(changes),
        "kinds": {kind: kinds[kind] for kind in _KINDS},
    }


def _digits(changes: list[Change]) -> list[float]:
    """Shares of values with one significant digit, with two of which the second is 5, with other two, with more."""
    classes = Counter(_digit_class(change.value) for change in changes if change.value > 0)
    total = classes.total()
    return [_round(classes[index] / total) for index in range(4)]


def _digit_class(value: float) -> int:
    digits = f"{value:.6g}".replace(".", "").strip("0")
    if len(digits) == 1:
        return 0
    if len(digits) == 2:
        return 1 if digits[1] == "5" else 2
    return 3


def _quantiles(values: list[float]) -> list[float]:
    """The nine QUANTILES, interpolated between the two nearest observations."""
    ordered = sorted(values)
    out = []
    for share in QUANTILES:
        at = share * (len(ordered) - 1)
        low, high = ordered[math.floor(at)], ordered[math.ceil(at)]
        out.append(_round(low + (high - low) * (at - math.floor(at))))
    return out


def _round(value: float) -> float:
    return float(f"{value:.3g}")


_HEADER = f"""\
# What nurses enter: figures derived from two public infusion logs by `python -m services.pumps.fit`. Do not edit.
# A derivative of databases under the {_LICENCE}; attribution below.
#
# quantiles  the shares at which start, value, ratio and minutes are given
# entries    values newly entered (they differ from the row before in the same stay); typed: their share of all rows
# stops      infusions per entry: a start from nothing or from 0
# start      first value of an infusion; value: any value above 0; both in `unit`
# ratio      value / value before, both above 0; minutes: time between two entries
# digits     shares of values with 1 significant digit, with 2 ending in 5, with 2 others, with 3 or more
# kinds      entries by kind of care area
"""


def main() -> None:
    """Write `profiles.yaml` anew."""
    content = derive(data_folder())
    text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=140)
    PROFILES.write_text(_HEADER + text, encoding="utf-8")
    sys.stderr.write(f"{PROFILES.name}: {len(content['profiles'])} drugs and units\n")


if __name__ == "__main__":
    main()
