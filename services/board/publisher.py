"""What a person does becomes an event that Kafka confirmed before the person is told so."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from schemas.codec import encode
from schemas.envelope import headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluent_kafka import Message

    from schemas.envelope import Event

log = structlog.get_logger()

# Judgement: longer than a leader election (seconds), shorter than a person's patience.
CONFIRM_WITHIN_S = 8.0
_WAITING_AT_MOST = 1000
_COMPLAIN_EVERY_S = 60.0


class NotConfirmedError(Exception):
    """Kafka did not confirm the event; nothing may be told to have happened. The message names the remedy."""


class EventPublisher:
    """An idempotent producer whose deliveries are awaited one by one. Start it inside the event loop."""

    def __init__(self, connection: Mapping[str, Any], confirm_within_s: float = CONFIRM_WITHIN_S) -> None:
        self._config = {
            **connection,
            "client.id": "pumpwatch-board",
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "linger.ms": 0,
            "delivery.timeout.ms": int(confirm_within_s * 1000),
            "request.timeout.ms": int(confirm_within_s * 500),
            "queue.buffering.max.messages": _WAITING_AT_MOST,
            "reconnect.backoff.ms": 250,
            "reconnect.backoff.max.ms": 2000,
            # The client would log every attempt at an absent broker; `_complain` says it once a minute.
            "log_level": 0,
            "error_cb": self._complain,
        }
        self._confirm_within_s = confirm_within_s
        self._complained_at = float("-inf")
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Connect in the background; an absent broker is found out at the first event."""
        self._producer = Producer(self._config)
        self._thread = threading.Thread(target=self._serve, name="board-publisher", daemon=True)
        self._thread.start()

    async def publish(self, topic: str, key: str, event: Event) -> None:
        """Return once all in-sync replicas have the event; raises NotConfirmedError otherwise."""
        loop = asyncio.get_running_loop()
        confirmed: asyncio.Future[None] = loop.create_future()

        def settle(error: KafkaError | None) -> None:
            if confirmed.done():
                return
            if error is None:
                confirmed.set_result(None)
            else:
                confirmed.set_exception(NotConfirmedError(f"Kafka did not take it: {error.str()}."))

        def delivered(error: KafkaError | None, _record: Message) -> None:
            loop.call_soon_threadsafe(settle, error)

        try:
            self._producer.produce(
                topic,
                key=key.encode(),
                value=encode(event),
                headers=list(headers(event, topic)),
                on_delivery=delivered,
            )
        except (BufferError, KafkaException) as error:
            self._renew_after_fatal(error)
            raise NotConfirmedError("Kafka takes nothing at the moment; try again.") from error
        try:
            await asyncio.wait_for(confirmed, self._confirm_within_s + 1)
        except TimeoutError:
            raise NotConfirmedError("Kafka did not answer in time; try again.") from None

    def stop(self) -> None:
        """End the thread; nothing waits, for nobody was told that an unconfirmed action happened."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(1)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._producer.poll(0.1)

    def _complain(self, error: KafkaError) -> None:
        if time.monotonic() - self._complained_at > _COMPLAIN_EVERY_S:
            self._complained_at = time.monotonic()
            log.warning("Kafka does not answer; nobody can act on alerts or plan maintenance", reason=error.str())

    def _renew_after_fatal(self, error: Exception) -> None:
        """An idempotent producer that lost its place on the broker stays unusable: the next try gets a new one."""
        reason = error.args[0] if error.args else None
        if isinstance(reason, KafkaError) and reason.fatal():
            self._producer = Producer(self._config)
