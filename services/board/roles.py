"""What a role may do: viewers look, responders also act on alerts and plan maintenance, admins also see accounts."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, get_args

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

Role: TypeAlias = Literal["viewer", "responder", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may."""

_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})

Endpoint = TypeVar("Endpoint", bound="Callable[[Any, Request], Awaitable[Response]]")


def suffices(role: Role, needed: Role) -> bool:
    """Whether a role may do what another one is needed for."""
    return ROLES.index(role) >= ROLES.index(needed)


def requires(needed: Role) -> Callable[[Endpoint], Endpoint]:
    """Decorate an endpoint, a method of its slice: 403 names the role that is needed.

    One that changes something also asks for the token of the session (CSRF), in the header `X-CSRF-Token`.
    """

    def decorate(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        async def guarded(self: Any, request: Request) -> Response:
            session = request.state.session
            if not suffices(session.role, needed):
                raise HTTPException(403, f"This needs the role {needed}; yours is {session.role}.")
            if request.method not in _CHANGES_NOTHING and not session.owns(request.headers.get("x-csrf-token", "")):
                raise HTTPException(403, "X-CSRF-Token is missing or of another session; load the page again.")
            return await endpoint(self, request)

        guarded.needs = needed  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def refuse_undeclared(routes: Iterable[Route], public: Iterable[str]) -> None:
    """Raise ValueError for a route that changes something and does not say who may, unless it is one of `public`.

    What changes nothing is open to every role: a session is asked for everywhere (services/board/guard.py).
    """
    for route in routes:
        changes = (route.methods or set()) - _CHANGES_NOTHING
        if changes and route.path not in public and not hasattr(route.endpoint, "needs"):
            raise ValueError(f"{min(changes)} {route.path} does not say who may: decorate it with `requires`")
