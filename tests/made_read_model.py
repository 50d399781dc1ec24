"""Alerts and rollups for tests, and the read model filled with them as the stream's sink fills it."""

import time
from datetime import UTC, datetime
from itertools import count
from typing import Any

from redis.asyncio import Redis

from schemas.codec import encode
from schemas.events import Alert, AlertSubject, Rollup
from schemas.topics import ALERTS, ROLLUPS
from streams.sink import ReadModel

_offsets = count()


def alert(name: str, **changes: Any) -> Alert:
    """A critical alert on a norepinephrine entry of pump `P-{name}` in hospital North, seconds old."""
    at = datetime.now(UTC).replace(microsecond=0)
    fields: dict[str, Any] = {
        "id": f"{name}/1",
        "hospital": "North",
        "care_area": "MICU",
        "pump": f"P-{name}",
        "at": at,
        "fingerprint": name,
        "key": f"P-{name}",
        "revision": 1,
        "kind": "dose_entry_error",
        "severity": "critical",
        "state": "firing",
        "summary": "Norepinephrine dose: typed 80 mcg/min, probably meant 8",
        "subject": AlertSubject(
            pump=f"P-{name}",
            entry=f"e-{name}",
            score_revision=1,
            channel=1,
            field="dose",
            drug="Norepinephrine",
            unit="mcg/min",
            typed=80.0,
            meant=8.0,
            slip="extra_digit",
            error_likelihood=0.97,
            harm="life_threatening",
            action="confirm",
            evidence=["80 mcg/min is 10 times the dose before."],
        ),
        "since": at,
        "test": True,
    }
    return Alert(**(fields | changes))


def rollup(hospital: str, hour: datetime, partition: int = 0, **changes: Any) -> Rollup:
    """The sums of one source partition for one hour of norepinephrine in the MICU."""
    fields: dict[str, Any] = {
        "id": f"{hospital}/{hour:%Y%m%d%H}/{partition}",
        "hospital": hospital,
        "care_area": "MICU",
        "at": hour,
        "drug": "Norepinephrine",
        "hour": hour,
        "partition": partition,
        "through": {},
        "test": True,
    }
    return Rollup(**(fields | changes))


async def store(redis: Redis, *alerts: Alert) -> None:
    """Put alert revisions into the read model and its feeds."""
    await ReadModel(redis, "tests").put_alerts(ALERTS, 0, [(next(_offsets), each, encode(each)) for each in alerts])


async def store_rollups(redis: Redis, *rollups: Rollup) -> None:
    """Put rollups into the read model."""
    rows = [(next(_offsets), each, encode(each)) for each in rollups]
    await ReadModel(redis, "tests").put_rollups(ROLLUPS, 0, rows)


async def beat(redis: Redis, worker: str = "worker-1", **changes: Any) -> None:
    """Write the heartbeat of a stream worker that makes progress."""
    now = time.time()
    fields: dict[str, Any] = {
        "started_at": now - 60,
        "at": now,
        "last_progress_at": now - 1,
        "waiting_s": 0,
        "lag": 0,
        "partitions": 60,
        "records_total": 1000,
        "dead_letters_total": 2,
        "agents": "{}",
    }
    await ReadModel(redis, "tests").put_worker(worker, fields | changes, 30)


async def hear(redis: Redis, hospital: str, pump: str, *states: str, test: bool = True) -> None:
    """Let a pump be heard now, in the states online, infusing and battery as given."""
    await redis.sadd("pw:hospitals", hospital)
    await redis.hset(f"pw:pump:{pump}", mapping={"hospital": hospital, "test": str(test).lower()})
    for state in states:
        await redis.zadd(f"pw:live:{hospital}:{state}", {pump: int(time.time() * 1000)})
