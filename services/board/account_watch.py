"""Takes changes of the account file into force while the board runs: who may no longer, is out within a second."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from services.readmodel.connection import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.board.account_file import AccountBook, Change
    from services.board.accounts import Account, Accounts, ApiToken, Group
    from services.board.audit import AuditLog
    from services.board.hub import Hub
    from services.board.sessions import Sessions

log = structlog.get_logger()

_LOOK_EVERY_S = 0.5


class AccountWatch:
    """Looks at the account file twice a second."""

    def __init__(self, book: AccountBook, sessions: Sessions, hub: Hub, audit: AuditLog) -> None:
        self._audit = audit
        self._book = book
        self._sessions = sessions
        self._hub = hub
        self._ended: set[str] = set()
        self._unsettled = False

    async def run(self) -> None:
        """Watch until cancelled. What Redis is needed for is done once it is there."""
        while True:
            if (change := self._book.changed()) is not None:
                log.info("accounts in force", accounts=len(change.after.accounts), tokens=len(change.after.tokens))
                self._ended |= ended(change)
                for subject, detail in differences(change):
                    self._audit.record("account_changed", by=None, subject=subject, detail=detail)
                self._unsettled = True
            if self._unsettled:
                await self._settle()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _settle(self) -> None:
        try:
            await self._sessions.end_all_of(self._ended)
            self._hub.keep(await self._sessions.scopes(self._hub.sessions))
        except UNAVAILABLE as error:
            log.warning("Redis does not answer, sessions are checked when it does", reason=str(error))
            return
        # Who comes back with another scope starts from what is open in it, not from the last change seen before.
        self._hub.request_snapshots()
        self._ended.clear()
        self._unsettled = False


def ended(change: Change) -> set[str]:
    """The accounts whose sessions are over: removed, disabled, or with another password."""
    before = [account for account in change.before.accounts if not account.disabled]
    after = {account.user: account for account in change.after.accounts if not account.disabled}
    return {each.user for each in before if each.user not in after or after[each.user].seal != each.seal}


def differences(change: Change) -> Iterator[tuple[str, str]]:
    """What changed, and how in a few words: nobody can tell who wrote the file, so the board says what it found."""
    before, after = _named(change.before), _named(change.after)
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None and new is not None:
            yield name, f"added as {new.role} of {_where(new)}"
        elif new is None:
            yield name, "removed"
        elif old is not None and old != new:
            yield name, ", ".join(_changes(old, new))


def _named(accounts: Accounts) -> dict[str, Account | ApiToken | Group]:
    named: dict[str, Account | ApiToken | Group] = {account.user: account for account in accounts.accounts}
    named |= {token.who: token for token in accounts.tokens}
    # An audit event has room for 128 characters of what it is about.
    return named | {f"group:{group.group}"[:128]: group for group in accounts.groups}


def _changes(old: Account | ApiToken | Group, new: Account | ApiToken | Group) -> Iterator[str]:
    if old.role != new.role:
        yield f"role {new.role}, was {old.role}"
    if old.hospitals != new.hospitals:
        yield f"hospitals {_where(new)}"
    for field in ("disabled", "expires"):
        if getattr(old, field, None) != (value := getattr(new, field, None)):
            yield f"{field} {value}"
    for secret in ("password", "hash"):
        if getattr(old, secret, None) != getattr(new, secret, None):
            yield "another password" if secret == "password" else "another token"  # noqa: S105 - a field's name


def _where(entry: Account | ApiToken | Group) -> str:
    """The hospitals, in so many characters that the event has room for the rest."""
    return "all hospitals" if entry.hospitals == "all" else ", ".join(entry.hospitals)[:100]
