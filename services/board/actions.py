"""What a person did with an alert becomes an event that Kafka confirmed before the person is told so."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from typing import TYPE_CHECKING, Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from schemas import topics
from schemas.codec import encode, from_ms
from schemas.envelope import headers
from schemas.events import ActionKind, Alert, AlertAction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from confluent_kafka import Message

log = structlog.get_logger()

# Judgement: longer than a leader election (seconds), shorter than a person's patience.
CONFIRM_WITHIN_S = 8.0
_WAITING_AT_MOST = 1000
_COMPLAIN_EVERY_S = 60.0


class ActionNotConfirmedError(Exception):
    """Kafka did not confirm the action; nothing may be told to have happened. The message names the remedy."""


def action_on(
    alert: Alert, action: ActionKind, by: str, comment: str | None, at: datetime | None = None
) -> AlertAction:
    """The action as an event.

    Its id follows from what was acted on, so that a second press, or a try again after a lost answer, is the same
    action and not another one.
    """
    what = "|".join((alert.fingerprint, str(alert.revision), action, by, comment or ""))
    return AlertAction(
        id=f"{alert.fingerprint}/{action}/{hashlib.sha256(what.encode()).hexdigest()[:16]}",
        hospital=alert.hospital,
        care_area=alert.care_area,
        pump=alert.pump,
        at=at or from_ms(time.time_ns() // 1_000_000),
        key=alert.key,
        fingerprint=alert.fingerprint,
        action=action,
        by=by,
        comment=comment,
        test=alert.test,
    )


class ActionPublisher:
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
        """Connect in the background; an absent broker is found out at the first action."""
        self._producer = Producer(self._config)
        self._thread = threading.Thread(target=self._serve, name="alert-actions", daemon=True)
        self._thread.start()

    async def publish(self, action: AlertAction) -> None:
        """Return once all in-sync replicas have the action; raises ActionNotConfirmedError otherwise."""
        loop = asyncio.get_running_loop()
        confirmed: asyncio.Future[None] = loop.create_future()

        def settle(error: KafkaError | None) -> None:
            if confirmed.done():
                return
            if error is None:
                confirmed.set_result(None)
            else:
                confirmed.set_exception(ActionNotConfirmedError(f"Kafka did not take the action: {error.str()}."))

        def delivered(error: KafkaError | None, _record: Message) -> None:
            loop.call_soon_threadsafe(settle, error)

        try:
            self._producer.produce(
                topics.ALERT_ACTIONS,
                key=action.key.encode(),
                value=encode(action),
                headers=list(headers(action, topics.ALERT_ACTIONS)),
                on_delivery=delivered,
            )
        except (BufferError, KafkaException) as error:
            self._renew_after_fatal(error)
            raise ActionNotConfirmedError("Kafka takes no actions at the moment; try again.") from error
        try:
            await asyncio.wait_for(confirmed, self._confirm_within_s + 1)
        except TimeoutError:
            raise ActionNotConfirmedError("Kafka did not answer in time; try again.") from None

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
            log.warning("Kafka does not answer; nobody can acknowledge an alert", reason=error.str())

    def _renew_after_fatal(self, error: Exception) -> None:
        """An idempotent producer that lost its place on the broker stays unusable: the next try gets a new one."""
        reason = error.args[0] if error.args else None
        if isinstance(reason, KafkaError) and reason.fatal():
            self._producer = Producer(self._config)
