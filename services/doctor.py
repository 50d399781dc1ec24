"""`pumpwatch doctor`: is everything that this command would use there and well?"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table

from schemas.library import check as library_problems
from schemas.library import load_default
from services.readmodel.connection import connect
from services.readmodel.progress import read_pipeline
from services.topics import TopicsError
from services.topics import check as topic_problems
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


class Finding(NamedTuple):
    """One thing looked at: its name, whether it is well, and what was found or what to do."""

    what: str
    well: bool
    says: str


def doctor(
    kafka: Annotated[str | None, typer.Option(help="Bootstrap servers; PUMPWATCH_KAFKA.")] = None,
    redis: Annotated[str | None, typer.Option(help="Redis URL; PUMPWATCH_REDIS.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Look at the drug library, Kafka, the topics, Redis and the workers; exit code 1 if anything is not well.

    Example: pumpwatch doctor
    """
    settings = Settings.load(kafka=kafka, redis=redis)
    findings = list(_examine(settings))
    if as_json:
        for finding in findings:
            typer.echo(json.dumps(finding._asdict()))
    else:
        table = Table("", "", box=None, show_header=False)
        for finding in findings:
            table.add_row("[green]ok[/]" if finding.well else "[bold red]no[/]", f"{finding.what}: {finding.says}")
        Console().print(table)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def _examine(settings: Settings) -> Iterator[Finding]:
    library = load_default()
    problems = library_problems(library)
    yield Finding("drug library", not problems, problems[0] if problems else f"{len(library.rows)} rows, sound")
    try:
        differences = topic_problems(settings.confluent())
    except TopicsError as error:
        yield Finding("Kafka", False, str(error))
    else:
        yield Finding("Kafka", True, f"{settings.kafka} answers")
        said = "; ".join(differences[:3]) + (" …" if len(differences) > 3 else "")
        yield Finding("topics", not differences, said or "as declared")
    yield from asyncio.run(_examine_redis(settings))


async def _examine_redis(settings: Settings) -> list[Finding]:
    client = connect(settings.redis.get_secret_value())
    try:
        await client.ping()
        pipeline = await read_pipeline(client, time.time())
    except RedisError as error:
        return [Finding("Redis", False, f"{str(error).rstrip('.')}; start it or set PUMPWATCH_REDIS")]
    finally:
        await client.aclose()
    return [Finding("Redis", True, "answers"), Finding("workers", pipeline.ok, pipeline.reason)]
