"""What a screen starts from: the open alerts, read once for all screens that ask at the same moment."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec

from services.board.wording import Words, words
from services.readmodel.alerts import StoredAlert, known, open_alerts

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from services.board.hub import Hub
    from services.board.scope import Hospitals

# Judgement: nobody works through more lines; the counts above the list tell how many there are.
SHOWN_AT_MOST = 300


class AlertView(msgspec.Struct, frozen=True):
    """An alert as it was published, and the words for it."""

    alert: msgspec.Raw
    words: Words


class OpenAlerts(msgspec.Struct, frozen=True, kw_only=True):
    """Open alerts, worst and newest first. `total` counts those beyond `limit` too, `now` is the board's clock."""

    now: int
    limit: int
    total: int
    alerts: list[AlertView]


def view(stored: StoredAlert) -> AlertView:
    """One alert for a screen."""
    return AlertView(stored.raw, words(stored.alert))


def encode_view(stored: StoredAlert) -> bytes:
    """One alert for the stream."""
    return msgspec.json.encode(view(stored))


async def read_open(redis: Redis, of: Hospitals, limit: int) -> OpenAlerts:
    """Read the open alerts of these hospitals."""
    names = await known(redis, of)
    found, total = await open_alerts(redis, names, limit)
    return OpenAlerts(now=int(time.time() * 1000), limit=limit, total=total, alerts=[view(each) for each in found])


class Snapshots:
    """Snapshot events. Screens that join while one is being read, with no change in between, share it."""

    def __init__(self, redis: Redis, hub: Hub) -> None:
        self._redis = redis
        self._hub = hub
        self._reading: dict[Hospitals, tuple[str, asyncio.Task[bytes]]] = {}

    async def event(self, of: Hospitals) -> bytes:
        """A snapshot that holds every change up to now. Raises what Redis raises when it is away."""
        last_id, task = self._reading.get(of, ("", None))
        # One that was begun before a change that this screen will not be sent would lack that change.
        if task is None or task.done() or last_id != self._hub.last_id:
            last_id = self._hub.last_id
            task = asyncio.create_task(self._read(of, last_id))
            self._reading[of] = last_id, task
        return await asyncio.shield(task)

    async def _read(self, of: Hospitals, last_id: str) -> bytes:
        try:
            found = await read_open(self._redis, of, SHOWN_AT_MOST)
        finally:
            if self._reading.get(of, ("", None))[0] == last_id:
                del self._reading[of]
        return self._hub.encode("snapshot", msgspec.json.encode(found), last_id)
