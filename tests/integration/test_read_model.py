"""Writes to Redis: fenced, in one step, and never older over newer. Real Redis."""

import asyncio
from datetime import UTC, datetime

import orjson
import pytest
from msgspec.structs import replace
from redis.asyncio import Redis

from schemas.codec import encode
from schemas.topics import ALERTS, ROLLUPS
from streams.sink import ReadModel, RedisAwayError
from streams.sink.live import live_fields
from tests.made_events import heartbeat
from tests.made_read_model import alert, rollup

pytestmark = pytest.mark.servers

HOUR = datetime(2026, 11, 23, 17, tzinfo=UTC)
FENCE = "pw:fence:unit"


@pytest.fixture
async def client(redis_url):
    async with Redis.from_url(redis_url, decode_responses=True) as connected:
        await connected.flushall()
        yield connected


@pytest.fixture
async def store(client) -> ReadModel:
    return ReadModel(client, "unit")


def numbered(offset: int, event):
    return offset, event, encode(event)


async def test_a_batch_sent_twice_changes_nothing(client, store):
    batch = [numbered(7, alert("a", hospital="st-a")), numbered(8, alert("b", hospital="st-a"))]
    await store.put_alerts(ALERTS, 3, batch)
    await store.put_alerts(ALERTS, 3, batch)
    assert await client.xlen("pw:feed:st-a") == 2
    assert await client.zcard("pw:alerts:open:st-a") == 2
    assert await client.hgetall(FENCE) == {f"{ALERTS}/3": "8"}


async def test_a_batch_that_overlaps_the_last_applies_only_what_is_new(client, store):
    first, second = alert("a", hospital="st-a"), alert("b", hospital="st-a")
    await store.put_alerts(ALERTS, 0, [numbered(1, first)])
    await store.put_alerts(ALERTS, 0, [numbered(1, first), numbered(2, second)])
    assert await client.xlen("pw:feed:st-a") == 2


async def test_fences_of_partitions_are_apart(client, store):
    await store.put_alerts(ALERTS, 0, [numbered(100, alert("a", hospital="st-a"))])
    await store.put_alerts(ALERTS, 1, [numbered(5, alert("b", hospital="st-a"))])
    assert await client.zcard("pw:alerts:open:st-a") == 2


async def test_a_resolved_alert_leaves_the_open_ones_and_is_kept_for_a_month(client, store):
    firing = alert("a", hospital="st-a")
    resolved = alert("a", hospital="st-a", state="resolved", revision=2)
    await store.put_alerts(ALERTS, 0, [numbered(1, firing), numbered(2, resolved)])
    assert await client.zcard("pw:alerts:open:st-a") == 0
    stored = orjson.loads(await client.hget(f"pw:alert:{firing.fingerprint}", "alert"))
    assert stored["state"] == "resolved"
    assert 29 * 86_400 < await client.ttl(f"pw:alert:{firing.fingerprint}") <= 30 * 86_400
    fired_again = alert("a", hospital="st-a", revision=3)
    await store.put_alerts(ALERTS, 0, [numbered(3, fired_again)])
    assert await client.ttl(f"pw:alert:{firing.fingerprint}") == -1
    assert await client.zcard("pw:alerts:open:st-a") == 1


async def test_critical_alerts_come_first_and_then_the_newest(client, store):
    early, late = HOUR, HOUR.replace(minute=30)
    await store.put_alerts(
        ALERTS,
        0,
        [
            numbered(1, alert("old", hospital="st-a", severity="critical", since=early)),
            numbered(2, alert("info", hospital="st-a", severity="info", since=late)),
            numbered(3, alert("new", hospital="st-a", severity="critical", since=late)),
            numbered(4, alert("warn", hospital="st-a", severity="warning", since=late)),
        ],
    )
    found = await client.zrevrange("pw:alerts:open:st-a", 0, -1)
    expected = [alert(name).fingerprint for name in ("new", "old", "warn", "info")]
    assert found == expected


async def test_a_rebuild_never_puts_older_over_newer(client, store):
    """It reads from the start while the live stream writes the end."""
    new = rollup("st-a", HOUR, entries=9)
    await store.put_rollups(ROLLUPS, 2, [numbered(50, new)])
    old = rollup("st-a", HOUR, entries=4)
    await store.put_rollups(ROLLUPS, 2, [numbered(10, old)], rebuild=True)
    [field] = await client.hvals("pw:roll:st-a:2026-11-23T17Z")
    assert orjson.loads(field)["entries"] == 9
    assert await client.hget(FENCE, f"{ROLLUPS}/2") == "50"


