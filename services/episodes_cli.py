"""`pumpwatch episodes`: power events from a file in, episodes of infusing on battery out."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path  # noqa: TC003 (typer reads annotations at runtime)
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from schemas.codec import encode
from services.episodes import follow_lines
from services.failure import fail
from services.ndjson import accepted, numbered_lines, opened

if TYPE_CHECKING:
    from collections.abc import Iterator


def episodes(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Power events as NDJSON, in order of arrival; - for standard input.")
    ],
    alerts: Annotated[Path | None, typer.Option(help="Write the alerts here, one a line.", dir_okay=False)] = None,
) -> None:
    """Follow the power events of a file and write every revision of every episode, one a line.

    The same code as in the stream: late, repeated and missing events are normal. A line that is no sound event is
    reported on standard error with its number and the reason, the others count all the same, and the command then
    ends with exit code 1.

    Example: pumpwatch episodes power.ndjson --alerts alerts.ndjson > episodes.ndjson
    """
    with opened(file) as source, _written(alerts) as written:
        followed = follow_lines(numbered_lines(source))
        for line in accepted(file, followed, doing="following", done="counted"):
            sys.stdout.buffer.writelines(encode(episode) + b"\n" for episode in line.episodes)
            if written is not None:
                written.writelines(encode(alert) + b"\n" for alert in line.alerts)


@contextlib.contextmanager
def _written(path: Path | None) -> Iterator[BinaryIO | None]:
    if path is None:
        yield None
        return
    try:
        target = path.open("wb")
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}")
    with target:
        yield target
