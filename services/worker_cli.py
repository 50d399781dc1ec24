"""The command line of the stream worker."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer reads the annotations)
from typing import Annotated

import typer

from services.failure import fail
from streams.settings import Settings


def worker(
    kafka: Annotated[str | None, typer.Option(help="Bootstrap servers; PUMPWATCH_KAFKA.")] = None,
    redis: Annotated[
        str | None, typer.Option(help="Redis URL; PUMPWATCH_REDIS keeps a password off the process list.")
    ] = None,
    group: Annotated[str | None, typer.Option(help="Consumer group; PUMPWATCH_GROUP.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of /metrics and /healthz; 0 for none.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for scratch files.")] = None,
) -> None:
    """Run one stream worker. Start as many as you have cores; they share the work by partition.

    Example: PUMPWATCH_KAFKA=127.0.0.1:9092 pumpwatch worker --port 9109
    """
    from services.worker import run  # noqa: PLC0415 (Faust and Redis are imported only by a worker)
    from streams.app import NotReadyError  # noqa: PLC0415

    settings = Settings.load(kafka=kafka, redis=redis, group=group, worker_port=port, data_dir=data_dir)
    try:
        run(settings)
    except NotReadyError as error:
        fail(str(error), code=1)
