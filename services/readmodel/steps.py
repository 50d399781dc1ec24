"""The revisions of one alert, as far as they are kept: the first and the last twenty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.readmodel.alerts import StoredAlert, parse

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from schemas.events import Alert


async def steps_of(redis: Redis, alert: StoredAlert) -> list[Alert]:
    """The revisions of an alert, oldest first; at least the one that is given."""
    kept: Any = await redis.zrange(f"pw:alert-steps:{alert.alert.fingerprint}", 0, -1)
    found = [step.alert for text in kept if (step := parse(text)) is not None]
    # A worker that lost its partitions unawares may have told a revision twice.
    steps = list({step.revision: step for step in reversed(found)}.values())[::-1]
    return steps or [alert.alert]
