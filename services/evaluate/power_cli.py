"""`pumpwatch evaluate power`: how well the cause of infusing on battery and its end are told, beside the truth."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from services.evaluate.power_report import tables
from services.evaluate.power_run import PowerEvaluation, evaluate

_PUMPS, _DAYS, _BUSY = 600, 4.0, 2.0
_QUICK_PUMPS, _QUICK_DAYS, _QUICK_BUSY = 80, 1.0, 5.0


def power(
    pumps: Annotated[
        int | None, typer.Option(min=1, max=100_000, help=f"How many pumps; {_PUMPS} unless given.")
    ] = None,
    days: Annotated[
        float | None, typer.Option(min=0.1, max=60, help=f"How many days of theirs; {_DAYS:g} unless given.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same figures.")] = 1,
    busy: Annotated[
        float | None,
        typer.Option(min=0.01, max=100, help=f"Plugs pulled so many times as often; {_BUSY:g} unless given."),
    ] = None,
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="A small fleet for a day: seconds, and too few of most things for a claim.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Write the counts as JSON.")] = False,
) -> None:
    """Simulate a fleet whose truth is known, let the stream's own code hear it, and count what it told right.

    Beside it the same counts for a simple rule on the gauge's slope. docs/power.md says what each figure means.

    Example: pumpwatch evaluate power --days 4 --seed 1
    """
    usual = (_QUICK_PUMPS, _QUICK_DAYS, _QUICK_BUSY) if quick else (_PUMPS, _DAYS, _BUSY)
    evaluation = _watched(pumps or usual[0], days or usual[1], seed, busy or usual[2])
    if json:
        sys.stdout.buffer.write(msgspec.json.encode(evaluation) + b"\n")
        return
    console = Console()
    for table in tables(evaluation):
        console.print(table)


def _watched(pumps: int, days: float, seed: int, busy: float) -> PowerEvaluation:
    """With a line of progress on a terminal."""
    if not sys.stderr.isatty():
        return evaluate(pumps=pumps, days=days, seed=seed, busy=busy)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"{pumps:,} pumps, {days:g} days", total=1.0)
        return evaluate(
            pumps=pumps,
            days=days,
            seed=seed,
            busy=busy,
            on_progress=lambda share: progress.update(task, completed=share),
        )
