"""`pumpwatch score`: keystroke events from a file in, dose scores out."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 (typer reads the annotation)
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.codec import encode
from schemas.library import Library, load_default
from services.failure import fail
from services.library_file import read_sound
from services.ndjson import accepted, numbered_lines, opened
from services.score import score_lines
from streams.intent import parameters, priors
from streams.intent.learned import Learned
from streams.intent.score import DoseScorer
from streams.intent.teacher import Teacher

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_HOSPITAL = "*"


def score(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Keystroke events as NDJSON; - for standard input.")],
    *,
    library: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="A hospital's drug library as YAML; may be given more than once. Others get the shipped one.",
        ),
    ] = None,
    own_priors: Annotated[
        Path | None,
        typer.Option("--priors", metavar="FILE", help="Priors by `pumpwatch intent train` instead of the shipped."),
    ] = None,
    learn: Annotated[
        bool, typer.Option("--learn", help="Learn in the order of the file, each entry scored before it is learned.")
    ] = False,
    state_out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --learn: write what was learned, for `pumpwatch intent explain`."),
    ] = None,
) -> None:
    """Score the dose entries of a file and write one dose score a line to standard output.

    The same code as in the stream. A line that is no sound event is reported on standard error with its number, the
    others are scored all the same, and the command then ends with exit code 1.

    Example: pumpwatch score keystrokes.ndjson > scores.ndjson
    """
    if state_out is not None and not learn:
        fail("--state-out needs --learn: nothing is learned without it")
    if state_out is not None and not state_out.parent.is_dir():
        fail(f"{state_out.parent} is no folder; make it, or give --state-out another place")
    libraries = _libraries(library or [])
    learned = Learned() if learn else None
    teacher = None if learned is None else Teacher(learned, libraries)
    scorer = DoseScorer(parameters.load(), libraries, _priors(own_priors), learned)
    try:
        with opened(file) as source:
            lines = score_lines(numbered_lines(source), scorer, teacher)
            for scored in accepted(file, lines, doing="scoring", done="scored"):
                sys.stdout.buffer.writelines(scored.scores)
    finally:
        if learned is not None and state_out is not None:
            state_out.write_bytes(b"".join(encode(state) + b"\n" for state in learned.take_changed(0)))


def _priors(file: Path | None) -> priors.Priors | None:
    try:
        return None if file is None else priors.read(file)
    except priors.PriorsError as error:
        fail(str(error))


def _libraries(files: list[str]) -> Callable[[str], Library]:
    own: dict[str, Library] = {}
    for file in files:
        library = read_sound(file)
        own[library.hospital] = Library(library)
    every = own.get(EVERY_HOSPITAL) or Library(load_default())
    return lambda hospital: own.get(hospital, every)
