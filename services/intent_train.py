"""What was entered in infusion logs, for `pumpwatch intent train` to fit priors to, and the file they are written to.

Without logs of one's own they are the two public ones, and so come the shipped priors:
`pumpwatch intent train --out streams/intent/priors.yaml`. Only figures leave a log: for each drug and unit a mixture
of at most three densities, two quantiles and the values that several patients shared.

Which rows count as entered: in a dose unit, each row whose value differs from the one before it in the same stay. In
mL/h those of MIMIC-III that were programmed on an infusion pump (no feeds, no blood, no computed carriers); the value
before is that of the same chain of orders, as another bag of fluid is another programme. eICU's mL/h rows are left out:
many are volume totals of 3, 12 or 24 hours.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from schemas.library import Library, load_default
from services.public_logs import SOURCES, data_folder, pumped
from services.pumps.keystrokes import enterable
from services.pumps.logs import Entry, Log
from streams.intent.fit import Value
from streams.intent.priors import Priors, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LICENCE = "Open Data Commons Open Database License v1.0"


def read_public_logs() -> tuple[list[Value], list[Source], list[str]]:
    """Values and sources of the public logs, and what to say of their licence. Raises LogError."""
    values, sources = entered(data_folder())
    return values, sources, [f"A derivative of databases under the {LICENCE}, attribution below."]


def read_logs(paths: Iterable[str]) -> tuple[list[Value], list[Source], list[str]]:
    """Values, sources and digests of logs of one's own. Raises LogError."""
    library = Library(load_default())
    values: list[Value] = []
    sources, notes = [], []
    for path in paths:
        log = Log(path)
        found = [value for _, value in changes(_rows(path, log), library)]
        values += found
        name = "standard input" if path == "-" else Path(path).name
        sources.append(Source(name, "", "", log.rows, len(found)))
        notes.append(f"{name}: sha256 {log.digest}, {log.rows:,} rows, {len(found):,} taken for entered")
    return values, sources, notes


def entered(folder: Path) -> tuple[list[Value], list[Source]]:
    """The values taken for entered, in the order of the logs, and where they come from.

    Raises LogError if a log is missing or unreadable.
    """
    library = Library(load_default())
    values: list[Value] = []
    sources = []
    for name, (title, doi) in SOURCES.items():
        path = str(folder / name)
        log = Log(path)
        found = [value for _, value in changes(_rows(path, log), library)]
        values += found
        sources.append(Source(title, doi, LICENCE, log.rows, len(found)))
    return values, sources


def _rows(path: str, log: Log) -> list[tuple[Entry, str]]:
    """The rows of a log that may hold entries, in the order of their time, each with its chain of orders."""
    if log.kind == "mimic3":
        return pumped(Path(path), log.entries)
    if log.kind == "eicu":
        return [(row, "") for row in log.entries if row.unit != "mL/h"]
    return [(row, "") for row in sorted(log.entries, key=lambda row: row.at_ms)]


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
# What is entered on infusion pumps, fitted by `pumpwatch intent train`. Do not edit.
{notes}
#
# digits     shares of numbers by how round they are (streams/intent/roundness.py)
# titration  value / value before, as a mixture over its base-10 logarithm
# units      all drugs of a unit together; drugs: by drug, then unit
# density    [weight, mean, sd] over the base-10 logarithm of the value
# usual      values that three patients or more shared, and their share of the entries
"""


def write(priors: Priors, path: Path, notes: Iterable[str]) -> None:
    """Write a priors file with its explanation; `notes` say where the figures come from, a line each."""
    header = _HEADER.format(notes="\n".join(f"# {note}" for note in notes))
    path.write_text(header + msgspec.yaml.encode(priors).decode(), encoding="utf-8")
