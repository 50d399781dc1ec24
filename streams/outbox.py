"""What an agent publishes, confirmed by Kafka before the source records are acknowledged."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger()

# A bounded queue: a broker outage makes agents wait in `confirm`, it does not fill memory.
QUEUE_RECORDS = 200_000
LARGEST_RECORD = 7 * 1024 * 1024  # the dead letters of the drug libraries take 6 MiB


# Names with bytes; `Any` because a list of bytes is no list of the client's wider union.
Headers = list[Any]


class PublishFailedError(Exception):
    """Kafka refused a record for good; the process must stop before the source is acknowledged."""


class Outbox:
    """An idempotent producer with one question: is everything I sent on disk?"""

    def __init__(self, config: Mapping[str, Any], client_id: str) -> None:
        self._failure: str | None = None
        self._away = False
        self._name = client_id
        self._producer = Producer(
            {
                **config,
                "client.id": client_id,
                "enable.idempotence": True,
                "acks": "all",
                # A refused record goes to the dead letters as it is, so whatever a topic took must fit here.
                "message.max.bytes": LARGEST_RECORD,
                "compression.type": "lz4",
                "linger.ms": 1,
                # Wait for the broker for ever: giving up on a record would lose it or reorder a partition.
                "message.timeout.ms": 0,
                "queue.buffering.max.messages": QUEUE_RECORDS,
                "delivery.report.only.error": True,
                "on_delivery": self._delivered,
                "error_cb": self._client_error,
                "log_level": 2,  # librdkafka would repeat every refused connection
            }
        )

    def _delivered(self, error: KafkaError | None, message: Any) -> None:
        if error is not None:
            self._failure = f"{message.topic()}: {error.str()}"

    def _client_error(self, error: KafkaError) -> None:
        """Brokers that are away are waited for, and said once; only a fatal error ends the producer."""
        if error.fatal():
            self._failure = error.str()
        elif error.code() == KafkaError._ALL_BROKERS_DOWN and not self._away:  # noqa: SLF001 (the client's own name)
            self._away = True
            log.warning("Kafka is away, publishing waits for it", client=self._name)

    def send(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        partition: int,
        headers: Headers,
        timestamp_ms: int = 0,
    ) -> None:
        """Queue a record. Blocks where the bounded queue is full: wait while it is `crowded`, before that."""
        while True:
            try:
                self._producer.produce(
                    topic, key=key, value=value, partition=partition, headers=headers, timestamp=timestamp_ms
                )
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                raise PublishFailedError(f"{topic}: {error.args[0].str()}") from error
            else:
                return

    @property
    def crowded(self) -> bool:
        """Whether the queue is half full: confirm before sending more, so that `send` need not block."""
        return len(self._producer) > QUEUE_RECORDS // 2

    def serve(self) -> None:
        """Hear what the client has to say. An idle one would otherwise count its own complaints as waiting records."""
        self._producer.poll(0)

    @property
    def waiting(self) -> bool:
        """Whether records are still on their way to Kafka."""
        return len(self._producer) > 0

    async def confirm(self) -> None:
        """Return when every record sent so far is acknowledged by all in-sync replicas."""
        if len(self._producer):
            await asyncio.get_running_loop().run_in_executor(None, self._flush)
        if self._failure is not None:
            raise PublishFailedError(self._failure)
        if self._away:
            self._away = False
            log.info("Kafka takes records again", client=self._name)

    def flush(self, within_s: float) -> None:
        """Send what is queued before the process ends, as far as Kafka takes it in time."""
        self._producer.flush(within_s)

    def _flush(self) -> None:
        while self._producer.flush(1.0):
            if self._failure is not None:
                return
