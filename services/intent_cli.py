"""`pumpwatch intent`: what was learned of a drug, and priors fitted to infusion logs of one's own."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 (typer reads the annotation)
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from schemas.library import Library, load_default
from services import learned
from services.failure import fail
from services.intent_train import read_logs, read_public_logs, write
from services.ndjson import numbered_lines, opened
from services.pumps.tables import LogError
from streams.cluster import ClusterError
from streams.intent import priors
from streams.intent.fit import fit
from streams.readback import ReadbackError
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.learned import Known, Spread
    from streams.intent.learned import Learned

FEWEST_VALUES = 200
"""Fewer entered values than this say nothing of how round numbers are or how doses change (judgement)."""

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The intent engine: what it has learned, and its priors.\n\nExample: pumpwatch intent explain --drug heparin",
)


@app.command()
def explain(
    *,
    drug: Annotated[str, typer.Option(help="The drug, by any of its names.")],
    hospital: Annotated[str | None, typer.Option(help="Only this hospital.")] = None,
    state: Annotated[
        str | None, typer.Option(metavar="FILE", help="Learned states as NDJSON instead of from Kafka; - for stdin.")
    ] = None,
    kafka: Annotated[str | None, typer.Option(help="Bootstrap servers; PUMPWATCH_KAFKA.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Show what each hospital enters for a drug as the workers learned it, beside what ships.

    Example: pumpwatch intent explain --drug heparin --hospital st-example
    """
    name = Library(load_default()).canonical_drug(drug) or " ".join(drug.casefold().split())
    found = list(learned.known(_learned(state, kafka), priors.load(), name, hospital))
    if as_json:
        typer.echo(json.dumps([_plain(one) for one in found], indent=2, ensure_ascii=False))
        return
    if not found:
        where = "" if hospital is None else f" at {hospital}"
        fail(f"nothing was learned of {name}{where} yet; entries teach once a later one shows that they stood", code=1)
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(_table(found))
    console.print(_shipped(found), highlight=False)


@app.command()
def train(
    logs: Annotated[
        list[str] | None, typer.Argument(metavar="LOG...", help="Infusion logs; the two public ones if absent.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write the priors, as YAML.")],
    version: Annotated[str | None, typer.Option(help="Version of the priors; today's date if absent.")] = None,
) -> None:
    """Fit priors to what was entered in infusion logs and write them with where they come from.

    A log is CSV or NDJSON with the columns hospital, care_area, pump, at, drug, unit, value, as for `replay`. Workers
    use the file where PUMPWATCH_INTENT_PRIORS names it.

    Example: pumpwatch intent train infusions.csv --out priors.yaml
    """
    if not out.parent.is_dir():
        fail(f"{out.parent} is no folder; make it, or give --out another place")
    try:
        values, sources, notes = read_logs(logs) if logs else read_public_logs()
    except LogError as error:
        fail(str(error))
    if len(values) < FEWEST_VALUES:
        fail(f"{len(values)} entered values are too few to fit priors to; give logs with {FEWEST_VALUES} or more")
    fitted = fit(values, sources, version or f"{datetime.now(UTC):%Y-%m-%d}")
    write(fitted, out, notes)
    drugs = sum(len(of_unit) for of_unit in fitted.drugs.values())
    typer.echo(f"{out}: {drugs:,} drugs and units from {len(values):,} entered values")


def _learned(state: str | None, kafka: str | None) -> Learned:
    if state is not None:
        with opened(state) as source:
            found = learned.from_lines(line for _, line in numbered_lines(source))
        if not len(found):
            fail(f"{state} holds no learned states that this version can use; give one IntentState a line")
        return found
    try:
        return learned.from_topic(Settings.load(kafka=kafka))
    except (ClusterError, ReadbackError) as error:
        fail(str(error))


def _plain(one: Known) -> dict[str, Any]:
    return one._asdict() | {
        "values": one.values and one.values._asdict(),
        "shipped": one.shipped and one.shipped._asdict(),
    }


def _table(found: Iterable[Known]) -> Table:
    table = Table(
        "hospital",
        "unit",
        "profile",
        "entries",
        "usual values",
        "5 - 50 - 95%",
        "slips",
        "taken back",
        "newest",
        box=None,
    )
    for one in found:
        usual = ", ".join(f"{value:g} ({share:.0%})" for value, share in one.usual.items())
        table.add_row(
            ("every hospital" if one.hospital == "*" else one.hospital) + (" (simulated)" if one.test else ""),
            one.unit,
            one.profile,
            f"{one.entries:,.1f}",
            usual,
            _span(one.values),
            _counted(one.slips),
            _counted(one.taken_back),
            one.newest_at[:16].replace("T", " "),
        )
    return table


def _shipped(found: list[Known]) -> str:
    lines = []
    for unit, shipped in {one.unit: one.shipped for one in found}.items():
        if shipped is None:
            lines.append(f"shipped for {unit}: nothing of this drug; its prior comes from the library and the unit")
        else:
            usual = ", ".join(f"{value:g} ({share:.0%})" for value, share in list(shipped.usual.items())[:6])
            lines.append(
                f"shipped for {unit}: {shipped.entries:,} entries, 90% within {shipped.p5:g} - {shipped.p95:g}"
                f"{f'; usual {usual}' if usual else ''}"
            )
    versions = {one.learning_version for one in found}
    return "\n".join([*lines, f"counted by {', '.join(versions)}; priors {priors.load().version}"])


def _counted(slips: dict[str, float]) -> str:
    return ", ".join(f"{slip} {count:.1f}" for slip, count in slips.items())


def _span(spread: Spread | None) -> str:
    return "" if spread is None else f"{spread.p5:g} - {spread.p50:g} - {spread.p95:g}"
