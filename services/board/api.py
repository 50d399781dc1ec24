"""The JSON API: open alerts, one alert, actions on it, the fleet, the session; and the live stream."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import msgspec
from sse_starlette.sse import EventSourceResponse, SendTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from schemas.events import ActionKind  # noqa: TC001 (msgspec reads the annotations)
from schemas.topics import ALERT_ACTIONS
from services.board import filters, incoming, scope
from services.board.actions import action_on
from services.board.audit import address_of
from services.board.hub import SNAPSHOT_NEEDED
from services.board.publisher import NotConfirmedError
from services.board.roles import Role, requires
from services.board.snapshot import SHOWN_AT_MOST, read_open, view
from services.board.status import Progress, progress, read_fleet
from services.readmodel.alerts import by_fingerprint
from services.readmodel.connection import UNAVAILABLE
from services.readmodel.progress import Worker, read_pipeline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from redis.asyncio import Redis
    from starlette.requests import Request
    from starlette.types import Receive, Send
    from starlette.types import Scope as Connection

    from services.board.audit import AuditLog
    from services.board.filters import Filter
    from services.board.hub import Hub, Message
    from services.board.publisher import EventPublisher
    from services.board.scope import Hospitals
    from services.board.sessions import Session
    from services.board.snapshot import Snapshots
    from services.readmodel.alerts import StoredAlert

MOST_ALERTS = 1000
MOST_STREAMS = 1000
MOST_STREAMS_OF_A_TOKEN = 10
_HEARTBEAT_S = 10
# A screen whose connection takes nothing for this long is let go; it comes back by itself.
_SEND_WITHIN_S = 10
_RECONNECT_AFTER_MS = 1500
_NO_ALERT = "There is no alert with this fingerprint."


class ActionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a posted action."""

    action: ActionKind
    comment: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class ActionTaken(msgspec.Struct, frozen=True):
    """An action that Kafka has; the stream tells the alert's next revision."""

    id: str
    fingerprint: str
    revision: int


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `hospitals` null are all; `csrf` is for `X-CSRF-Token`; `expires_at` is epoch ms."""

    user: str
    role: Role
    hospitals: list[str] | None
    csrf: str
    expires_at: int


class PipelineView(msgspec.Struct, frozen=True, kw_only=True):
    """How the pipeline moves; each worker is told to those alone who may see all hospitals."""

    pipeline: Progress
    workers: list[Worker]


class _Json(Response):
    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return msgspec.json.encode(content)


class _Stream(EventSourceResponse):
    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            return


class Api:
    """The endpoints below `/api/`."""

    def __init__(
        self, redis: Redis, hub: Hub, snapshots: Snapshots, publisher: EventPublisher, audit: AuditLog
    ) -> None:
        self._redis = redis
        self._hub = hub
        self._snapshots = snapshots
        self._publisher = publisher
        self._audit = audit

    async def session(self, request: Request) -> Response:
        """Who is logged in, and the token that actions carry."""
        session = request.state.session
        return _Json(
            SessionView(
                user=session.user,
                role=session.role,
                hospitals=None if session.hospitals is None else sorted(session.hospitals),
                csrf=session.csrf,
                expires_at=int(session.expires_at * 1000),
            )
        )

    async def alerts(self, request: Request) -> Response:
        """Open alerts that the filters of the query admit, worst and newest first."""
        limit = incoming.limit(request, SHOWN_AT_MOST, MOST_ALERTS)
        of = scope.asked(request, incoming.hospital(request))
        return _Json(await read_open(self._redis, of, limit, filters.asked(request)))

    async def alert(self, request: Request) -> Response:
        """One alert, resolved or not."""
        return _Json(view(await self._find(request)))

    async def fleet(self, request: Request) -> Response:
        """Pumps and open alerts in figures."""
        return _Json(await read_fleet(self._redis, scope.asked(request, incoming.hospital(request))))

    async def pipeline(self, request: Request) -> Response:
        """How the stream workers do; to those who may see all hospitals, each of them too."""
        now = time.time()
        pipeline = await read_pipeline(self._redis, now)
        of = scope.hospitals(request)
        workers = list(pipeline.workers) if of is None else []
        return _Json(PipelineView(pipeline=progress(pipeline, now, of), workers=workers))

    @requires("responder")
    async def act(self, request: Request) -> Response:
        """Acknowledge, resolve or comment. 202 says that Kafka has it; the stream then revises the alert."""
        asked = await incoming.document(request, ActionRequest)
        if asked.action == "comment" and not (asked.comment or "").strip():
            raise HTTPException(400, "`comment` is empty.")
        alert = (await self._find(request)).alert
        if alert.state == "resolved" and asked.action != "comment":
            raise HTTPException(409, "The alert is resolved already.")
        action = action_on(alert, asked.action, request.state.session.user, asked.comment)
        try:
            await self._publisher.publish(ALERT_ACTIONS, action.key, action)
        except NotConfirmedError as error:
            raise HTTPException(503, str(error)) from error
        self._audit.record(
            "alert_action",
            by=action.by,
            hospital=alert.hospital,
            subject=alert.fingerprint,
            detail=asked.action,
            address=address_of(request),
            test=alert.test,
        )
        return _Json(ActionTaken(action.id, alert.fingerprint, alert.revision), 202)

    async def stream(self, request: Request) -> Response:
        """The live stream. `Last-Event-ID`, or `after` for the first connection of a page, resumes it.

        Snapshots keep to the filters of the query; changes come whether they fit or not, because one may be how an
        alert ceases to fit.
        """
        if len(self._hub) >= MOST_STREAMS:
            raise HTTPException(503, f"{MOST_STREAMS} screens are open on this board; close some.")
        session = request.state.session
        if session.of_program and self._hub.streams_of(session.key) >= MOST_STREAMS_OF_A_TOKEN:
            raise HTTPException(429, f"The API token has {MOST_STREAMS_OF_A_TOKEN} streams open; close some.")
        last = request.headers.get("last-event-id") or request.query_params.get("after")
        of = scope.asked(request, incoming.hospital(request))
        return _Stream(
            self._events(request.state.session, of, filters.asked(request), last),
            ping=_HEARTBEAT_S,
            send_timeout=_SEND_WITHIN_S,
            sep="\n",
        )

    async def _find(self, request: Request) -> StoredAlert:
        """The alert of the path; 404 where there is none that the session may see."""
        found = await by_fingerprint(self._redis, [request.path_params["fingerprint"]])
        if not found:
            raise HTTPException(404, _NO_ALERT)
        scope.require(request, found[0].alert.hospital, _NO_ALERT)
        return found[0]

    async def _events(
        self, session: Session, shows: Hospitals, narrowed: Filter, last: str | None
    ) -> AsyncIterator[bytes]:
        subscription, missed = self._hub.subscribe(shows, session.hospitals, session.key, last)
        # Taken now: one that is published later has an id that is ahead of the changes still to be sent.
        status = self._hub.status(session.hospitals)
        try:
            yield b"retry: %d\n\n" % _RECONNECT_AFTER_MS
            for message in [SNAPSHOT_NEEDED] if missed is None else missed:
                yield await self._body(message, shows, narrowed)
            if status is not None:
                yield await self._body(status, shows, narrowed)
            async for message in subscription.messages():
                yield await self._body(message, shows, narrowed)
        finally:
            self._hub.unsubscribe(subscription)

    async def _body(self, message: Message, shows: Hospitals, narrowed: Filter) -> bytes:
        """The message as it is sent; a snapshot is read now, unless Redis is away: it is asked for again then."""
        if message.body is not None:
            return message.body
        try:
            return await self._snapshots.event(shows, narrowed)
        except UNAVAILABLE:
            return b": no snapshot while Redis is away\n\n"
