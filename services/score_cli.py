"""`pumpwatch score`: keystroke events from a file in, dose scores out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from schemas.library import Library, load_default
from services.library_file import read_sound
from services.ndjson import accepted, numbered_lines, opened
from services.score import score_lines
from streams.intent import parameters
from streams.intent.score import DoseScorer

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_HOSPITAL = "*"


def score(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Keystroke events as NDJSON; - for standard input.")],
    library: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="A hospital's drug library as YAML; may be given more than once. Others get the shipped one.",
        ),
    ] = None,
) -> None:
    """Score the dose entries of a file and write one dose score a line to standard output.

    The same code as in the stream. A line that is no sound event is reported on standard error with its number, the
    others are scored all the same, and the command then ends with exit code 1.

    Example: pumpwatch score keystrokes.ndjson > scores.ndjson
    """
    scorer = DoseScorer(parameters.load(), _libraries(library or []))
    with opened(file) as source:
        for scored in accepted(file, score_lines(numbered_lines(source), scorer), doing="scoring", done="scored"):
            sys.stdout.buffer.writelines(scored.scores)


def _libraries(files: list[str]) -> Callable[[str], Library]:
    own: dict[str, Library] = {}
    for file in files:
        library = read_sound(file)
        own[library.hospital] = Library(library)
    every = own.get(EVERY_HOSPITAL) or Library(load_default())
    return lambda hospital: own.get(hospital, every)
