"""`pumpwatch evaluate`: the intent model on hospitals it has not seen; sub-commands evaluate other parts.

scikit-learn and matplotlib come with an extra, so all that needs them is imported when it is asked for.
"""

from __future__ import annotations

import contextlib
import sys
from importlib.util import find_spec
from pathlib import Path  # noqa: TC003 (typer reads the annotations)
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich import box
from rich.console import Console

from services.evaluate.power_cli import power
from services.failure import fail
from services.public_logs import SOURCES, data_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.evaluate.report import Evaluation

NEEDED = ("numpy", "sklearn", "matplotlib")
SEED = 20261123

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, invoke_without_command=True)


@app.callback()
def evaluate(
    context: typer.Context,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same figures.")] = SEED,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the public logs are; else PUMPWATCH_DATA.")
    ] = None,
    plots: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Draw calibration and precision against recall there, as PNG.")
    ] = None,
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="A tenth of the entries: for a look, not for a claim.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Write all figures as JSON.")] = False,
) -> None:
    """Measure the intent model on real values from hospitals it has not seen, with slips of the simulator.

    Side by side: library limits, ratio to the value before, one-class SVM,
    Pumpwatch, and an oracle that knows how slips are made. docs/evaluation.md
    says what each figure means.

    Example: pumpwatch evaluate --plots figures
    """
    if context.invoked_subcommand is not None:
        return
    _require()
    folder = data or data_folder()
    for name in SOURCES:
        if not (folder / name).is_file():
            fail(f"{folder / name} is missing: put the public logs there, or name their folder with --data")
    evaluation = _evaluated(folder, seed, quick=quick)
    if json:
        sys.stdout.buffer.write(msgspec.json.encode(evaluation.report) + b"\n")
    else:
        _show(evaluation, plain=not sys.stdout.isatty())
    if plots is not None:
        _draw(evaluation, plots)


def _require() -> None:
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        fail(f"{' and '.join(missing)} is not installed; `pip install 'pumpwatch[evaluate]'` brings it")


def _evaluated(folder: Path, seed: int, *, quick: bool) -> Evaluation:
    from services.evaluate.report import Evaluation  # noqa: PLC0415 (needs the extra)
    from services.pumps.tables import LogError  # noqa: PLC0415

    with _progress() as tell:
        try:
            return Evaluation(folder, seed, quick=quick, tell=tell)
        except LogError as error:
            fail(str(error))


def _show(evaluation: Evaluation, *, plain: bool) -> None:
    """Tables; as Markdown where they go into a file."""
    from services.evaluate.tables import tables  # noqa: PLC0415

    console = Console(width=200) if plain else Console()
    for table in tables(evaluation.report):
        table.box = box.MARKDOWN if plain else table.box
        console.print(table)
        console.print()


def _draw(evaluation: Evaluation, folder: Path) -> None:
    from services.evaluate.plots import draw  # noqa: PLC0415 (needs the extra)

    for name, judged in (("cold", evaluation.cold), ("warm", evaluation.warm)):
        for path in draw(folder, name, judged):
            sys.stderr.write(f"{path}\n")


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """What is being done, on standard error and only on a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _what: None
        return
    with console.status("starting") as status:
        yield status.update


# Sub-commands. Each is `pumpwatch evaluate NAME`.
app.command()(power)
