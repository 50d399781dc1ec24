"""Puts the board together: one application around one hub, one feed reader and one status watch."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from services.board import pages
from services.board.account_watch import AccountWatch
from services.board.accounts_page import AccountsPage
from services.board.alert_page import AlertPage
from services.board.api import Api
from services.board.audit import AuditLog
from services.board.care_area_page import CareAreaPage
from services.board.choices import FilterChoices
from services.board.doses import Doses
from services.board.drug_page import DrugPage
from services.board.feed import FeedReader
from services.board.guard import PUBLIC, LoginRequired, SameOriginOnly, SecurityHeaders, wants_page
from services.board.hub import Hub
from services.board.login import Login
from services.board.maintenance import MaintenancePage
from services.board.openapi import OpenApi
from services.board.programs import Programs
from services.board.publisher import EventPublisher
from services.board.pump_page import PumpPage
from services.board.roles import refuse_undeclared
from services.board.search import Search
from services.board.sessions import Sessions
from services.board.snapshot import Snapshots, encode_view
from services.board.status import StatusWatch
from services.board.throttle import LoginThrottle
from services.board.usual import UsualHours
from services.readmodel.connection import UNAVAILABLE, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from services.board.account_file import AccountBook
    from services.board.openid import OpenIdConfig

CANCEL_AGAIN_S = 0.5
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class BoardConfig:
    """`kafka` is a confluent-kafka client configuration; `hosts` are the names browsers may use for the board."""

    redis: str
    kafka: Mapping[str, Any]
    book: AccountBook
    hosts: tuple[str, ...] = LOOPBACK_NAMES
    secure: bool = False
    openid: OpenIdConfig | None = None
    hub: Hub = field(default_factory=Hub)


class Board:
    """The application (ASGI). `close_streams` lets it stop without waiting for open screens."""

    def __init__(self, config: BoardConfig, publisher: EventPublisher | None = None) -> None:
        # `__Host-` makes a browser refuse the cookie from anything but this host over TLS.
        self._cookie = cookie = "__Host-pumpwatch" if config.secure else "pumpwatch"
        self._redis = connect(config.redis)
        self.hub = config.hub
        self._publisher = publisher or EventPublisher(config.kafka)
        self._doses = Doses(config.kafka)
        self._audit = AuditLog(self._redis, self._publisher)
        sessions = Sessions(self._redis, config.book, config.openid.issuer if config.openid else None)
        self.feed = FeedReader(config.redis, self.hub, encode_view)
        self._status = StatusWatch(self._redis, self.hub, sessions)
        api = Api(self._redis, self.hub, Snapshots(self._redis, self.hub), self._publisher, self._audit)
        self._accounts = AccountWatch(config.book, sessions, self.hub, self._audit)
        throttle = LoginThrottle(self._redis)
        login = Login(
            config.book,
            sessions,
            throttle,
            self.hub,
            self._audit,
            cookie=cookie,
            secure=config.secure,
            provider=config.openid.name if config.openid else "",
        )
        routes = [
            Route("/", self._board),
            Route("/login", login.show, methods=["GET"]),
            Route("/login", login.enter, methods=["POST"]),
            Route("/logout", login.leave, methods=["POST"]),
            Route("/healthz", self._health),
            Route("/api/session", api.session),
            Route("/api/alerts", api.alerts),
            Route("/api/alerts/{fingerprint}", api.alert),
            Route("/api/alerts/{fingerprint}/actions", api.act, methods=["POST"]),
            Route("/api/fleet", api.fleet),
            Route("/api/pipeline", api.pipeline),
            Route("/api/stream", api.stream),
            *FilterChoices(self._redis).routes,
            *AlertPage(self._redis, self._doses).routes,
            *DrugPage(self._redis, self._doses).routes,
            *Search(self._redis, self._doses).routes,
            *MaintenancePage(self._redis, self._publisher, self._audit).routes,
            *PumpPage(self._redis).routes,
            *CareAreaPage(self._redis).routes,
            *UsualHours(self._redis).routes,
            *AccountsPage(config.book, self._audit).routes,
            *self._openid(config, sessions),
        ]
        routes += OpenApi(routes).routes
        # Whoever has a session may end it; everything else that changes something says which role it needs.
        refuse_undeclared(routes, public={*PUBLIC, "/logout"})
        app: ASGIApp = Starlette(
            routes=[*routes, Mount("/static", StaticFiles(directory=pages.HERE / "static"))],
            exception_handlers={HTTPException: _refused, **dict.fromkeys(UNAVAILABLE, _unavailable)},
            lifespan=self._lifespan,
        )
        programs = Programs(config.book, sessions, self._audit)
        app = LoginRequired(app, sessions=sessions, programs=programs, cookie=cookie)
        app = SameOriginOnly(app)
        app = TrustedHostMiddleware(app, allowed_hosts=list(config.hosts), www_redirect=False)
        self._app = SecurityHeaders(app, secure=config.secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._app(scope, receive, send)

    def _openid(self, config: BoardConfig, sessions: Sessions) -> list[Route]:
        """The way in through an OpenID provider, where there is one."""
        if config.openid is None:
            return []
        from services.board.openid import Provider  # noqa: PLC0415 (takes part of a second, most boards have none)
        from services.board.openid_login import OpenIdLogin  # noqa: PLC0415 (as above)

        provider = Provider(config.openid)
        return OpenIdLogin(
            provider,
            config.book,
            sessions,
            self._redis,
            self._audit,
            cookie=self._cookie,
            secure=config.secure,
        ).routes

    def close_streams(self) -> None:
        """End every open stream; screens connect again, here or elsewhere."""
        self.hub.close()

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self._publisher.start()
        self._doses.start()
        tasks = [asyncio.create_task(each.run()) for each in (self.feed, self._status, self._accounts, self._audit)]
        try:
            yield
        finally:
            await self._audit.settle()
            await end(tasks)
            self._publisher.stop()
            self._doses.stop()
            await self._redis.aclose()

    async def _board(self, request: Request) -> Response:
        return pages.page("board.html", request.state.session)

    async def _health(self, request: Request) -> Response:
        """200 while the pipeline makes progress, else 503; why only for those who are logged in."""
        session = request.state.session
        ok, reason = self._status.healthy(session and session.hospitals)
        answer = {"status": "ok" if ok else "failing"}
        if session is not None:
            answer["reason"] = reason
        return JSONResponse(answer, 200 if ok else 503)


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended.

    Once is not always enough: `asyncio.wait_for` of Python 3.11, through which the Redis client sends, drops a
    cancellation that comes in the same moment as its result.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    return pages.failure(wants_page(request), error.status_code, error.detail)


async def _unavailable(request: Request, _error: Exception) -> Response:
    return pages.unavailable(wants_page(request))
