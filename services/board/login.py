"""Logging in and out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from services.board import incoming, pages
from services.board.audit import address_of, concerned

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from services.board.account_file import AccountBook
    from services.board.audit import AuditLog
    from services.board.hub import Hub
    from services.board.sessions import Sessions
    from services.board.throttle import LoginThrottle

log = structlog.get_logger()

# A hash takes 64 MiB and a core for tens of ms; more at once would let anybody slow the board down.
_HASHES_AT_ONCE = 2


class Login:
    """The endpoints `/login` and `/logout`."""

    def __init__(
        self,
        book: AccountBook,
        sessions: Sessions,
        throttle: LoginThrottle,
        hub: Hub,
        audit: AuditLog,
        *,
        cookie: str,
        secure: bool,
        provider: str = "",
    ) -> None:
        self._provider = provider
        self._audit = audit
        self._book = book
        self._sessions = sessions
        self._throttle = throttle
        self._hub = hub
        self._cookie = cookie
        self._secure = secure
        self._hashing: CapacityLimiter | None = None

    async def show(self, request: Request) -> Response:
        """The form; somebody who is logged in goes on."""
        target = incoming.local_path(request.query_params.get("next"))
        if request.state.session is not None:
            return RedirectResponse(target, 303)
        return self._form(target=target)

    async def enter(self, request: Request) -> Response:
        """Check the password. Wrong user, wrong password and a disabled account get the same answer."""
        fields = await incoming.form(request)
        user, target = fields.get("user", ""), incoming.local_path(fields.get("next"))
        address = request.client.host if request.client else ""
        wait_s = math.ceil(await self._throttle.take(address, user))
        if wait_s:
            problem = f"Too many tries. Wait {wait_s} s, then try again."
            return self._form(429, problem=problem, user=user, target=target, wait_s=wait_s)
        # Bound to the event loop, so it is made inside one.
        self._hashing = self._hashing or CapacityLimiter(_HASHES_AT_ONCE)
        accounts = self._book.accounts
        account = await to_thread.run_sync(accounts.admitted, user, fields.get("password", ""), limiter=self._hashing)
        if account is None:
            log.warning("login refused", address=address)
            self._audit.record(
                "login_refused", by=None, known_account=accounts.account(user) is not None, address=address_of(request)
            )
            return self._form(401, problem="User or password is wrong.", user=user, target=target)
        await self._throttle.forget(address, user)
        token = await self._sessions.open(account)
        log.info("login", address=address, user=account.user)
        self._audit.record(
            "login",
            by=account.user,
            hospital=concerned(account.rights.hospitals),
            via="password",
            address=address_of(request),
        )
        answer = RedirectResponse(target, 303)
        answer.set_cookie(
            self._cookie,
            token,
            max_age=int(self._sessions.lifetime_s),
            httponly=True,
            samesite="strict",
            secure=self._secure,
        )
        return answer

    async def leave(self, request: Request) -> Response:
        """End the session and every stream that it has open."""
        session = request.state.session
        if not session.owns((await incoming.form(request)).get("csrf", "")):
            raise HTTPException(403, "The form was not served to this session; load the page again.")
        await self._sessions.end(session)
        self._audit.record(
            "logout", by=session.user, hospital=concerned(session.hospitals), address=address_of(request)
        )
        self._hub.close(session.key)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(self._cookie, httponly=True, samesite="strict", secure=self._secure)
        return answer

    def _form(
        self, status: int = 200, *, problem: str = "", user: str = "", target: str = "/", wait_s: int = 0
    ) -> Response:
        return pages.login(status, problem=problem, user=user, target=target, wait_s=wait_s, provider=self._provider)
