"""Follows the alert feeds of all hospitals over one Redis connection, whatever the number of screens."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import structlog

from services.readmodel.alerts import hospitals, parse
from services.readmodel.connection import UNAVAILABLE, connect

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

    from services.board.hub import Hub
    from services.readmodel.alerts import StoredAlert

log = structlog.get_logger()

_BLOCK_MS = 500
_BATCH = 500
# A hospital that is heard for the first time shows its alerts after this long at most.
_LOOK_FOR_HOSPITALS_S = 0.5
_RETRY_S = 0.5
_BEFORE_ALL = "0-0"


class FeedReader:
    """Reads what is new in `pw:feed:{hospital}` and publishes it to the hub, across outages of Redis."""

    def __init__(self, url: str, hub: Hub, encode: Callable[[StoredAlert], bytes]) -> None:
        self._redis: Redis = connect(url, connections=1, timeout_s=_BLOCK_MS / 1000 + 2.0)
        self._hub = hub
        self._encode = encode
        self._read_up_to: dict[str, str] = {}

    @property
    def hospitals(self) -> set[str]:
        """The hospitals whose feeds are followed."""
        return set(self._read_up_to)

    async def run(self) -> None:
        """Follow until cancelled. After an outage each screen reads a fresh snapshot: Redis may have been emptied."""
        try:
            while True:
                with contextlib.suppress(*UNAVAILABLE):
                    await self._follow()
                await asyncio.sleep(_RETRY_S)
        finally:
            await self._redis.aclose()

    async def _follow(self) -> None:
        for hospital in list(self._read_up_to):
            await self._reposition(hospital)
        await self._look_for_hospitals()
        self._hub.request_snapshots()
        look_again = time.monotonic() + _LOOK_FOR_HOSPITALS_S
        while True:
            if time.monotonic() >= look_again:
                if await self._look_for_hospitals():
                    self._hub.request_snapshots()
                look_again = time.monotonic() + _LOOK_FOR_HOSPITALS_S
            if self._read_up_to:
                await self._read()
            else:
                await asyncio.sleep(_RETRY_S)

    async def _read(self) -> None:
        feeds: dict[Any, Any] = {f"pw:feed:{hospital}": position for hospital, position in self._read_up_to.items()}
        answer: Any = await self._redis.xread(feeds, count=_BATCH, block=_BLOCK_MS)
        for feed, entries in answer or []:
            hospital = feed.removeprefix("pw:feed:")
            for position, fields in entries:
                stored = parse(fields.get("alert"))
                if "rebuilt" in fields:
                    self._hub.request_snapshots()
                elif stored is not None:
                    self._hub.publish_change(hospital, self._encode(stored))
                    # Screens send between two changes: a rush of them overflows no queue that is being read.
                    await asyncio.sleep(0)
                self._read_up_to[hospital] = position

    async def _look_for_hospitals(self) -> bool:
        """Start following hospitals not known so far; what they had before stands in the snapshot."""
        new = [hospital for hospital in await hospitals(self._redis) if hospital not in self._read_up_to]
        for hospital in new:
            self._read_up_to[hospital] = await self._newest(hospital)
        return bool(new)

    async def _reposition(self, hospital: str) -> None:
        """A feed that was emptied and filled again on a server whose clock is behind starts over."""
        newest = await self._newest(hospital)
        if _order(newest) < _order(self._read_up_to[hospital]):
            self._read_up_to[hospital] = newest

    async def _newest(self, hospital: str) -> str:
        newest: Any = await self._redis.xrevrange(f"pw:feed:{hospital}", count=1)
        return str(newest[0][0]) if newest else _BEFORE_ALL


def _order(position: str) -> tuple[int, int]:
    milliseconds, _, index = position.partition("-")
    return int(milliseconds), int(index or 0)
