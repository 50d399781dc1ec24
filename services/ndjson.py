"""Files of events, one JSON object a line, for commands that read them: FILE or -, line numbers, progress."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from schemas.codec import MAX_BYTES
from services.failure import fail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
    """Lines that are not empty, with their numbers and without the line end.

    Of a line beyond the size of any event only the beginning: the codec refuses it as too large.
    """
    number = 0
    most = MAX_BYTES + 2
    while line := source.readline(most):
        number += 1
        rest = line
        while not rest.endswith(b"\n") and len(rest) == most:
            rest = source.readline(most)
        line = line.rstrip(b"\r\n")
        if line.strip():
            yield number, line


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
