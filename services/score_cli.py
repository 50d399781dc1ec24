"""`pumpwatch score`: keystroke events from a file in, dose scores out."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from schemas.library import Library, LibraryFileError, load_default, load_yaml
from services.failure import fail
from services.score import score_lines
from streams.intent import parameters
from streams.intent.score import DoseScorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVERY_HOSPITAL = "*"
_SHOW_EVERY = 1000


def score(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Keystroke events as NDJSON; - for standard input.")],
    library: Annotated[
        list[Path] | None,
        typer.Option(
            help="A hospital's drug library as YAML; may be given more than once. Others get the shipped one."
        ),
    ] = None,
) -> None:
    """Score the dose entries of a file and write one dose score a line to standard output.

    The same code as in the stream. A line that is no sound event is reported on standard error with its number, the
    others are scored all the same, and the command then ends with exit code 1.

    Example: pumpwatch score keystrokes.ndjson > scores.ndjson
    """
    scorer = DoseScorer(parameters.load(), _libraries(library or []))
    refused = 0
    with _opened(file) as source, _progress() as progress:
        for scored in score_lines(source, scorer):
            if scored.refusal is not None:
                refused += 1
                sys.stderr.write(f"{file}:{scored.number}: {scored.refusal.reason}\n")
            for line in scored.scores:
                sys.stdout.buffer.write(line)
            if scored.number % _SHOW_EVERY == 0:
                progress(scored.number)
        sys.stdout.buffer.flush()
    if refused:
        fail(f"{refused:,} of the events were refused; the others are scored", code=1)


def _libraries(files: list[Path]) -> Callable[[str], Library]:
    own: dict[str, Library] = {}
    for file in files:
        try:
            library = load_yaml(file)
        except LibraryFileError as error:
            fail(str(error))
        own[library.hospital] = Library(library)
    every = own.get(EVERY_HOSPITAL) or Library(load_default())
    return lambda hospital: own.get(hospital, every)


@contextlib.contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        source = Path(file).open("rb")  # noqa: SIM115 - only what opening raises is answered here
    except OSError as error:
        fail(f"cannot read {file}: {error.strerror}")
    with source:
        try:
            yield source
        except IsADirectoryError:
            fail(f"cannot read {file}: it is a folder")


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """How many lines are done, on standard error and only on a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} lines"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("scoring", total=None)
        yield lambda number: shown.update(task, completed=number)
