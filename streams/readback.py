"""Read a part of a topic once, outside any consumer group: how a worker gets its state back from its own output."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# How long a broker that is away is waited for before a read is given up: longer than a rolling restart takes.
PATIENCE_S = 120.0
RETRY_S = 0.5
# What the client says of brokers that are away; it connects again by itself while it reads.
AWAY = {KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT}  # noqa: SLF001 (the client's own names)
TIMEOUT_S = 10.0
# The client wants a group; it is never joined and nothing is ever committed.
GROUP = "pumpwatch-readback"

T = TypeVar("T")


class ReadbackError(Exception):
    """The topic could not be read to its end."""


class Readback:
    """A reader of partitions from a chosen offset to the end they had when the read began.

    Any thread may read, one after the other: there is one connection, and what it reads is set by who reads. Who
    asks for a partition while another is read waits until that one is read to its end, or given up.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._reading = threading.Lock()
        self._consumer = self._client()

    def _client(self) -> Consumer:
        return Consumer(
            {
                **self._config,
                "group.id": GROUP,
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 20,
                "log_level": 2,
            }
        )

    def close(self) -> None:
        """Release the connections."""
        self._consumer.close()

    def whole(self, topic: str, partition: int) -> Iterator[Message]:
        """All records of a partition, from its first to its present end."""
        with self._reading:
            low, high = self._watermarks(topic, partition)
            yield from self._read(topic, partition, low, high)

    def tail(self, topic: str, partition: int, records: int, reaches_back: Callable[[Message], bool]) -> list[Message]:
        """The last records of a partition: at least `records`, and far enough that `reaches_back(first)` holds."""
        with self._reading:
            low, high = self._watermarks(topic, partition)
            while True:
                start = max(low, high - records)
                found = list(self._read(topic, partition, start, high))
                if start == low or (found and reaches_back(found[0])):
                    return found
                records *= 4

    def since(self, topic: str, partition: int, timestamp_ms: int) -> Iterator[Message]:
        """Records of a partition with a broker timestamp from `timestamp_ms` on, to its present end."""
        wanted = [TopicPartition(topic, partition, timestamp_ms)]
        with self._reading:
            _, high = self._watermarks(topic, partition)
            [found] = self._ask(topic, partition, lambda: self._consumer.offsets_for_times(wanted, TIMEOUT_S))
            if found.offset >= 0:
                yield from self._read(topic, partition, found.offset, high)

    def _watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        """First and next offset."""
        place = TopicPartition(topic, partition)
        return self._ask(topic, partition, lambda: self._consumer.get_watermark_offsets(place, TIMEOUT_S))

    def _ask(self, topic: str, partition: int, question: Callable[[], T | None]) -> T:
        """The answer of the broker. One that is away, or just back and without metadata, is asked again."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                answer, reason = question(), "Kafka does not answer"
            except KafkaException as error:
                answer, reason = None, error.args[0].str()
                # Seen once: a client went on saying that all brokers are down when they were back. A new one asks them.
                self._consumer.close()
                self._consumer = self._client()
            if answer is not None:
                return answer
            if time.monotonic() > deadline:
                raise ReadbackError(f"{topic}/{partition}: {reason}")
            time.sleep(RETRY_S)

    def _read(self, topic: str, partition: int, start: int, high: int) -> Iterator[Message]:
        if start >= high:
            return
        self._consumer.assign([TopicPartition(topic, partition, start)])
        heard = time.monotonic()
        try:
            while True:
                for message in self._consumer.consume(2000, 0.5):
                    heard = time.monotonic()
                    error = message.error()
                    if error is None:
                        offset = message.offset() or 0
                        if offset < high:
                            yield message
                        if offset >= high - 1:
                            return
                    elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 (the client's own name)
                        return
                    elif not error.retriable() and error.code() not in AWAY:
                        raise ReadbackError(f"{topic}/{partition}: {error.str()}")
                if time.monotonic() - heard > PATIENCE_S:
                    raise ReadbackError(f"{topic}/{partition}: nothing came for {PATIENCE_S:.0f} s; is Kafka up?")
        finally:
            self._consumer.unassign()
