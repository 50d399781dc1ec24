"""Which hospitals a session may see. What lies outside its scope does not exist for it: 404, never 403."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

Hospitals: TypeAlias = frozenset[str] | None
"""A set of hospitals by name; None means all, also those not heard of yet."""


def hospitals(request: Request) -> Hospitals:
    """The hospitals of the session; None means all."""
    found: Hospitals = request.state.session.hospitals
    return found


def admits(request: Request, hospital: str) -> bool:
    """Whether the session may see this hospital."""
    return covers(hospitals(request), hospital)


def require(request: Request, hospital: str, missing: str) -> None:
    """Raise 404 with the sentence `missing`, the same as for what does not exist, unless the hospital is in scope."""
    if not admits(request, hospital):
        raise HTTPException(404, missing)


def within(request: Request, names: Iterable[str]) -> list[str]:
    """Those of the hospitals that the session may see, in their order."""
    return [name for name in names if admits(request, name)]


def asked(request: Request, hospital: str | None) -> Hospitals:
    """What a query is about: the hospital that it names, or all, but nothing beyond the session's scope."""
    if hospital is None:
        return hospitals(request)
    return frozenset(within(request, [hospital]))


def covers(scope: Hospitals, hospital: str) -> bool:
    """Whether a hospital is among these."""
    return scope is None or hospital in scope
