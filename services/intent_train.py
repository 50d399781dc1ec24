"""Fits the shipped priors to the two public infusion logs: `python -m services.intent_train`.

The logs stand in `../shared/data` beside the project, or where PUMPWATCH_DATA says. Only figures leave them: for each
drug and unit a mixture of at most three densities, two quantiles and the values that several patients shared.

Which rows count as entered: in a dose unit, each row whose value differs from the one before it in the same stay. In
mL/h those of MIMIC-III that were programmed on an infusion pump (no feeds, no blood, no computed carriers); the value
before is that of the same chain of orders, as another bag of fluid is another programme. eICU's mL/h rows are left out:
many are volume totals of 3, 12 or 24 hours.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from schemas.library import Library, load_default
from services.public_logs import SOURCES, data_folder, pumped
from services.pumps.keystrokes import enterable
from services.pumps.logs import Entry, Log
from streams.intent.fit import Value, fit
from streams.intent.priors import Priors, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PRIORS = Path(__file__).parents[1] / "streams" / "intent" / "priors.yaml"
LICENCE = "Open Data Commons Open Database License v1.0"


def entered(folder: Path) -> tuple[list[Value], list[Source]]:
    """The values taken for entered, in the order of the logs, and where they come from.

    Raises LogError if a log is missing or unreadable.
    """
    library = Library(load_default())
    values: list[Value] = []
    sources = []
    for name, (title, doi) in SOURCES.items():
        path = folder / name
        log = Log(str(path))
        if log.kind == "mimic3":
            rows = pumped(path, log.entries)
        else:
            rows = [(row, "") for row in log.entries if row.unit != "mL/h"]
        found = [value for _, value in changes(rows, library)]
        values += found
        sources.append(Source(title, doi, LICENCE, log.rows, len(found)))
    return values, sources


def changes(entries: Iterable[tuple[Entry, str]], library: Library) -> Iterator[tuple[Entry, Value]]:
    """Rows that differ from the one before of the same stay, drug and unit: the others were charted, not entered.

    The second of each pair is its chain of orders; in mL/h a new chain is a new infusion. Each with what was entered.
    """
    last: dict[tuple[str, ...], float] = {}
    for entry, chain in entries:
        if entry.unit == "unknown":
            continue
        drug = library.canonical_drug(entry.drug) or " ".join(entry.drug.casefold().split())
        place = (entry.hospital, entry.place, drug, entry.unit, chain if entry.unit == "mL/h" else "")
        value, before = enterable(entry.value), last.get(place)
        if value == before:
            continue
        last[place] = value
        if value <= 0:
            continue
        yield entry, Value(entry.hospital, entry.place, drug, entry.unit, value, before)


_HEADER = """\
# What is entered on infusion pumps, fitted by `python -m services.intent_train`. Do not edit.
# A derivative of databases under the Open Data Commons Open Database License v1.0, attribution below.
#
# digits     shares of numbers by how round they are (streams/intent/roundness.py)
# titration  value / value before, as a mixture over its base-10 logarithm
# units      all drugs of a unit together; drugs: by drug, then unit
# density    [weight, mean, sd] over the base-10 logarithm of the value
# usual      values that three patients or more shared, and their share of the entries
"""


def write(priors: Priors, path: Path) -> None:
    """Write a priors file with its explanation."""
    text = msgspec.yaml.encode(priors).decode()
    path.write_text(_HEADER + text, encoding="utf-8")


def main() -> None:
    """Write `streams/intent/priors.yaml` anew."""
    values, sources = entered(data_folder())
    priors = fit(values, sources, "2026-11-23")
    write(priors, PRIORS)
    drugs = sum(len(units) for units in priors.drugs.values())
    sys.stderr.write(f"{PRIORS.name}: {drugs} drugs and units from {len(values)} entered values\n")


if __name__ == "__main__":
    main()
