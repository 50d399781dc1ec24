"""Sessions in Redis: the browser holds a random token, Redis only its hash, so that a copy of Redis logs nobody in.

What a session may do is not stored with it: it is what its account, or its groups at the OpenID provider, may do now.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.board.accounts import TOKEN_PREFIX, ApiToken, Rights

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from redis.asyncio import Redis

    from services.board.account_file import AccountBook
    from services.board.accounts import Account
    from services.board.roles import Role
    from services.board.scope import Hospitals

# Judgement: one shift. A session ends then even if it is in use, because a board is left open on a shared desk.
LIFETIME_S = 12 * 3600
# More groups than a provider gives a person are not stored.
_GROUPS_AT_MOST = 500
_OF_TOKEN = "token:"  # noqa: S105 - how the key of a program's session begins


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is logged in, or a program with an API token; then there is no CSRF token, for no browser sends it.

    `key` is where it stands in Redis, or names the token; `expires_at` is epoch seconds. `role` is what it may do
    (services/board/roles.py), `hospitals` where; None means everywhere (services/board/scope.py).
    """

    key: str
    user: str
    csrf: str
    expires_at: float
    role: Role
    hospitals: Hospitals

    @property
    def of_program(self) -> bool:
        """Whether it was opened by an API token."""
        return self.key.startswith(_OF_TOKEN)

    def owns(self, csrf: str) -> bool:
        """Whether a form or script that sent this token was served to this session."""
        return self.of_program or hmac.compare_digest(csrf.encode(), self.csrf.encode())


class Sessions:
    """Opens, finds and ends sessions. Every method raises what Redis raises when it is away.

    `issuer` is the OpenID provider whose sessions count; None where there is none.
    """

    def __init__(
        self, redis: Redis, book: AccountBook, issuer: str | None = None, lifetime_s: float = LIFETIME_S
    ) -> None:
        self._redis = redis
        self._book = book
        self._issuer = issuer
        self.lifetime_s = lifetime_s

    async def open(self, account: Account) -> str:
        """Open a session after a password, and return the token for the cookie."""
        return await self._open({"user": account.user, "seal": account.seal})

    async def open_from_provider(self, user: str, groups: Collection[str]) -> str:
        """Open a session of somebody whom the OpenID provider sent, and return the token for the cookie."""
        kept = sorted(groups)[:_GROUPS_AT_MOST]
        return await self._open({"user": user, "issuer": self._issuer or "", "groups": json.dumps(kept)})

    async def find(self, token: str | None) -> Session | None:
        """The session of a cookie's token, or None when there is none, it has ended or its account has."""
        if not token:
            return None
        key = _key(token)
        stored: Any = await self._redis.hgetall(key)
        return self._read(key, stored)

    def of_program(self, token: ApiToken) -> Session | None:
        """The session of an API token, or None where it has expired."""
        if token.expires.timestamp() <= time.time():
            return None
        return Session(f"{_OF_TOKEN}{token.name}", token.who, "", token.expires.timestamp(), *token.rights)

    async def end(self, session: Session) -> None:
        """Log out: the token opens nothing any more."""
        await self._redis.delete(session.key)

    async def end_all_of(self, users: Collection[str]) -> None:
        """End every session of these accounts, so that none comes back with an account that is enabled again."""
        async for key in self._redis.scan_iter("pw:session:*", count=1000):
            if await self._redis.hget(key, "user") in users:
                await self._redis.delete(key)

    async def scopes(self, keys: Iterable[str]) -> dict[str, Hospitals]:
        """Which of these sessions go on, and the hospitals of each."""
        programs = {f"{_OF_TOKEN}{token.name}": self.of_program(token) for token in self._book.accounts.tokens}
        asked = set(keys)
        persons = [key for key in asked if not key.startswith(_OF_TOKEN)]
        pipe = self._redis.pipeline(transaction=False)
        for key in persons:
            pipe.hgetall(key)
        found = {key: self._read(key, stored) for key, stored in zip(persons, await pipe.execute(), strict=True)}
        found |= {key: session for key, session in programs.items() if key in asked}
        return {key: session.hospitals for key, session in found.items() if session is not None}

    async def _open(self, what: dict[str, str]) -> str:
        token = secrets.token_urlsafe(32)
        expires_at = time.time() + self.lifetime_s
        pipe = self._redis.pipeline(transaction=True)
        stored: Any = {**what, "csrf": secrets.token_urlsafe(32), "expires_at": str(expires_at)}
        pipe.hset(_key(token), mapping=stored)
        pipe.pexpire(_key(token), int(self.lifetime_s * 1000))
        await pipe.execute()
        return token

    def _read(self, key: str, stored: Mapping[str, str]) -> Session | None:
        if not stored or float(stored["expires_at"]) <= time.time():
            return None
        rights = self._rights(stored)
        return rights and Session(key, stored["user"], stored["csrf"], float(stored["expires_at"]), *rights)

    def _rights(self, stored: Mapping[str, str]) -> Rights | None:
        accounts = self._book.accounts
        account = accounts.account(stored["user"])
        if "groups" in stored:
            # A name means one person: that of an account is never the provider's.
            if account is not None or stored["issuer"] != self._issuer:
                return None
            return accounts.rights_of(json.loads(stored["groups"]))
        if account is None or account.disabled or account.seal != stored.get("seal"):
            return None
        return account.rights


def presented(authorization: str) -> str | None:
    """The API token in an Authorization header, or None where there is none of ours."""
    kind, _, token = authorization.partition(" ")
    return token if kind.lower() == "bearer" and token.startswith(TOKEN_PREFIX) else None


def _key(token: str) -> str:
    return f"pw:session:{hashlib.sha256(token.encode()).hexdigest()}"
