"""For admins: who may use the board, which tokens end when, and what was done last."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (msgspec reads the annotations)
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from schemas.events import AuditEvent  # noqa: TC001 (msgspec reads the annotations)
from services.board import pages, scope
from services.board.accounts import HospitalNames, now
from services.board.audit import address_of, concerned
from services.board.roles import Role, requires

if TYPE_CHECKING:
    from starlette.requests import Request

    from services.board.account_file import AccountBook
    from services.board.accounts import Account, ApiToken, Group
    from services.board.audit import AuditLog
    from services.board.scope import Hospitals

EVENTS_SHOWN = 200


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """An account, without anything of its password. `created` is null where it was made from the settings."""

    user: str
    role: Role
    hospitals: HospitalNames
    created: datetime | None
    disabled: bool


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """An API token, without anything of its text."""

    name: str
    role: Role
    hospitals: HospitalNames
    created: datetime
    expires: datetime
    expired: bool


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """What a group of the OpenID provider gives."""

    group: str
    role: Role
    hospitals: HospitalNames


class AccountsView(msgspec.Struct, frozen=True, kw_only=True):
    """All of it.

    Of the events `waiting` are not in Kafka yet and `lost` never will be; both are null for some hospitals alone,
    because they count those of all.
    """

    now: datetime
    accounts: list[AccountView]
    tokens: list[TokenView]
    groups: list[GroupView]
    audit: list[AuditEvent]
    waiting: int | None
    lost: int | None


class AccountsPage:
    """`/accounts` and `/api/accounts`. An admin of some hospitals sees those who may see no others."""

    def __init__(self, book: AccountBook, audit: AuditLog) -> None:
        self._book = book
        self._audit = audit

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route("/accounts", self.page), Route("/api/accounts", self.show)]

    @requires("admin")
    async def page(self, request: Request) -> Response:
        """The page; what is on it comes as JSON."""
        return pages.page("accounts.html", request.state.session)

    @requires("admin")
    async def show(self, request: Request) -> Response:
        """Everything on the page. Looking at it is taken down, too."""
        of = scope.hospitals(request)
        by = request.state.session.user
        self._audit.record("accounts_read", by=by, hospital=concerned(of), address=address_of(request))
        accounts, at = self._book.accounts, now()
        answer = AccountsView(
            now=at,
            accounts=[_account(each) for each in accounts.accounts if _inside(each, of)],
            tokens=[_token(each, at) for each in accounts.tokens if _inside(each, of)],
            groups=[_group(each) for each in accounts.groups if _inside(each, of)],
            audit=await self._audit.recent(of, EVENTS_SHOWN),
            waiting=self._audit.waiting if of is None else None,
            lost=self._audit.lost if of is None else None,
        )
        return Response(msgspec.json.encode(answer), media_type="application/json")


def _inside(entry: Account | ApiToken | Group, of: Hospitals) -> bool:
    hospitals = entry.rights.hospitals
    return of is None or (hospitals is not None and hospitals <= of)


def _account(account: Account) -> AccountView:
    return AccountView(
        user=account.user,
        role=account.role,
        hospitals=account.hospitals,
        created=account.created,
        disabled=account.disabled,
    )


def _token(token: ApiToken, at: datetime) -> TokenView:
    return TokenView(
        name=token.name,
        role=token.role,
        hospitals=token.hospitals,
        created=token.created,
        expires=token.expires,
        expired=token.expires <= at,
    )


def _group(group: Group) -> GroupView:
    return GroupView(group=group.group, role=group.role, hospitals=group.hospitals)
