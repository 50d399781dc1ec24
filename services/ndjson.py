"""Files of events, one JSON object a line, for commands that read them: FILE or -, line numbers, refusals, progress."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeVar

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from schemas.codec import MAX_BYTES
from services.failure import fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from schemas.codec import EventRefused

SHOW_EVERY = 1000


class Line(Protocol):
    """What one line led to."""

    @property
    def number(self) -> int:
        """Its number in the file, from 1."""

    @property
    def refusal(self) -> EventRefused | None:
        """Why it was refused, if it was."""


L = TypeVar("L", bound=Line)


def name_of(file: str) -> str:
    """How a file is called in messages."""
    return "standard input" if file == "-" else file


@contextlib.contextmanager
def opened(file: str) -> Iterator[BinaryIO]:
    """A file by its path, or standard input for `-`; a file that cannot be read ends the command."""
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        source = Path(file).open("rb")  # noqa: SIM115 (only what opening raises is answered here)
    except OSError as error:
        fail(f"cannot read {file}: {error.strerror}")
    with source:
        yield source


def numbered_lines(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines that are not empty, with their numbers and without the line end; what cannot be read ends the command.

    Of a line beyond the size of any event only the beginning: the codec refuses it as too large.
    """
    number = 0
    most = MAX_BYTES + 2
    while line := _read(source, most):
        number += 1
        rest = line
        while not rest.endswith(b"\n") and len(rest) == most:
            rest = _read(source, most)
        line = line.rstrip(b"\r\n")
        if line.strip():
            yield number, line


def _read(source: BinaryIO, most: int) -> bytes:
    try:
        return source.readline(most)
    except OSError as error:
        fail(f"cannot read {source.name}: {error.strerror}")


def accepted(file: str, lines: Iterable[L], *, doing: str, done: str) -> Iterator[L]:
    """Lines that were not refused. The others are reported on standard error and fail the command after the last.

    `doing` is what a terminal shows as progress, `done` what the last line says of the sound events.
    """
    name = name_of(file)
    number = refused = 0
    with progress(doing) as show:
        for line in lines:
            number = line.number
            if line.refusal is None:
                yield line
            else:
                refused += 1
                sys.stderr.write(f"{name}:{number}: {line.refusal.reason}\n")
            if number % SHOW_EVERY == 0:
                show(number)
    sys.stdout.flush()
    if not number:
        fail(f"{name} holds no events; give one JSON object a line", code=1)
    if refused:
        were = "was" if refused == 1 else "were"
        fail(f"{refused:,} of the events {were} refused; the others are {done}", code=1)


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[int], None]]:
    """How many lines are done, on standard error and only on a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn(f"{what}: {{task.completed:,.0f}} lines"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(what, total=None)
        yield lambda number: shown.update(task, completed=number)
