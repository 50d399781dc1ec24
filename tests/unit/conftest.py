"""An empty Redis for each test."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from services.readmodel.connection import connect


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A connection as the board and the metrics open it."""
    client = connect(redis_url)
    await client.flushall()
    yield client
    await client.aclose()
