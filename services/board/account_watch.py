"""Takes changes of the account file into force while the board runs: who may no longer, is out within a second."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from services.readmodel.connection import UNAVAILABLE

if TYPE_CHECKING:
    from services.board.account_file import AccountBook, Change
    from services.board.hub import Hub
    from services.board.sessions import Sessions

log = structlog.get_logger()

_LOOK_EVERY_S = 0.5


class AccountWatch:
    """Looks at the account file twice a second."""

    def __init__(self, book: AccountBook, sessions: Sessions, hub: Hub) -> None:
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
