"""`pumpwatch library`: check a hospital's drug library, show what holds for a drug, publish it to the workers."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from schemas import codec
from schemas.drugs.care_areas import PROFILES
from schemas.events import DrugLibrary
from schemas.library import ANY_DRUG, Library, load_default
from schemas.topics import DRUG_LIBRARY
from services import one_record
from services.failure import fail
from services.library_file import read, read_sound
from services.ndjson import name_of
from streams.settings import Settings

if TYPE_CHECKING:
    from schemas.events import LibraryRow

app = typer.Typer(
    help="Drug libraries: check a hospital's file, show limits, publish it.\n\n"
    "Example: pumpwatch library show --drug heparin",
    no_args_is_help=True,
    add_completion=False,
)

File = Annotated[str, typer.Argument(help="A library as YAML, or - for standard input.", show_default=False)]


@app.command()
def check(file: File) -> None:
    """Name every problem of a library file with its line or its row; exit 2 if there is one.

    Example: pumpwatch library check st-example.yaml
    """
    found = read_sound(file)
    typer.echo(f"{name_of(file)} is sound: {_summary(found)}")


@app.command()
def show(
    file: Annotated[str | None, typer.Argument(help="A library as YAML, or -; ours if absent.")] = None,
    *,
    drug: Annotated[str | None, typer.Option(help="Only this drug, by any of its names.")] = None,
    care_area: Annotated[str | None, typer.Option(help="Only this care area, by the hospital's name for it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Show the limits of the shipped library or of a file.

    Example: pumpwatch library show --drug levophed --care-area "Med-Surg ICU"
    """
    found = load_default() if file is None else read(file)
    index = Library(found)
    rows = found.rows
    if drug is not None:
        wanted = ANY_DRUG if drug == ANY_DRUG else index.canonical_drug(drug)
        if wanted is None:
            fail(f"the library of {_whose(found)} knows no drug `{drug}`; `pumpwatch library show` lists all")
        rows = [row for row in rows if row.drug == wanted]
    if care_area is not None:
        profile = index.profile(care_area)
        rows = [row for row in rows if row.care_area == profile]
    if as_json:
        typer.echo(json.dumps([msgspec.to_builtins(row) for row in rows], indent=2, ensure_ascii=False))
        return
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(_limits_table(rows) if drug else _drugs_table(rows))
    console.print(_summary(found), highlight=False)


@app.command()
def publish(
    file: File, kafka: Annotated[str | None, typer.Option(help="Bootstrap servers; PUMPWATCH_KAFKA.")] = None
) -> None:
    """Check a library file and publish it: workers use it for its hospital from the next entry on.

    Example: pumpwatch library publish st-example.yaml
    """
    found = read_sound(file)
    try:
        value = codec.encode(found)
        codec.decode(DrugLibrary, value)
    except codec.EventRefused as refusal:
        fail(f"{name_of(file)}: {refusal.reason}")
    one_record.publish(Settings.load(kafka=kafka), DRUG_LIBRARY, found.hospital, found, value)
    typer.echo(f"published to {DRUG_LIBRARY}: {_summary(found)}")


def _summary(found: DrugLibrary) -> str:
    drugs = {row.drug for row in found.rows} - {ANY_DRUG}
    return f"{_whose(found)}, version {found.version}, {_count(len(drugs), 'drug')}, {_count(len(found.rows), 'row')}"


def _whose(found: DrugLibrary) -> str:
    return "every hospital" if found.hospital == "*" else found.hospital


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _drugs_table(rows: list[LibraryRow]) -> Table:
    """One line a drug, with the number of rows in each care area."""
    table = Table("drug", "high alert", *PROFILES, "also called", box=None)
    for drug in dict.fromkeys(row.drug for row in rows):
        of_drug = [row for row in rows if row.drug == drug]
        counts = [str(sum(row.care_area == profile for row in of_drug) or "") for profile in PROFILES]
        table.add_row(drug, "yes" if of_drug[0].high_alert else "", *counts, ", ".join(of_drug[0].aliases[:3]))
    return table


def _limits_table(rows: list[LibraryRow]) -> Table:
    """One line a row: hard and soft limits as low-high."""
    table = Table("care area", "field", "unit", "soft", "hard", "source", box=None)
    for row in rows:
        soft, hard = _span(row.soft_low, row.soft_high), _span(row.hard_low, row.hard_high)
        table.add_row(row.care_area, row.field, row.unit, soft, hard, row.source)
    return table


def _span(low: float | None, high: float | None) -> str:
    if low is None:
        return "" if high is None else f"up to {high:,.10g}"
    return f"from {low:,.10g}" if high is None else f"{low:,.10g} - {high:,.10g}"
