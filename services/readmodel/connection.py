"""Connections to the read model that fail fast: a screen says that Redis is down instead of waiting for it."""

from __future__ import annotations

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

# An idle connection may have been closed by the server; one more try tells that from a server that is gone.
_TRIES = 1
UNAVAILABLE = (RedisError, OSError)
"""What a command raises while Redis is away, still loading or hung."""


def connect(url: str, *, connections: int = 16, timeout_s: float = 2.0) -> Redis:
    """Return a client with text replies; every command ends within `timeout_s` per try.

    At most `connections` are open at once: a rush of requests waits for one instead of opening more.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=timeout_s,
        decode_responses=True,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), _TRIES),
    )
    return Redis.from_pool(pool)