async def test_live_pumps_show_their_newest_state_in_their_newest_hospital(client, store):
    on_battery = heartbeat("p1", 1, hospital="st-a", source="battery", charging=False)
    moved = heartbeat("p1", 2, hospital="st-b", infusing=False)
    await store.put_pumps(1000, [(5, on_battery, live_fields(on_battery), b"")])
    assert await client.zrange("pw:live:st-a:battery", 0, -1) == ["p1"]
    await store.put_pumps(2000, [(6, moved, live_fields(moved), b"")])
    await store.put_pumps(3000, [(5, on_battery, live_fields(on_battery), b"")])
    stored = await client.hgetall("pw:pump:p1")
    assert (stored["hospital"], stored["source"], stored["infusing"], stored["test"]) == ("st-b", "mains", "0", "1")
    assert stored["minutes_left"] == ""
    assert await client.zrange("pw:live:st-b:online", 0, -1, withscores=True) == [("p1", 2000.0)]
    for kind in ("online", "infusing", "battery"):
        assert await client.zcard(f"pw:live:st-a:{kind}") == 0
    assert await client.zcard("pw:live:st-b:infusing") == 0


async def test_a_redis_that_is_away_is_one_kind_of_error():
    lost = ReadModel(Redis.from_url("redis://127.0.0.1:9"), "unit")
    with pytest.raises(RedisAwayError):
        await lost.put_alerts(ALERTS, 0, [numbered(1, alert("a"))])


async def test_scripts_come_back_after_redis_lost_them(client, store):
    await store.put_alerts(ALERTS, 0, [numbered(1, alert("a", hospital="st-a"))])
    await client.script_flush()
    await store.put_alerts(ALERTS, 0, [numbered(2, alert("b", hospital="st-a"))])
    assert await client.zcard("pw:alerts:open:st-a") == 2


async def test_two_writers_of_the_same_batch_apply_it_once(client, redis_url):
    """A zombie worker and its successor."""
    batch = [numbered(number, alert(f"z{number}", hospital="st-z")) for number in range(200)]
    async with Redis.from_url(redis_url) as other:
        await asyncio.gather(
            *(ReadModel(one, "unit").put_alerts(ALERTS, 0, batch) for one in (client, other) for _ in range(3))
        )
    assert await client.xlen("pw:feed:st-z") == 200


async def test_an_older_revision_that_comes_late_changes_nothing(client, store):
    """A worker that lost its partitions unawares writes after its successor, at a higher offset."""
    firing = alert("a", hospital="st-a")
    resolved = alert("a", hospital="st-a", state="resolved", revision=2)
    await store.put_alerts(ALERTS, 0, [numbered(1, firing), numbered(2, resolved), numbered(3, firing)])
    assert await client.zcard("pw:alerts:open:st-a") == 0
    assert await client.hget(f"pw:alert:{firing.fingerprint}", "state") == "resolved"


@pytest.mark.parametrize("lost", ["pw:alerts:open:st-a", "pw:hospitals"])
async def test_a_rebuild_completes_an_alert_that_lost_a_part_while_it_was_written(client, store, lost):
    """Live writes go on while the rebuild deletes key by key."""
    row = numbered(7, alert("a", hospital="st-a"))
    await store.put_alerts(ALERTS, 0, [row])
    await client.delete(lost)
    await store.put_alerts(ALERTS, 0, [row], rebuild=True)
    assert await client.zcard("pw:alerts:open:st-a") == 1
    assert await client.smembers("pw:hospitals") == {"st-a"}


async def test_a_rebuild_completes_a_rollup_that_lost_a_part_while_it_was_written(client, store):
    row = numbered(7, rollup("st-a", HOUR, entries=9))
    await store.put_rollups(ROLLUPS, 0, [row])
    await client.delete("pw:roll:st-a:2026-11-23T17Z")
    await store.put_rollups(ROLLUPS, 0, [row], rebuild=True)
    assert await client.hlen("pw:roll:st-a:2026-11-23T17Z") == 1


async def test_a_rebuild_announces_itself_and_no_old_alert(client, store):
    """A screen would show yesterday's alerts as new ones."""
    await store.put_alerts(ALERTS, 0, [numbered(1, alert("a", hospital="st-a"))], rebuild=True)
    assert await client.xlen("pw:feed:st-a") == 0
    await store.say_rebuilt()
    [(_, fields)] = await client.xrange("pw:feed:st-a")
    assert fields == {"rebuilt": "1"}


async def test_a_slash_in_a_name_makes_no_two_places_one(client, store):
    cells = [
        replace(rollup("st-a", HOUR, entries=1), care_area="MICU/A", drug="B"),
        replace(rollup("st-a", HOUR, entries=1), care_area="MICU", drug="A/B"),
    ]
    await store.put_rollups(ROLLUPS, 0, [numbered(offset, cell) for offset, cell in enumerate(cells)])
    assert await client.hlen("pw:roll:st-a:2026-11-23T17Z") == 2
