"""The JSON API: open alerts, one alert, actions on it, the fleet, the session; and the live stream."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import msgspec
from sse_starlette.sse import EventSourceResponse, SendTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from schemas.events import ActionKind  # noqa: TC001 (msgspec reads the annotations)
from services.board import incoming
from services.board.actions import ActionNotConfirmedError, action_on
from services.board.hub import SNAPSHOT_NEEDED
from services.board.snapshot import SHOWN_AT_MOST, read_open, view
from services.board.status import progress, read_fleet
from services.readmodel.alerts import by_fingerprint
from services.readmodel.connection import UNAVAILABLE
from services.readmodel.progress import read_pipeline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from redis.asyncio import Redis
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from services.board.actions import ActionPublisher
    from services.board.hub import Hub, Message
    from services.board.snapshot import Snapshots

MOST_ALERTS = 1000
MOST_STREAMS = 1000
_HEARTBEAT_S = 10
# A screen whose connection takes nothing for this long is let go; it comes back by itself.
_SEND_WITHIN_S = 10
_RECONNECT_AFTER_MS = 1500


class ActionRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a posted action."""

    action: ActionKind
    comment: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class _Json(Response):
    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return msgspec.json.encode(content)


class _Stream(EventSourceResponse):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            return


class Api:
    """The endpoints below `/api/`."""

    def __init__(self, redis: Redis, hub: Hub, snapshots: Snapshots, publisher: ActionPublisher) -> None:
        self._redis = redis
        self._hub = hub
        self._snapshots = snapshots
        self._publisher = publisher

    async def session(self, request: Request) -> Response:
        """Who is logged in, and the token that actions carry."""
        session = request.state.session
        return _Json({"user": session.user, "csrf": session.csrf, "expires_at": int(session.expires_at * 1000)})

    async def alerts(self, request: Request) -> Response:
        """Open alerts, worst and newest first."""
        limit = incoming.limit(request, SHOWN_AT_MOST, MOST_ALERTS)
        return _Json(await read_open(self._redis, incoming.hospital(request), limit))

    async def alert(self, request: Request) -> Response:
        """One alert, resolved or not."""
        found = await by_fingerprint(self._redis, [request.path_params["fingerprint"]])
        if not found:
            raise HTTPException(404, "There is no alert with this fingerprint.")
        return _Json(view(found[0]))

    async def fleet(self, request: Request) -> Response:
        """Pumps and open alerts in figures."""
        return _Json(await read_fleet(self._redis, incoming.hospital(request)))

    async def pipeline(self, request: Request) -> Response:  # noqa: ARG002 - the form of an endpoint
        """How the stream workers do, each of them too."""
        now = time.time()
        pipeline = await read_pipeline(self._redis, now)
        return _Json({"pipeline": progress(pipeline, now), "workers": pipeline.workers})

    async def act(self, request: Request) -> Response:
        """Acknowledge, resolve or comment. 202 says that Kafka has it; the stream then revises the alert."""
        session = request.state.session
        if not session.owns(request.headers.get("x-csrf-token", "")):
            raise HTTPException(403, "X-CSRF-Token is missing or of another session; load the page again.")
        asked = await incoming.document(request, ActionRequest)
        if asked.action == "comment" and not (asked.comment or "").strip():
            raise HTTPException(400, "`comment` is empty.")
        found = await by_fingerprint(self._redis, [request.path_params["fingerprint"]])
        if not found:
            raise HTTPException(404, "There is no alert with this fingerprint.")
        alert = found[0].alert
        if alert.state == "resolved" and asked.action != "comment":
            raise HTTPException(409, "The alert is resolved already.")
        action = action_on(alert, asked.action, session.user, asked.comment)
        try:
            await self._publisher.publish(action)
        except ActionNotConfirmedError as error:
            raise HTTPException(503, str(error)) from error
        return _Json({"id": action.id, "fingerprint": alert.fingerprint, "revision": alert.revision}, 202)

    async def stream(self, request: Request) -> Response:
        """The live stream. `Last-Event-ID`, or `after` for the first connection of a page, resumes it."""
        if len(self._hub) >= MOST_STREAMS:
            raise HTTPException(503, f"{MOST_STREAMS} screens are open on this board; close some.")
        last = request.headers.get("last-event-id") or request.query_params.get("after")
        return _Stream(
            self._events(request.state.session.key, incoming.hospital(request), last),
            ping=_HEARTBEAT_S,
            send_timeout=_SEND_WITHIN_S,
            sep="\n",
        )

    async def _events(self, session: str, hospital: str | None, last: str | None) -> AsyncIterator[bytes]:
        subscription, missed = self._hub.subscribe(hospital, session, last)
        try:
            yield b"retry: %d\n\n" % _RECONNECT_AFTER_MS
            for message in [SNAPSHOT_NEEDED] if missed is None else missed:
                yield await self._body(message, hospital)
            if self._hub.status is not None:
                yield await self._body(self._hub.status, hospital)
            async for message in subscription.messages():
                yield await self._body(message, hospital)
        finally:
            self._hub.unsubscribe(subscription)

    async def _body(self, message: Message, hospital: str | None) -> bytes:
        """The message as it is sent; a snapshot is read now, unless Redis is away: it is asked for again then."""
        if message.body is not None:
            return message.body
        try:
            return await self._snapshots.event(hospital)
        except UNAVAILABLE:
            return b": no snapshot while Redis is away\n\n"
