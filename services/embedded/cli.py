"""`pumpwatch up`: the whole platform on this machine, with nothing to install but Python packages."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path  # noqa: TC003 (typer reads the annotations)
from typing import Annotated

import typer
from rich.console import Console

from services.embedded.platform import Platform
from services.embedded.run_folder import run_folder
from services.embedded.session import Session
from services.embedded.supervisor import ChildFailedError
from services.embedded.wheels import EmbeddedMissingError
from services.failure import fail
from streams.settings import Settings


def up(
    pumps: Annotated[int, typer.Option(min=0, max=1_000_000, help="Simulated pumps; 0 for none.")] = 200,
    for_: Annotated[
        float | None, typer.Option("--for", min=1, metavar="SECONDS", help="End by itself, with a summary.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="Write addresses, user and password here as JSON once all is ready.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for logs; PUMPWATCH_DATA_DIR.")] = None,
) -> None:
    """Run everything on this machine: broker, Valkey, worker, simulated pumps, board and metrics. Ctrl-C ends it.

    Nothing is kept: the servers hold their records in memory. Use your own Kafka and Redis for real pumps.

    Example: pumpwatch up --pumps 200 --for 60
    """
    # Servers of the caller's environment are not used here, so their settings are not judged either.
    settings = Settings.load(
        kafka="127.0.0.1:9", redis="redis://127.0.0.1:9", kafka_security="plaintext", data_dir=data_dir
    )
    if ready_file is not None:
        _check_writable(ready_file)
    password = settings.board_password.get_secret_value() if settings.board_password else None
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(run_folder(settings.data_dir))
        except OSError as error:
            fail(f"--data-dir {settings.data_dir} cannot be used: {error.strerror}; choose another")
        try:
            platform = Platform.in_folder(folder, settings.board_user, password, pumps)
            session = Session(platform, Console(highlight=False, soft_wrap=True))
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, lambda *_: session.ask_to_stop())
            session.run(for_, ready_file)
        except (EmbeddedMissingError, ChildFailedError) as error:
            fail(str(error), code=1)


def _check_writable(ready_file: Path) -> None:
    """Refuse early what could not be written after the start, and remove what an earlier run left."""
    if ready_file.is_dir() or not os.access(ready_file.parent, os.W_OK):
        fail(f"--ready-file {ready_file} cannot be written: name a file in a folder that exists and is yours")
    ready_file.unlink(missing_ok=True)
