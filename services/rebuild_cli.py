"""`pumpwatch rebuild-redis`."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.failure import fail
from services.rebuild import rebuild
from streams.cluster import ClusterError
from streams.readback import ReadbackError
from streams.settings import Settings
from streams.sink import ReadModel, RedisAwayError


def rebuild_redis(
    kafka: Annotated[str | None, typer.Option(help="Bootstrap servers; PUMPWATCH_KAFKA.")] = None,
    redis: Annotated[
        str | None, typer.Option(help="Redis URL; PUMPWATCH_REDIS keeps a password off the process list.")
    ] = None,
    group: Annotated[str | None, typer.Option(help="Consumer group whose fence is set; PUMPWATCH_GROUP.")] = None,
    charge_hours: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=720,
            help="Hours of the pumps' charge to read again, last of all; PUMPWATCH_CHARGE_HISTORY_H. With 0 the curves "
            "begin anew, which saves hours for a very large fleet.",
        ),
    ] = None,
) -> None:
    """Empty what the stream wrote to Redis and fill it again from the topics. Workers may go on meanwhile.

    Example: pumpwatch rebuild-redis
    """
    settings = Settings.load(kafka=kafka, redis=redis, group=group)
    try:
        counts = asyncio.run(_run(settings, settings.charge_history_h if charge_hours is None else charge_hours))
    except ClusterError as error:
        fail(f"{error}; Redis is as it was", code=1)
    except (ReadbackError, RedisAwayError, RedisError) as error:
        fail(f"the rebuild did not finish: {str(error).rstrip('.')}; run it again", code=1)
    typer.echo("Redis rebuilt from " + ", ".join(f"{count} records of {topic}" for topic, count in counts.items()))


async def _run(settings: Settings, charge_h: float) -> dict[str, int]:
    redis = Redis.from_url(settings.redis.get_secret_value())
    try:
        return await rebuild(settings.confluent(), redis, ReadModel.of(settings, redis), charge_h, _show)
    finally:
        await redis.aclose()
        if sys.stderr.isatty():
            sys.stderr.write("\n")


def _show(topic: str, records: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{topic}: {records:,} records \033[K")
