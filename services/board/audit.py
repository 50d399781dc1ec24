"""What was done on the board, and by whom, as events of `pump.audit.v1`; the last of them stand in Redis for its page.

Nobody waits for it: events go into a bounded queue and from there to Kafka, again and again until Kafka has them. What
the queue has no room for is lost, counted and complained about. The page reads a Redis stream of bounded length
instead of the topic, because the last events of every board are to be seen at once, also after a restart.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from schemas.codec import encode, from_ms
from schemas.events import AuditEvent, AuditKind
from schemas.topics import AUDIT
from services.board.publisher import NotConfirmedError
from services.readmodel.connection import UNAVAILABLE

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from starlette.requests import HTTPConnection

    from services.board.publisher import EventPublisher
    from services.board.scope import Hospitals

log = structlog.get_logger()

NO_HOSPITAL = "*"
STREAM = "pw:audit"
# Judgement: what an admin scrolls through. The record of a year is the topic.
KEPT = 2000
# Judgement: hours of logins and actions while Kafka is away, a few MB.
WAITING_AT_MOST = 10_000
_AGAIN_S = 1.0
_COMPLAIN_EVERY_S = 60.0
_STOP_WITHIN_S = 2.0

_decode = msgspec.json.Decoder(AuditEvent).decode


class AuditLog:
    """Takes down what was done. `lost` counts events that found no room; make it inside the event loop."""

    def __init__(self, redis: Redis, publisher: EventPublisher, waiting_at_most: int = WAITING_AT_MOST) -> None:
        self._redis = redis
        self._publisher = publisher
        self._waiting: asyncio.Queue[AuditEvent] = asyncio.Queue(waiting_at_most)
        self._complained_at = float("-inf")
        self.lost = 0

    @property
    def waiting(self) -> int:
        """Events that Kafka does not have yet."""
        return self._waiting.qsize()

    def record(self, kind: AuditKind, *, by: str | None, hospital: str = NO_HOSPITAL, **more: Any) -> None:
        """Take down what was done; `more` are further fields of AuditEvent. Never waits and never raises for Kafka."""
        event = AuditEvent(
            id=uuid.uuid4().hex, at=from_ms(time.time_ns() // 1_000_000), kind=kind, by=by, hospital=hospital, **more
        )
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            self.lost += 1
            self._complain("the queue is full")

    async def run(self) -> None:
        """Pass events on, in their order, until cancelled."""
        while True:
            event = await self._waiting.get()
            await self._show(event)
            await self._deliver(event)
            self._waiting.task_done()

    async def settle(self) -> None:
        """Before the board stops: give what waits a moment to get through."""
        try:
            await asyncio.wait_for(self._waiting.join(), _STOP_WITHIN_S)
        except TimeoutError:
            log.warning("audit events were not confirmed by Kafka before the board stopped", events=self.waiting + 1)

    async def recent(self, scope: Hospitals, most: int) -> list[AuditEvent]:
        """The last events, newest first: all of them, or those of the hospitals of a limited scope."""
        found: Any = await self._redis.xrevrange(STREAM, count=KEPT)
        events = (_decode(fields["event"]) for _, fields in found)
        return [event for event in events if scope is None or event.hospital in scope][:most]

    async def _show(self, event: AuditEvent) -> None:
        try:
            await self._redis.xadd(STREAM, {"event": encode(event)}, maxlen=KEPT, approximate=True)
        except UNAVAILABLE as error:
            log.warning("Redis does not answer; an audit event is missing on the page", reason=str(error))

    async def _deliver(self, event: AuditEvent) -> None:
        while True:
            try:
                await self._publisher.publish(AUDIT, event.hospital, event)
            except NotConfirmedError as error:
                self._complain(str(error))
            else:
                return
            await asyncio.sleep(_AGAIN_S)

    def _complain(self, reason: str) -> None:
        if time.monotonic() - self._complained_at > _COMPLAIN_EVERY_S:
            self._complained_at = time.monotonic()
            log.error("audit events do not reach Kafka", reason=reason, waiting=self.waiting, lost=self.lost)


def concerned(hospitals: Hospitals) -> str:
    """The hospital that an event of an account is about: its only one, or none in particular."""
    return next(iter(hospitals)) if hospitals is not None and len(hospitals) == 1 else NO_HOSPITAL


def address_of(request: HTTPConnection) -> str | None:
    """Where a request came from."""
    return request.client.host[:64] if request.client and request.client.host else None
