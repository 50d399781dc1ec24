"""The recent dose entries of a pump, the newest first, and flagged ones whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
import structlog

from schemas.events import DoseScore
from streams.alerts.finding import fingerprint
from streams.sink.entries import EntryLine, key_of_entry, key_of_list

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger()

T = TypeVar("T")

_line = msgspec.json.Decoder(EntryLine)
_score = msgspec.json.Decoder(DoseScore)


class RecentEntry(NamedTuple):
    """An entry of a pump; `score` is its latest revision if it was flagged, `alert` the fingerprint of its alert."""

    line: EntryLine
    score: DoseScore | None
    alert: str | None


async def recent_entries(redis: Redis, pump: str) -> list[RecentEntry]:
    """The last entries of a pump, in two round trips; they may be of several hospitals, as pumps move."""
    kept: Any = await redis.zrevrange(key_of_list(pump), 0, -1)
    lines = [line for text in kept if (line := _read(_line, text)) is not None]
    flagged = [line.entry for line in lines if line.verdict != "ok"]
    alerts = {entry: fingerprint("dose_entry_error", pump, entry) for entry in flagged}
    pipe = redis.pipeline(transaction=False)
    for entry in flagged:
        pipe.hget(key_of_entry(pump, entry), "score")
        pipe.exists(f"pw:alert:{alerts[entry]}")
    replies = await pipe.execute()
    found = {entry: (_read(_score, replies[2 * n]), replies[2 * n + 1]) for n, entry in enumerate(flagged)}
    return [
        RecentEntry(line, score, alerts[line.entry] if raised else None)
        for line in lines
        for score, raised in [found.get(line.entry, (None, 0))]
    ]


async def flagged_entry(redis: Redis, pump: str, entry: str) -> DoseScore | None:
    """The latest revision of a flagged entry with its keys, or None where it is not kept (any more)."""
    stored: Any = await redis.hget(key_of_entry(pump, entry), "score")
    return _read(_score, stored)


def _read(decoder: msgspec.json.Decoder[T], text: str | None) -> T | None:
    if text is None:
        return None
    try:
        return decoder.decode(text)
    except msgspec.MsgspecError as error:
        log.warning("stored entry cannot be read", reason=str(error))
        return None
