"""Sessions in Redis: the browser holds a random token, Redis only its hash, so that a copy of Redis logs nobody in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from redis.asyncio import Redis

    from services.board.roles import Role
    from services.board.scope import Hospitals

# Judgement: one shift. A session ends then even if it is in use, because a board is left open on a shared desk.
LIFETIME_S = 12 * 3600


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is logged in. `key` is where it stands in Redis, `expires_at` is epoch seconds.

    `role` is what the person may do (services/board/roles.py), `hospitals` where; None means everywhere
    (services/board/scope.py).
    """

    key: str
    user: str
    csrf: str
    expires_at: float
    role: Role = "admin"
    hospitals: Hospitals = None

    def owns(self, csrf: str) -> bool:
        """Whether a form or script that sent this token was served to this session."""
        return hmac.compare_digest(csrf.encode(), self.csrf.encode())


class Sessions:
    """Opens, finds and ends sessions. Every method raises what Redis raises when it is away."""

    def __init__(self, redis: Redis, lifetime_s: float = LIFETIME_S) -> None:
        self._redis = redis
        self.lifetime_s = lifetime_s

    async def open(self, user: str) -> tuple[str, Session]:
        """Open a session and return the token for the cookie."""
        token = secrets.token_urlsafe(32)
        session = Session(_key(token), user, secrets.token_urlsafe(32), time.time() + self.lifetime_s)
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(session.key, mapping={"user": user, "csrf": session.csrf, "expires_at": str(session.expires_at)})
        pipe.pexpire(session.key, int(self.lifetime_s * 1000))
        await pipe.execute()
        return token, session

    async def find(self, token: str | None) -> Session | None:
        """The session of a cookie's token, or None when there is none or it has ended."""
        if not token:
            return None
        key = _key(token)
        stored = await self._redis.hgetall(key)
        if not stored:
            return None
        session = Session(key, str(stored["user"]), str(stored["csrf"]), float(stored["expires_at"]))
        return session if session.expires_at > time.time() else None

    async def end(self, session: Session) -> None:
        """Log out: the token opens nothing any more."""
        await self._redis.delete(session.key)

    async def ended(self, keys: Iterable[str]) -> set[str]:
        """Which of these sessions are over."""
        asked = list(keys)
        pipe = self._redis.pipeline(transaction=False)
        for key in asked:
            pipe.exists(key)
        return {key for key, alive in zip(asked, await pipe.execute(), strict=True) if not alive}


def _key(token: str) -> str:
    return f"pw:session:{hashlib.sha256(token.encode()).hexdigest()}"
