"""Events into Kafka so that none is lost and each pump's own stay in order.

The producer is idempotent and waits for all replicas. Its memory is bounded: when the queue is full, `publish` waits
for room instead of dropping. A message never times out, so a broker that is away makes the pumps wait; what Kafka
refuses for good (no such topic, too large, not authorised) is counted and told through `on_trouble`.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from confluent_kafka import KafkaError, KafkaException, Producer

from schemas import codec, envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from confluent_kafka import Message

    from schemas.events import KeystrokeEvent, PowerEvent

# Librdkafka's own defaults are 100,000 messages and 1 GiB; 64 MiB is 3 s of a million pumps at 1 KiB an event.
QUEUE_MESSAGES = 100_000
QUEUE_KBYTES = 65_536
_POLL_EVERY = 500
_WAIT_S = 0.1


class PublishingError(Exception):
    """Kafka cannot be used as configured; the message says what is wrong and what to do, in one line."""


class Publisher:
    """A producer for `with`: leaving the block waits until everything is delivered or refused.

    Leaving it because of an error, or with `hurry` set, waits `hurry_s` seconds at most; `undelivered` tells what
    was left.
    """

    def __init__(
        self,
        client: Mapping[str, Any],
        *,
        queue_messages: int = QUEUE_MESSAGES,
        queue_kbytes: int = QUEUE_KBYTES,
        hurry_s: float = 5.0,
        on_trouble: Callable[[str], None] | None = None,
    ) -> None:
        self.published = 0
        self.failed = 0
        self.first_failure: str | None = None
        self.hurry = False
        self._hurry_s = hurry_s
        self._tell = on_trouble or (lambda _line: None)
        self._told_outage = False
        self._until_poll = _POLL_EVERY
        self._servers = str(client.get("bootstrap.servers", "the test cluster"))
        try:
            self._producer = Producer(
                {
                    "linger.ms": 5,
                    **client,
                    "acks": "all",
                    "enable.idempotence": True,
                    "partitioner": "murmur2_random",
                    "message.timeout.ms": 0,
                    "queue.buffering.max.messages": queue_messages,
                    "queue.buffering.max.kbytes": queue_kbytes,
                    "delivery.report.only.error": True,
                    "on_delivery": self._on_delivery,
                    "error_cb": self._on_error,
                    "logger": _SILENT,
                }
            )
        except KafkaException as error:
            raise PublishingError(f"Kafka settings are not usable: {_words(error.args[0])}") from None

    @property
    def undelivered(self) -> int:
        """Events that Kafka has neither confirmed nor refused yet."""
        return len(self._producer)

    @property
    def delivered(self) -> int:
        """Events that all in-sync replicas have."""
        return self.published - self.failed - self.undelivered

    def check(self, topics: list[str], timeout_s: float = 10.0) -> None:
        """Refuse a wrong address or a missing topic before the first event. Raises PublishingError."""
        try:
            known = self._producer.list_topics(timeout=timeout_s).topics
        except KafkaException as error:
            raise PublishingError(
                f"Kafka at {self._servers} does not answer ({_words(error.args[0])}); is it running, and is "
                "PUMPWATCH_KAFKA right?"
            ) from None
        missing = [topic for topic in topics if topic not in known or known[topic].error is not None]
        if missing:
            raise PublishingError(
                f"topic {missing[0]} does not exist at {self._servers}, or not for this user; create it with "
                "`pumpwatch topics create`"
            )

    def publish(self, topic: str, key: str, event: KeystrokeEvent | PowerEvent) -> None:
        """Queue one event; waits while the queue is full. Raises PublishingError when the producer is beyond help."""
        value = codec.encode(event)
        headers: Any = envelope.headers(event, topic)
        while True:
            try:
                self._producer.produce(topic, value, key, headers=headers)
            except BufferError:
                self._producer.poll(_WAIT_S)
                continue
            except KafkaException as error:
                if error.args[0].code() != KafkaError.MSG_SIZE_TOO_LARGE:
                    raise PublishingError(f"Kafka producer stopped: {_words(error.args[0])}") from None
                self.published += 1
                self._refused(topic, error.args[0])
                return
            break
        self.published += 1
        self._until_poll -= 1
        if not self._until_poll:
            self._until_poll = _POLL_EVERY
            self._producer.poll(0)

    def poll(self, timeout_s: float = 0.0) -> None:
        """Serve delivery reports, waiting up to `timeout_s` seconds for one."""
        self._producer.poll(timeout_s)

    def flush(self, timeout_s: float | None = None) -> int:
        """Wait until the queue is empty, or for `timeout_s` seconds; the number of events still in it."""
        until = None if timeout_s is None else monotonic() + timeout_s
        while (left := self._producer.flush(_WAIT_S)) and (until is None or monotonic() < until):
            pass
        return left

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush(self._hurry_s if self.hurry or kind is not None else None)

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._refused(str(message.topic()), error)

    def _refused(self, topic: str, error: KafkaError) -> None:
        self.failed += 1
        if self.first_failure is None:
            self.first_failure = f"an event was not taken by {topic}: {_words(error)}"
            self._tell(self.first_failure)

    def _on_error(self, error: KafkaError) -> None:
        """Librdkafka retries by itself; an outage is told once, so that a waiting publisher explains itself."""
        if not self._told_outage:
            self._told_outage = True
            self._tell(f"Kafka at {self._servers}: {_words(error)}; waiting for it")


def _words(error: KafkaError) -> str:
    return str(error.str()).splitlines()[0]


class _Silent:
    """Librdkafka's log lines; what matters of them comes through `on_trouble`."""

    def log(self, *_: object) -> None:
        """Drop one line."""


_SILENT = _Silent()
