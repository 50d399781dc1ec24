"""`pumpwatch training`: which unit needs which lesson, and what a training changed."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich import box
from rich.console import Console
from rich.table import Table as Shown

from schemas.library import Library, load_default
from services.failure import fail
from services.library_file import read_sound
from services.readmodel.alerts import hospitals
from services.readmodel.connection import UNAVAILABLE, connect
from services.reports.cli import day, required, zone_named
from services.reports.lessons import load_lessons
from services.reports.period import Period, find, today
from streams.settings import Settings

if TYPE_CHECKING:
    from services.reports.period import Cell
    from services.reports.table import Table


def training(
    hospital: Annotated[str, typer.Option(help="Whose units.")],
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day, as 2026-11-01.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day, included.")] = None,
    since_training: Annotated[
        str | None, typer.Option(metavar="DATE", help="Instead: what changed since a training that day; with --unit.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="The care area that was trained.")] = None,
    zone: Annotated[str, typer.Option(help="Time zone of the hospital's days, as Europe/Vienna.")] = "UTC",
    library: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The hospital's drug library: it says which unit is of which kind."),
    ] = None,
    redis: Annotated[str | None, typer.Option(help="Redis URL; PUMPWATCH_REDIS.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Say which unit needs which lesson, most avoidable harm first; or what a training has changed.

    Each unit is set beside the hospital's others. docs/benchmarks.md says how,
    and what is not promised.

    Example: pumpwatch training --hospital st-mary --from 2026-10-01 --to 2026-10-31
    """
    required()
    from services.reports import training_tables as tables  # noqa: PLC0415 (needs the extra)
    from services.reports.followup import MOST_WEEKS  # noqa: PLC0415

    clock = zone_named(zone)
    url = Settings.load(redis=redis).redis.get_secret_value()
    if since_training is not None:
        if unit is None:
            fail("--since-training needs --unit, the care area that was trained")
        on = day("--since-training", since_training)
        weeks = timedelta(weeks=MOST_WEEKS)
        cells = _cells(url, hospital, [Period(on - weeks, on - _DAY, clock), Period(on, on + weeks - _DAY, clock)])
        if unit not in {cell.of.care_area for cell in cells}:
            fail(f"--unit {unit}: nothing was entered there; it is spelled as on the board", code=1)
        found = [tables.follow_up_table(cells, load_lessons(), unit, on)]
    else:
        if first is None or to is None:
            fail("give the first and the last day with --from and --to, or --since-training")
        period = Period(day("--from", first), day("--to", to), clock)
        if period.last < period.first or period.first > today(clock):
            fail(f"--from {first} --to {to}: no day that is over lies between them")
        own = Library(load_default() if library is None else read_sound(library))
        found = tables.training_tables(_cells(url, hospital, [period]), period.length, load_lessons(), own.profile)
    for table in found:
        if as_json:
            for row in table.plain_rows():
                typer.echo(msgspec.json.encode(dict(zip(table.plain_columns(), row, strict=True))).decode())
        else:
            _show(table)


_DAY = timedelta(days=1)


def _cells(url: str, hospital: str, periods: list[Period]) -> list[Cell]:
    async def read() -> list[Cell]:
        redis = connect(url)
        try:
            if hospital not in await hospitals(redis):
                fail(f"--hospital {hospital}: nothing was heard of it; `pumpwatch doctor` tells what is read", code=1)
            return [cell for period in periods for cell in (await find(redis, hospital, period)).cells]
        finally:
            await redis.aclose()

    try:
        return asyncio.run(read())
    except UNAVAILABLE:
        fail("Redis does not answer; start it, or set PUMPWATCH_REDIS", code=1)


def _show(table: Table) -> None:
    """As Markdown where it goes into a file."""
    plain = not sys.stdout.isatty()
    console = Console(width=200) if plain else Console()
    shown = Shown(title=table.title, title_justify="left", box=box.MARKDOWN if plain else box.HEAVY_HEAD)
    for column in table.shown_columns():
        shown.add_column(column.title, justify="left" if column.kind == "text" else "right")
    for row in table.shown_rows():
        shown.add_row(*row)
    console.print(shown if table.rows else table.empty)
    if table.note:
        console.print(table.note)
