"""`pumpwatch topics`: create the topics on a broker, check them, show them, say who may use them."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from schemas.topics import Topic, load
from services import topics
from services.acls_cli import acls
from services.failure import fail
from services.topics import OnBroker, TopicsError
from streams.settings import Settings

app = typer.Typer(
    help="Create the topics on a broker, check them, show them, say who may use them.\n\n"
    "Example: pumpwatch topics show --declared",
    no_args_is_help=True,
    add_completion=False,
)
app.command()(acls)

Kafka = Annotated[str | None, typer.Option(help="Bootstrap servers; PUMPWATCH_KAFKA.")]
Partitions = Annotated[
    int | None,
    typer.Option(min=1, max=4096, help="Partitions of all topics that must have the same number, instead of 12."),
]


@app.command()
def create(
    kafka: Kafka = None,
    partitions: Partitions = None,
    replication: Annotated[int, typer.Option(min=1, max=9, help="Copies of each partition; 3 in production.")] = 1,
) -> None:
    """Create the topics that are missing. One that exists is left as it is; `topics check` compares it.

    Example: pumpwatch topics create --kafka kafka1:9092 --partitions 24 --replication 3
    """
    try:
        created = topics.create(_client(kafka), partitions, replication)
    except TopicsError as error:
        fail(str(error), code=1)
    for name in created:
        typer.echo(f"created {name}")
    typer.echo(f"{len(created)} created, {len(load()) - len(created)} were there")


@app.command()
def check(kafka: Kafka = None, partitions: Partitions = None) -> None:
    """Name every difference between the declared topics and those of the broker; exit 1 if there is one.

    Example: pumpwatch topics check --kafka kafka1:9092 --partitions 24
    """
    try:
        found = topics.check(_client(kafka), partitions)
    except TopicsError as error:
        fail(str(error), code=1)
    for line in found:
        typer.echo(line)
    if found:
        sys.exit(1)
    typer.echo(f"{len(load())} topics are as declared")


@app.command()
def show(
    kafka: Kafka = None,
    *,
    declared: Annotated[bool, typer.Option("--declared", help="Only what is declared; asks no broker.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Show the topics: key, policy, partitions, records on the broker.

    Example: pumpwatch topics show --json | jq -r '.[].topic'
    """
    there: dict[str, OnBroker] = {}
    counts: dict[str, int] = {}
    if not declared:
        try:
            config = _client(kafka)
            there = topics.observe(config)
            counts = topics.records(config, there)
        except TopicsError as error:
            fail(str(error), code=1)
    if as_json:
        rows = [_row(topic, there.get(topic.name), counts.get(topic.name)) for topic in load().values()]
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    table = Table(box=None)
    table.add_column("topic", no_wrap=True)
    table.add_column("key")
    table.add_column("policy", no_wrap=True)
    table.add_column("partitions", justify="right")
    if not declared:
        table.add_column("there (copies)", justify="right")
        table.add_column("records", justify="right")
    for topic in load().values():
        cells = [topic.name, topic.key, _policy(topic), str(topic.partitions)]
        if not declared:
            real = there.get(topic.name)
            cells += [f"{real.partitions} ({real.replication})" if real else "missing", str(counts.get(topic.name, ""))]
        table.add_row(*cells)
    # Into a pipe or a file the table is as wide as it needs to be.
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _client(kafka: str | None) -> dict[str, Any]:
    return Settings.load(kafka=kafka).confluent()


def _policy(topic: Topic) -> str:
    policy = topic.config["cleanup.policy"].replace(",", " + ")
    days = int(topic.config.get("retention.ms", 0)) // 86_400_000
    return f"{policy} {days} d" if days else policy


def _row(topic: Topic, real: OnBroker | None, count: int | None) -> dict[str, Any]:
    return {
        "topic": topic.name,
        "owner": topic.owner,
        "description": topic.description,
        "key": topic.key,
        "direction": topic.direction,
        "producers": topic.producers,
        "consumers": topic.consumers,
        "partitions": topic.partitions,
        "config": topic.config,
        "dead_letter": topic.dead_letter,
        "on_broker": real and {"partitions": real.partitions, "replication": real.replication, "records": count},
    }
