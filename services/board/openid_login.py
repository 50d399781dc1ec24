"""Logging in through an OpenID provider: there and back, bound to one browser, each answer good once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import TYPE_CHECKING

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.routing import Route

from services.board import incoming, pages
from services.board.audit import address_of, concerned
from services.board.guard import OPENID_BACK, OPENID_START
from services.board.openid import ProviderError
from services.board.pace import Pace

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from starlette.requests import Request
    from starlette.responses import Response

    from services.board.account_file import AccountBook
    from services.board.audit import AuditLog
    from services.board.openid import Identity, Provider
    from services.board.sessions import Sessions

log = structlog.get_logger()

# Judgement: long enough for a second factor.
_WITHIN_S = 600
# Anybody may begin a login, and each takes room in Redis until it ends.
_PER_SECOND, _AT_ONCE = 10.0, 100.0
_LONGEST_ANSWER = 4096
_BEGUN_ELSEWHERE = "This login was begun in another browser or too long ago. Log in again."
_NOT_PROVED = "The login was not confirmed by the provider. Log in again."


class _Begun(msgspec.Struct, frozen=True):
    """What the board keeps of a login until the person is back; of the browser's cookie only a hash."""

    browser: str
    nonce: str
    verifier: str
    target: str


class OpenIdLogin:
    """The endpoints `/login/openid` and `/login/openid/back`."""

    def __init__(
        self,
        provider: Provider,
        book: AccountBook,
        sessions: Sessions,
        redis: Redis,
        audit: AuditLog,
        *,
        cookie: str,
        secure: bool,
    ) -> None:
        self._provider = provider
        self._book = book
        self._sessions = sessions
        self._redis = redis
        self._audit = audit
        self._cookie = cookie
        self._browser_cookie = f"{cookie}-openid"
        self._secure = secure
        self._starts = Pace(_PER_SECOND, _AT_ONCE)

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route(OPENID_START, self.start, methods=["GET"]), Route(OPENID_BACK, self.back, methods=["GET"])]

    async def start(self, request: Request) -> Response:
        """Send the browser to the provider's login page."""
        if self._starts.take(time.monotonic()) > 0:
            raise HTTPException(429, "Too many logins at once; try again in a moment.")
        state, browser = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        begun = _Begun(
            browser=_digest(browser),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            target=incoming.local_path(request.query_params.get("next")),
        )
        try:
            page = await self._provider.login_page(self._redirect(request), state, begun.nonce, begun.verifier)
        except ProviderError as error:
            log.warning("the OpenID provider cannot be used", reason=str(error))
            return self._again(503, f"{self._provider.config.name} does not answer. Try again in a moment.")
        await self._redis.set(_key(state), msgspec.json.encode(begun), ex=_WITHIN_S)
        answer = RedirectResponse(page, 303)
        # Lax: the provider sends the browser back from its own site, and a strict cookie would stay behind.
        answer.set_cookie(
            self._browser_cookie, browser, max_age=_WITHIN_S, httponly=True, samesite="lax", secure=self._secure
        )
        return answer

    async def back(self, request: Request) -> Response:
        """Take the provider's answer. It is good once, in the browser that began, for ten minutes."""
        state, code = (request.query_params.get(name, "") for name in ("state", "code"))
        if max(len(state), len(code)) > _LONGEST_ANSWER:
            raise HTTPException(400, "`state` or `code` is longer than any provider sends.")
        stored = await self._redis.getdel(_key(state))
        begun = None if stored is None else msgspec.json.decode(stored, type=_Begun)
        browser = _digest(request.cookies.get(self._browser_cookie, ""))
        if begun is None or not hmac.compare_digest(begun.browser, browser):
            return self._refused(request, 400, _BEGUN_ELSEWHERE, "begun elsewhere or too long ago")
        if not code:
            return self._refused(request, 401, _NOT_PROVED, "refused by the provider")
        try:
            identity = await self._provider.identity(code, self._redirect(request), begun.nonce, begun.verifier)
        except ProviderError as error:
            log.warning("OpenID login refused", reason=str(error))
            return self._refused(request, 401, _NOT_PROVED, "not proved")
        return await self._entered(request, identity, begun.target)

    async def _entered(self, request: Request, identity: Identity, target: str) -> Response:
        accounts = self._book.accounts
        if accounts.account(identity.user) is not None:
            reason = "An account of this board has your name; log in with its password, or ask for another name."
            return self._refused(request, 403, reason, "the name of an account")
        rights = accounts.rights_of(identity.groups)
        if rights is None:
            reason = "You are in no group that may use this board. Ask whoever runs it."
            return self._refused(request, 403, reason, "in no group that may")
        token = await self._sessions.open_from_provider(identity.user, identity.groups)
        log.info("login", user=identity.user)
        self._audit.record(
            "login",
            by=identity.user,
            hospital=concerned(rights.hospitals),
            via="openid",
            address=address_of(request),
        )
        # A page and no redirect: only a step from our own site takes the strict cookie of the session along.
        answer = pages.entered(target)
        answer.set_cookie(
            self._cookie,
            token,
            max_age=int(self._sessions.lifetime_s),
            httponly=True,
            samesite="strict",
            secure=self._secure,
        )
        return self._without_browser_cookie(answer)

    def _refused(self, request: Request, status: int, reason: str, detail: str) -> Response:
        self._audit.record("login_refused", by=None, via="openid", detail=detail, address=address_of(request))
        return self._without_browser_cookie(self._again(status, reason))

    def _again(self, status: int, problem: str) -> Response:
        return pages.login(status, problem=problem, provider=self._provider.config.name)

    def _without_browser_cookie(self, answer: Response) -> Response:
        answer.delete_cookie(self._browser_cookie, httponly=True, samesite="lax", secure=self._secure)
        return answer

    def _redirect(self, request: Request) -> str:
        """Where the provider sends the browser back to; it has to be registered there."""
        return self._provider.config.redirect or f"{request.base_url}".rstrip("/") + OPENID_BACK


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _key(state: str) -> str:
    return f"pw:login:openid:{_digest(state)}"
