"""The two public infusion logs from which the shipped figures are derived.

They stand in `../shared/data` beside the project, or where PUMPWATCH_DATA says. Only figures leave them.
"""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.pumps.logs import Entry

# File: title and DOI.
SOURCES = {
    "mimic3-demo-infusions.csv.gz": (
        "Johnson et al., MIMIC-III Clinical Database Demo v1.4, PhysioNet",
        "10.13026/C2HM2Q",
    ),
    "eicu-demo-infusions.csv.gz": (
        "Johnson et al., eICU Collaborative Research Database Demo, PhysioNet",
        "10.13026/4mxk-na84",
    ),
}
_NO_PUMP = ("13-Enteral Nutrition", "07-Blood Products")


def data_folder() -> Path:
    """Where the logs are: PUMPWATCH_DATA, or `shared/data` beside the project."""
    return Path(os.environ.get("PUMPWATCH_DATA") or Path(__file__).parents[2] / "shared" / "data")


def pumped(path: Path, entries: Iterable[Entry]) -> list[tuple[Entry, str]]:
    """MIMIC's rows that were programmed on an infusion pump, each with its chain of orders.

    No feeds, no blood, no computed carriers.
    """
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        (entry, row["link_order"])
        for entry in entries
        if (row := rows[entry.line - 2])["category"] not in _NO_PUMP and row["component"].startswith("Main")
    ]
