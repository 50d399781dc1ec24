"""Lets programs in by API token: to `/api/` only, at a pace, and without cookie or CSRF token."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import JSONResponse

from services.board.audit import NO_HOSPITAL, address_of, concerned
from services.board.pace import Pace
from services.board.sessions import presented

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.responses import Response

    from services.board.account_file import AccountBook
    from services.board.accounts import ApiToken
    from services.board.audit import AuditLog
    from services.board.sessions import Session, Sessions

# Judgement: a program that asks each of five endpoints every second stays far below, one in a tight loop does not.
PER_SECOND = 20.0
AT_ONCE = 100.0
# Judgement: enough to see that somebody tries, and from where.
REFUSALS_PER_SECOND = 0.1
REFUSALS_AT_ONCE = 20.0
_REALM = {"WWW-Authenticate": 'Bearer realm="Pumpwatch"'}


class Refusal(NamedTuple):
    """Why a program is not let in."""

    status: int
    reason: str
    headers: dict[str, str]

    def answer(self) -> Response:
        """The refusal as it is sent."""
        return JSONResponse({"error": self.reason}, self.status, self.headers)


class Programs:
    """Finds the session of a request that carries an API token."""

    def __init__(self, book: AccountBook, sessions: Sessions, audit: AuditLog) -> None:
        self._book = book
        self._sessions = sessions
        self._audit = audit
        self._paces: dict[str, Pace] = {}
        self._refusals = Pace(REFUSALS_PER_SECOND, REFUSALS_AT_ONCE)

    def session(self, request: HTTPConnection) -> Session | Refusal | None:
        """The program's session, why it gets none, or None where there is no API token."""
        text = presented(request.headers.get("authorization", ""))
        if text is None:
            return None
        token = self._book.accounts.presented(text)
        session = None if token is None else self._sessions.of_program(token)
        if session is None:
            self._take_down(request, token)
            return Refusal(401, "The API token is unknown, expired or revoked.", _REALM)
        if not request.url.path.startswith("/api/"):
            return Refusal(403, "API tokens are for what is below /api/; pages are for persons who log in.", {})
        wait_s = self._paces.setdefault(session.key, Pace(PER_SECOND, AT_ONCE)).take(time.monotonic())
        if wait_s > 0:
            wait = str(math.ceil(wait_s))
            return Refusal(429, f"More than {PER_SECOND:.0f} requests a second; wait {wait} s.", {"Retry-After": wait})
        return session

    def _take_down(self, request: HTTPConnection, token: ApiToken | None) -> None:
        """A guesser shall not fill the audit: what comes faster is refused without a note."""
        if self._refusals.take(time.monotonic()) == 0:
            self._audit.record(
                "token_refused",
                by=None,
                hospital=NO_HOSPITAL if token is None else concerned(token.rights.hospitals),
                subject=token and token.name,
                detail="unknown or revoked" if token is None else "expired",
                address=address_of(request),
            )
