"""`pumpwatch dlq`: what was refused and why, and sending it back after the repair."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from schemas.topics import load
from services.dead_letters import DeadLetter, read, replay
from services.failure import fail
from streams.cluster import Cluster, ClusterError
from streams.readback import ReadbackError
from streams.settings import Settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Refused records: list them, send them back.\n\nExample: pumpwatch dlq list pump.keystrokes.v1",
)

TopicName = Annotated[str, typer.Argument(help="The topic they were refused from, such as pump.keystrokes.v1.")]
Kafka = Annotated[str | None, typer.Option(help="Bootstrap servers; PUMPWATCH_KAFKA.")]
ErrorClass = Annotated[str | None, typer.Option(help="Only this error class, such as schema or clock.")]
Reason = Annotated[str | None, typer.Option(help="Only reasons that hold this text.")]


@app.command("list")
def show(
    topic: TopicName,
    kafka: Kafka = None,
    error_class: ErrorClass = None,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show; the counts are of all.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, all of them.")] = False,  # noqa: FBT002
) -> None:
    """List refused records with the reason of each.

    Example: pumpwatch dlq list pump.keystrokes.v1 --error-class schema
    """
    letters = [letter for letter in _letters(topic, kafka) if letter.matches(error_class, reason)]
    if as_json:
        for letter in letters:
            typer.echo(json.dumps(_row(letter), ensure_ascii=False))
        return
    table = Table("partition/offset", "when", "class", "reason", title=f"{len(letters)} refused from {topic}")
    for letter in letters[-limit:]:
        when = datetime.fromtimestamp(letter.timestamp_ms / 1000, UTC)
        table.add_row(
            f"{letter.partition}/{letter.offset}", f"{when:%Y-%m-%d %H:%M:%S}Z", letter.error_class, letter.reason
        )
    console = Console()
    console.print(table)
    for name, count in Counter(letter.error_class for letter in letters).most_common():
        console.print(f"{count:>8} {name}")


@app.command("replay")
def send_back(
    topic: TopicName,
    kafka: Kafka = None,
    error_class: ErrorClass = None,
    reason: Reason = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many there are.")] = False,  # noqa: FBT002
) -> None:
    """Publish refused records again, unchanged, to the topic they came from.

    Example: pumpwatch dlq replay pump.keystrokes.v1 --error-class scoring
    """
    matching = (letter for letter in _letters(topic, kafka) if letter.matches(error_class, reason))
    if dry_run:
        typer.echo(f"{sum(1 for _ in matching)} records would be published to {topic}")
        return
    sent = asyncio.run(replay(Settings.load(kafka=kafka).confluent(), matching))
    typer.echo(f"{sent} records published to {topic}")


def _letters(topic: str, kafka: str | None) -> list[DeadLetter]:
    known = {name for name, declared in load().items() if declared.dead_letter}
    if topic not in known:
        fail(f"`{topic}` has no dead-letter topic; choose one of {', '.join(sorted(known))}")
    config = Settings.load(kafka=kafka).confluent()
    try:
        found = Cluster(config).metadata().topics.get(f"{topic}.dlq")
        if found is None:
            fail(f"{topic}.dlq does not exist, or not for this user; run `pumpwatch topics create`", code=1)
        return list(read(config, topic, len(found.partitions)))
    except (ClusterError, ReadbackError) as error:
        fail(str(error), code=1)


def _row(letter: DeadLetter) -> dict[str, str | int | None]:
    return {
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "timestamp_ms": letter.timestamp_ms,
        "error_class": letter.error_class,
        "reason": letter.reason,
        "key": letter.key.decode("utf-8", "replace") if letter.key is not None else None,
        "value": letter.value.decode("utf-8", "replace")[:2000] if letter.value is not None else None,
    }
