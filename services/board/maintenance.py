"""Maintenance windows on the board: which there are, planning one, ending one early."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from schemas.codec import ms
from schemas.events import AlertKind, At, MaintenanceWindow, Name, Reason  # noqa: TC001 (msgspec reads them)
from schemas.topics import MAINTENANCE
from services import maintenance
from services.board import incoming, pages, scope
from services.board.audit import address_of
from services.board.publisher import NotConfirmedError
from services.board.roles import requires
from services.board.wording import KINDS
from services.maintenance import PlanRefusedError, Standing
from services.readmodel import maintenance as readmodel
from services.readmodel.alerts import hospitals
from streams.alerts.maintenance import end_of, window_key

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from starlette.requests import Request

    from services.board.audit import AuditLog
    from services.board.publisher import EventPublisher

# Judgement: far more than anybody plans; each worker compares every alert with those of its hospital.
MOST_OPEN = 200
_NO_HOSPITAL = "There is no hospital of this name."
_NO_WINDOW = "There is no maintenance window of this name."


class WindowRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A window to plan; without `starts_at` it begins at once. Times need a zone."""

    hospital: Name
    care_area: Name | None = None
    pump: Name | None = None
    starts_at: At | None = None
    ends_at: At
    kinds: Annotated[list[AlertKind], msgspec.Meta(min_length=1, max_length=16)] | None = None
    reason: Reason


class WindowView(msgspec.Struct, frozen=True, kw_only=True):
    """A window as it was published, how it stands, and when it ends or has ended."""

    window: MaintenanceWindow
    standing: Standing
    over_at: datetime


class WindowsView(msgspec.Struct, frozen=True, kw_only=True):
    """The windows, the next to begin or the last to end first; `kinds` are the names that a window may hold."""

    now: int
    hospitals: list[str]
    kinds: dict[AlertKind, str]
    windows: list[WindowView]


class MaintenancePage:
    """`/maintenance` and `/api/maintenance`."""

    def __init__(self, redis: Redis, publisher: EventPublisher, audit: AuditLog) -> None:
        self._audit = audit
        self._redis = redis
        self._publisher = publisher

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/maintenance", self.page),
            Route("/api/maintenance", self.windows, methods=["GET"]),
            Route("/api/maintenance", self.plan, methods=["POST"]),
            Route("/api/maintenance/{window:path}", self.end, methods=["DELETE"]),
        ]

    async def page(self, request: Request) -> Response:
        """The page; its windows come as JSON."""
        return pages.page("maintenance.html", request.state.session)

    async def windows(self, request: Request) -> Response:
        """The windows of one hospital or of all in scope, also those that ended in the last 30 days."""
        asked = incoming.hospital(request)
        known = scope.within(request, await hospitals(self._redis))
        found = await readmodel.windows(self._redis, [name for name in known if asked in {None, name}], 2 * MOST_OPEN)
        now = _now()
        views = [_view(window, now) for window in found]
        views.sort(key=lambda view: (view.window.starts_at, view.window.window), reverse=True)
        return _json(WindowsView(now=ms(now), hospitals=known, kinds=KINDS, windows=views))

    @requires("responder")
    async def plan(self, request: Request) -> Response:
        """Plan a window. 202 says that Kafka has it; workers take it within seconds."""
        asked = await incoming.document(request, WindowRequest)
        scope.require(request, asked.hospital, _NO_HOSPITAL)
        if asked.hospital not in await hospitals(self._redis):
            raise HTTPException(404, _NO_HOSPITAL)
        now = _now()
        try:
            window = maintenance.planned(
                asked.hospital,
                (asked.starts_at or now).astimezone(UTC),
                asked.ends_at.astimezone(UTC),
                asked.reason,
                request.state.session.user,
                now=now,
                care_area=asked.care_area,
                pump=asked.pump,
                kinds=asked.kinds,
            )
        except PlanRefusedError as refusal:
            raise HTTPException(400, f"{refusal}.") from refusal
        there = await readmodel.windows(self._redis, [asked.hospital], 2 * MOST_OPEN)
        if sum(maintenance.standing(each, now) != "ended" for each in there) >= MOST_OPEN:
            raise HTTPException(409, f"{MOST_OPEN} windows are open for this hospital; end some first.")
        return await self._published(request, window, now)

    @requires("responder")
    async def end(self, request: Request) -> Response:
        """End a window early, or call it off; what it holds and still stands fires within seconds."""
        name, asked, now = request.path_params["window"], incoming.hospital(request), _now()
        known = scope.within(request, await hospitals(self._redis))
        of = [hospital for hospital in known if asked in {None, hospital}]
        found = [window for hospital in of if (window := await readmodel.window(self._redis, hospital, name))]
        if not found:
            raise HTTPException(404, _NO_WINDOW)
        try:
            over = maintenance.ended(found[0], request.state.session.user, now)
        except PlanRefusedError:
            raise HTTPException(409, "The window is over already.") from None
        return await self._published(request, over, now)

    async def _published(self, request: Request, window: MaintenanceWindow, now: datetime) -> Response:
        try:
            await self._publisher.publish(MAINTENANCE, window_key(window.hospital, window.window), window)
        except NotConfirmedError as error:
            raise HTTPException(503, str(error)) from error
        self._audit.record(
            "maintenance",
            by=window.by,
            hospital=window.hospital,
            subject=window.window,
            detail="planned" if window.cancelled_at is None else "ended early",
            address=address_of(request),
        )
        return _json(_view(window, now), 202)


def _now() -> datetime:
    return datetime.now(UTC)


def _view(window: MaintenanceWindow, now: datetime) -> WindowView:
    return WindowView(window=window, standing=maintenance.standing(window, now), over_at=end_of(window))


def _json(content: msgspec.Struct, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")
