"""What a screen starts from: the open alerts, read once for all screens that ask at the same moment."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec

from services.board.filters import EVERYTHING
from services.board.wording import Words, words
from services.readmodel.alerts import StoredAlert, known, open_alerts

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from services.board.filters import Filter
    from services.board.hub import Hub
    from services.board.scope import Hospitals

# Judgement: nobody works through more lines; the counts above the list tell how many there are.
SHOWN_AT_MOST = 300
# A filter or a search looks at this many open alerts at most, the worst and newest: reading them takes a tenth of a
# second, and who has more of them open has another problem than finding one. Judgement.
LOOKED_THROUGH = 5000


class AlertView(msgspec.Struct, frozen=True):
    """An alert as it was published, and the words for it."""

    alert: msgspec.Raw
    words: Words


class OpenAlerts(msgspec.Struct, frozen=True, kw_only=True):
    """Open alerts, worst and newest first. `total` counts those beyond `limit` too, `now` is the board's clock.

    With a filter `total` counts those that it admits among the `looked_at` worst and newest of all that are `open`, and
    `hidden` names the firing critical ones that it does not admit.
    """

    now: int
    limit: int
    total: int
    open: int
    looked_at: int
    hidden: list[str]
    alerts: list[AlertView]


def view(stored: StoredAlert) -> AlertView:
    """One alert for a screen."""
    return AlertView(stored.raw, words(stored.alert))


def encode_view(stored: StoredAlert) -> bytes:
    """One alert for the stream."""
    return msgspec.json.encode(view(stored))


async def read_open(redis: Redis, of: Hospitals, limit: int, narrowed: Filter = EVERYTHING) -> OpenAlerts:
    """Read the open alerts of these hospitals that the filter admits."""
    everything = narrowed == EVERYTHING
    found, open_ = await open_alerts(redis, await known(redis, of), limit if everything else LOOKED_THROUGH)
    admitted = [each for each in found if narrowed.admits(each.alert)]
    return OpenAlerts(
        now=int(time.time() * 1000),
        limit=limit,
        total=open_ if everything else len(admitted),
        open=open_,
        looked_at=open_ if everything else min(open_, LOOKED_THROUGH),
        hidden=[each.alert.fingerprint for each in found if _calls(each) and not narrowed.admits(each.alert)],
        alerts=[view(each) for each in admitted[:limit]],
    )


def _calls(stored: StoredAlert) -> bool:
    alert = stored.alert
    return alert.severity == "critical" and alert.state == "firing" and alert.maintenance is None


class Snapshots:
    """Snapshot events. Screens that join while one is being read, with no change in between, share it."""

    def __init__(self, redis: Redis, hub: Hub) -> None:
        self._redis = redis
        self._hub = hub
        self._reading: dict[tuple[Hospitals, Filter], tuple[str, asyncio.Task[bytes]]] = {}

    async def event(self, of: Hospitals, narrowed: Filter = EVERYTHING) -> bytes:
        """A snapshot that holds every change up to now. Raises what Redis raises when it is away."""
        last_id, task = self._reading.get((of, narrowed), ("", None))
        # One that was begun before a change that this screen will not be sent would lack that change.
        if task is None or task.done() or last_id != self._hub.last_id:
            last_id = self._hub.last_id
            task = asyncio.create_task(self._read(of, narrowed, last_id))
            self._reading[of, narrowed] = last_id, task
        return await asyncio.shield(task)

    async def _read(self, of: Hospitals, narrowed: Filter, last_id: str) -> bytes:
        try:
            found = await read_open(self._redis, of, SHOWN_AT_MOST, narrowed)
        finally:
            if self._reading.get((of, narrowed), ("", None))[0] == last_id:
                del self._reading[of, narrowed]
        return self._hub.encode("snapshot", msgspec.json.encode(found), last_id)
