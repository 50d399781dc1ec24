"""Maintenance windows in the read model, on a real Redis."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from schemas.codec import encode
from schemas.topics import ALERTS, MAINTENANCE
from services.readmodel import maintenance
from services.readmodel.alerts import key_of_open, open_alerts, score_range
from streams.sink import ReadModel
from tests.made_alerts import window
from tests.made_read_model import alert

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
async def client(redis_url):
    async with Redis.from_url(redis_url, decode_responses=True) as connected:
        await connected.flushall()
        yield connected


@pytest.fixture
async def store(client) -> ReadModel:
    return ReadModel(client, "unit")


def planned(name: str, hours: float, **changes):
    """A window from now on."""
    fields = {"hospital": "North", "at": NOW, "starts_at": NOW, "ends_at": NOW + timedelta(hours=hours)}
    return window(0, 0, window=name, **(fields | changes))


async def put(store: ReadModel, *windows, first: int = 0, rebuild: bool = False) -> None:
    rows = [(first + number, each, encode(each)) for number, each in enumerate(windows)]
    await store.put_windows(MAINTENANCE, 0, rows, rebuild=rebuild)


async def test_windows_of_a_hospital_are_found(client, store):
    """Those that end last first, others not."""
    await put(store, planned("a", 1), planned("b", 3), planned("c", 2), planned("d", 1, hospital="South"))
    assert {each.window for each in await maintenance.windows(client, ["North"], 10)} == {"a", "b", "c"}
    assert {each.window for each in await maintenance.windows(client, ["North", "South"], 1)} == {"b", "d"}
    assert await maintenance.windows(client, [], 10) == []
    assert await maintenance.window(client, "North", "a") == planned("a", 1)
    assert await maintenance.window(client, "South", "a") is None
    assert await client.smembers("pw:hospitals") == {"North", "South"}


async def test_the_newest_word_on_a_window_counts(client, store):
    """A batch sent twice, or an older record after a newer one, changes nothing; a rebuild writes it again."""
    over = planned("a", 1, revision=2, cancelled_at=NOW)
    await put(store, planned("a", 1), over)
    await put(store, planned("a", 1))
    assert await maintenance.window(client, "North", "a") == over
    await client.delete("pw:window:North/a")
    await put(store, planned("a", 1), over, rebuild=True)
    assert await maintenance.window(client, "North", "a") == over


async def test_what_ended_long_ago_leaves(client, store):
    """30 days after its end a window is forgotten, and one that is read again then is not taken up."""
    await put(store, planned("a", 1))
    assert 30 * 86_400 < await client.expiretime("pw:window:North/a") - time.time() <= 30 * 86_400 + 3600
    month_ago = NOW - timedelta(days=31)
    await put(store, planned("old", 1, starts_at=month_ago, ends_at=month_ago), first=1)
    assert [each.window for each in await maintenance.windows(client, ["North"], 10)] == ["a"]


async def test_what_cannot_be_read_is_left_out(client, store):
    """Somebody else's writing does not break the page."""
    await put(store, planned("a", 1), planned("b", 1))
    await client.hset("pw:window:North/b", "window", '{"window": 5}')
    assert [each.window for each in await maintenance.windows(client, ["North"], 10)] == ["a"]


async def test_an_alert_that_a_window_holds_stands_below_all_others(client, store):
    """It is counted under no severity until it is let go."""
    held, free = alert("held", maintenance="w1"), alert("free", severity="info")
    rows = [(number, each, encode(each)) for number, each in enumerate((held, free))]
    await store.put_alerts(ALERTS, 0, rows)
    found, total = await open_alerts(client, ["North"], 10)
    assert ([each.alert.fingerprint for each in found], total) == (["free", "held"], 2)
    assert await client.zcount(key_of_open("North"), *score_range("critical")) == 0
    let_go = replace(held, revision=2, maintenance=None)
    await store.put_alerts(ALERTS, 0, [(2, let_go, encode(let_go))])
    assert await client.zcount(key_of_open("North"), *score_range("critical")) == 1
