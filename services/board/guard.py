"""What every answer carries, and who is let in: everything but the login page asks for a session.

Plain ASGI, because it wraps endless streams too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse

from services.board.pages import unavailable
from services.board.programs import Refusal
from services.readmodel.connection import UNAVAILABLE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from services.board.programs import Programs
    from services.board.sessions import Sessions

OPENID_START, OPENID_BACK = "/login/openid", "/login/openid/back"
PUBLIC = frozenset(
    {"/login", OPENID_START, OPENID_BACK, "/healthz", "/static/base.css", "/static/theme.js", "/static/mark.svg"}
)
_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "img-src 'self'; "
    "connect-src 'self'; "
    "form-action 'self'; "
    "base-uri 'none'; "
    "frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: with it browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SecurityHeaders:
    """Adds the headers to every answer; nothing but static files may be stored by a cache."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = dict(_HEADERS)
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and dress the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.update(self._headers)
                answer.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, dressed)


class SameOriginOnly:
    """Refuses a request that changes something when a browser says that another site sent it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at Sec-Fetch-Site and at Origin, whichever the browser sends; programs send neither."""
        if scope["type"] == "http" and scope["method"] not in _CHANGES_NOTHING:
            headers = Headers(scope=scope)
            site, origin = headers.get("sec-fetch-site"), headers.get("origin")
            foreign = site not in {None, "same-origin", "none"}
            if origin is not None and urlsplit(origin).netloc != headers.get("host"):
                foreign = True
            if foreign:
                await JSONResponse({"error": "Requests from other sites are refused."}, 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class LoginRequired:
    """Finds the session of a request. Without one: 401 for programs, the login page for people, whatever the path."""

    def __init__(self, app: ASGIApp, *, sessions: Sessions, programs: Programs, cookie: str) -> None:
        self._app = app
        self._sessions = sessions
        self._programs = programs
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the session into `request.state.session` (None on public pages), or answer."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        public = scope["path"] in PUBLIC
        program = self._programs.session(request)
        if isinstance(program, Refusal):
            await program.answer()(scope, receive, send)
            return
        try:
            session = program or await self._sessions.find(request.cookies.get(self._cookie))
        except UNAVAILABLE:
            if not public:
                await unavailable(wants_page(request))(scope, receive, send)
                return
            session = None
        request.state.session = session
        if session is not None or public:
            await self._app(scope, receive, send)
        elif wants_page(request) and scope["method"] in _CHANGES_NOTHING:
            await RedirectResponse(_login_for(scope), 303)(scope, receive, send)
        else:
            await JSONResponse({"error": "Log in first."}, 401)(scope, receive, send)


def _login_for(scope: Scope) -> str:
    """The login page, which leads on to the page that was asked for."""
    query = scope["query_string"].decode("latin-1")
    asked = f"{scope['path']}?{query}" if query else scope["path"]
    return "/login" if asked == "/" else f"/login?next={quote(asked)}"


def wants_page(request: HTTPConnection) -> bool:
    """Whether a person's browser asks for a page, rather than a script or a program for data."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(("/api/", "/static/"))
