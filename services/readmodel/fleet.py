"""Pumps online, infusing and on battery, and open alerts by severity, for each hospital."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas.events import Severity  # noqa: TC001 (msgspec reads the annotations)
from services.readmodel.alerts import SEVERITIES, key_of_open, score_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

# Judgement: a pump sends its state at least every minute, so five minutes of silence are more than a lost packet.
ONLINE_WITHIN_MS = 5 * 60 * 1000
STATES = ("online", "infusing", "battery")
_READS_PER_HOSPITAL = len(STATES) + len(SEVERITIES) + 1


@dataclass(frozen=True, slots=True)
class HospitalNow:
    """One hospital at this moment. `test` says whether its pumps are simulated; None where no pump was heard."""

    hospital: str
    online: int
    infusing: int
    battery: int
    open: dict[Severity, int]
    test: bool | None


async def overview(redis: Redis, now_ms: int, names: Sequence[str]) -> list[HospitalNow]:
    """Count pumps heard in the last five minutes and open alerts, in two round trips for all these hospitals."""
    if not names:
        return []
    pipe = redis.pipeline(transaction=False)
    for name in names:
        for state in STATES:
            pipe.zcount(f"pw:live:{name}:{state}", now_ms - ONLINE_WITHIN_MS, "+inf")
        for severity in SEVERITIES:
            pipe.zcount(key_of_open(name), *score_range(severity))
        pipe.zrevrange(f"pw:live:{name}:online", 0, 0)
    replies = await pipe.execute()
    by_hospital = [replies[i : i + _READS_PER_HOSPITAL] for i in range(0, len(replies), _READS_PER_HOSPITAL)]
    newest = [pump[0] if pump else None for *_, pump in by_hospital]
    simulated = await _simulated(redis, newest)
    return [
        HospitalNow(
            hospital=name,
            online=counts[0],
            infusing=counts[1],
            battery=counts[2],
            open=dict(zip(SEVERITIES, counts[3:6], strict=True)),
            test=test,
        )
        for name, counts, test in zip(names, by_hospital, simulated, strict=True)
    ]


async def _simulated(redis: Redis, pumps: Sequence[str | None]) -> list[bool | None]:
    """Whether each pump says that it is simulated: the one heard last speaks for its hospital."""
    pipe = redis.pipeline(transaction=False)
    for pump in pumps:
        pipe.hget(f"pw:pump:{pump or ''}", "test")
    return [None if said is None else said.lower() in {"1", "true"} for said in await pipe.execute()]
