"""An agent over batches: decode, call pure code, publish, count. No decision lives here."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import structlog

from schemas.codec import EventRefused, decode, encode
from schemas.envelope import headers
from schemas.topics import ROLLUPS
from streams.dead_letters import ORIGINAL_OFFSET, DeadLetters
from streams.outbox import Outbox
from streams.positions import BEFORE_ALL, Position, position_headers, read_position
from streams.readback import Readback
from streams.rollups.cell import rollup_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from aiokafka import ConsumerRecord
    from confluent_kafka import Message
    from faust.types import TP
    from msgspec import Struct

    from schemas.envelope import Event
    from schemas.events import Rollup
    from streams.agents.context import WorkerContext
    from streams.transport import Batch

log = structlog.get_logger()

KAFKA_WAITED_FOR_S = 180.0  # judgement: longer than a rolling restart of the brokers

T = TypeVar("T", bound="Struct")
S = TypeVar("S")


class LetGoError(Exception):
    """The batch took no effect and must be read again: the worker stops or its partitions move."""


class BatchAgent(ABC):
    """One agent of a worker.

    `take` applies a batch and sends what follows from it through the outbox; the batch is acknowledged later, once
    the outbox is confirmed (see `streams.finishing`).
    """

    name: ClassVar[str]
    topics: ClassVar[tuple[str, ...]]
    holds: ClassVar[bool] = False  # whether open work may hold the commit back

    def __init__(self, context: WorkerContext) -> None:
        config = context.settings.confluent()
        self.context = context
        self.restoring = 0
        self.redis_away = False
        self.outbox = Outbox(config, f"pumpwatch-{self.name}")
        self.readback = Readback(config)
        self.dead_letters = DeadLetters(
            self.outbox, window=context.settings.dlq_window, max_ratio=context.settings.dlq_max_ratio
        )

    @abstractmethod
    async def take(self, batch: Batch) -> None:
        """Apply a batch. Raises LetGoError if it took no effect and must be read again."""

    def hold(self, topic: str, partition: int) -> int | None:  # noqa: ARG002
        """Offset of the first record that must not be committed yet, or None."""
        return None

    @abstractmethod
    def forget(self, partitions: set[tuple[str, int]]) -> None:
        """Drop the state of topic partitions that were taken away."""

    def turn(self) -> None:  # noqa: B027 (most have none)
        """Called in the event loop several times a second, for work that no batch brings. Must not block."""

    def close(self) -> None:
        """Release connections."""
        self.readback.close()

    # -- shared steps

    async def restored(self, restore: Callable[..., S], *arguments: Any) -> S:
        """Run a slow reading back of state in a thread; meanwhile `restoring` counts it, for the watchdog."""
        self.restoring += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(None, restore, *arguments)
        finally:
            self.restoring -= 1

    def excused(self, waited_s: float) -> bool:
        """Whether the agent waits for what a new start would not bring sooner: its own state, Redis or Kafka.

        For Kafka only for so long: a client that has lost itself in an outage is helped by a new start, and while
        Kafka is away a new start costs nothing.
        """
        return self.restoring > 0 or self.redis_away or (self.outbox.waiting and waited_s < KAFKA_WAITED_FOR_S)

    def published(self, kind: type[T], messages: Iterable[Message]) -> Iterator[tuple[Message, T]]:
        """Our own output read back; what this version cannot read is reported and passed over, or none could start."""
        for message in messages:
            raw = message.value()
            if not raw:
                continue
            try:
                event = decode(kind, raw if isinstance(raw, bytes) else raw.encode())
            except EventRefused as refusal:
                log.error(  # noqa: TRY400 (the reason says it all)
                    "published record passed over",
                    topic=message.topic(),
                    partition=message.partition(),
                    offset=message.offset(),
                    reason=refusal.reason,
                )
            else:
                yield message, event

    def decoded(
        self, kind: type[T], records: Iterable[ConsumerRecord], applied: int, buried: int
    ) -> Iterator[tuple[ConsumerRecord, T]]:
        """Each record after `applied` as an event; what is no event goes to the dead letters.

        Records up to offset `buried` were sent there before a restart and are not sent again.
        """
        for record in records:
            if record.offset <= applied:
                continue
            try:
                event = decode(kind, record.value or b"")
            except EventRefused as refusal:
                self.refuse(record, refusal, buried)
            else:
                yield record, event

    def readable(self, kind: type[T], records: Iterable[ConsumerRecord]) -> Iterator[tuple[ConsumerRecord, T]]:
        """Each record of one of our own topics as an event; tombstones and what is no event are passed over."""
        for record in records:
            if record.value is None:
                continue
            try:
                yield record, decode(kind, record.value)
            except EventRefused as refusal:
                log.warning(
                    "record passed over",
                    topic=record.topic,
                    partition=record.partition,
                    offset=record.offset,
                    reason=refusal.reason,
                )

    def refuse(self, record: ConsumerRecord, refusal: EventRefused, buried: int = -1) -> None:
        """Send a record to the dead letters and count it."""
        if record.offset > buried:
            self.dead_letters.bury(record, refusal)
            self.context.metrics.dead_letters.labels(record.topic, refusal.error_class).inc()
        self.dead_letters.note(record, refused=True)

    def accept(self, record: ConsumerRecord) -> None:
        """Count a record that was no trouble."""
        self.dead_letters.note(record, refused=False)

    def publish(self, topic: str, key: str, event: Event, record: ConsumerRecord | TP, position: Position) -> None:
        """Queue a derived event for the partition of the record, or of the source, that it comes from."""
        self.outbox.send(
            topic,
            key=key.encode(),
            value=encode(event),
            partition=record.partition,
            headers=headers(event, topic) + position_headers(record.topic, position),
        )
        self.context.metrics.published.labels(topic).inc()

    def publish_unprompted(self, topic: str, key: str, event: Event, partition: int) -> None:
        """Queue an event that no record led to."""
        self.outbox.send(
            topic, key=key.encode(), value=encode(event), partition=partition, headers=headers(event, topic)
        )
        self.context.metrics.published.labels(topic).inc()

    def publish_rollups(self, rollups: Iterable[Rollup], partition: int) -> None:
        """Queue partial sums of a source partition."""
        for rollup in rollups:
            self.publish_unprompted(ROLLUPS, rollup_key(rollup), rollup, partition)

    def last_buried(self, topic: str, partition: int) -> int:
        """Offset of the last record of `topic` that reached the dead letters, or -1."""
        tail = self.readback.tail(f"{topic}.dlq", partition, 1, lambda _: True)
        found: Any = tail[-1].headers() if tail else ()
        for name, value in found or ():
            if name == ORIGINAL_OFFSET and value is not None and value.isdigit():
                return int(value)
        return -1


def unexpected(record: ConsumerRecord, error: Exception) -> EventRefused:
    """A valid event that our own code failed on: kept for replay after the repair, the worker goes on."""
    log.error("processing failed", topic=record.topic, partition=record.partition, offset=record.offset, exc_info=error)
    return EventRefused("scoring", f"processing failed ({type(error).__name__}); replay it after the repair")


def last_position(messages: list[Message], source_topic: str) -> Position:
    """The furthest source position among records of our own output.

    It is nearly always the last; a worker that stood still while another took over may have sent older ones after it.
    """
    found = (read_position(message.headers()) for message in messages)
    return max((place[1] for place in found if place is not None and place[0] == source_topic), default=BEFORE_ALL)
