"""The maintenance windows of hospitals, as the read model holds them: planned, in force, and over for up to 30 days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from schemas.events import MaintenanceWindow
from streams.alerts.maintenance import window_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

log = structlog.get_logger()

_decode = msgspec.json.Decoder(MaintenanceWindow).decode


async def windows(redis: Redis, of: Sequence[str], limit: int) -> list[MaintenanceWindow]:
    """The windows of these hospitals that end last, at most `limit` of each, in no order."""
    pipe = redis.pipeline(transaction=False)
    for hospital in of:
        pipe.zrevrange(f"pw:maintenance:{hospital}", 0, limit - 1)
    named = zip(of, await pipe.execute() if of else (), strict=True)
    return await _read(redis, [(hospital, name) for hospital, names in named for name in names])


async def window(redis: Redis, hospital: str, name: str) -> MaintenanceWindow | None:
    """One window, or None."""
    found = await _read(redis, [(hospital, name)])
    return found[0] if found else None


async def _read(redis: Redis, names: Sequence[tuple[str, str]]) -> list[MaintenanceWindow]:
    pipe = redis.pipeline(transaction=False)
    for hospital, name in names:
        pipe.hget(f"pw:window:{window_key(hospital, name)}", "window")
    found = []
    stored: list[Any] = await pipe.execute() if names else []
    for text in stored:
        if text is None:  # it has expired between the two reads
            continue
        try:
            found.append(_decode(text))
        except msgspec.MsgspecError as error:
            log.warning("stored maintenance window cannot be read", reason=str(error))
    return found
