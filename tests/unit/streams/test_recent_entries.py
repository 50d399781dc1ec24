"""The recent dose entries of pumps in Redis: in order, bounded, the same however often they are written. Real Redis."""

from datetime import timedelta

import msgspec
import pytest
from redis.asyncio import Redis

from schemas.events import DoseScore, PressedKey
from streams.sink import ReadModel, RedisAwayError, entries
from streams.sink.entries import EntryLine, RecentEntries
from tests.made_alerts import score

pytestmark = pytest.mark.servers

KEYS = [PressedKey("5", 0, 210), PressedKey("5", 38, 30)]


@pytest.fixture
async def client(redis_url):
    async with Redis.from_url(redis_url, decode_responses=True) as connected:
        await connected.flushall()
        yield connected


@pytest.fixture
def recent(client) -> RecentEntries:
    return RecentEntries(ReadModel(client, "unit"))


def plausible(number: int) -> DoseScore:
    return score(number, entry=f"e{number}", typed=float(number), verdict="ok", meant=[], harm="none")


async def lines(client, pump: str = "P1") -> list[EntryLine]:
    found = await client.zrange(entries.key_of_list(pump), 0, -1)
    return [msgspec.json.decode(line, type=EntryLine) for line in found]


async def test_a_pump_shows_its_last_thirty_entries_in_the_order_they_came(client, recent):
    for number in range(40):
        recent.note(1000 + number, plausible(number))
    await recent.write()
    found = await lines(client)
    assert [line.entry for line in found] == [f"e{number}" for number in range(10, 40)]
    assert (found[-1].typed, found[-1].verdict, found[-1].drug) == (39.0, "ok", "Heparin")
    assert 29 * 86_400 < await client.ttl(entries.key_of_list("P1")) <= 30 * 86_400
    assert await client.keys("pw:entry:*") == []


async def test_a_flagged_entry_is_kept_whole_with_its_keys_and_its_latest_revision(client, recent):
    recent.note(5, score(keys=KEYS, model="alaris_8015"))
    corrected = score(revision=2, keys=KEYS, resolution="corrected", resolved_after_s=40.0, corrected_to=5.0)
    recent.note(9, corrected)
    await recent.write()
    stored = await client.hget(entries.key_of_entry("P1", "e1"), "score")
    kept = msgspec.json.decode(stored, type=DoseScore)
    assert (kept.revision, kept.resolution, kept.corrected_to, kept.keys) == (2, "corrected", 5.0, KEYS)
    assert len(await lines(client)) == 1


async def test_what_is_written_again_or_late_changes_nothing(client, recent):
    """By a worker that starts again, by one that lost its partitions unawares, or by a rebuild beside the stream."""
    noted = [(5, score()), (6, plausible(6)), (9, score(revision=2, resolution="stood")), (11, plausible(11))]
    for each in noted:
        recent.note(*each)
    await recent.write()
    kept = [await lines(client), await client.hgetall(entries.key_of_entry("P1", "e1"))]
    for again in (noted, noted[::-1], noted[:1]):
        await entries.put(ReadModel(client, "other"), again)
        assert [await lines(client), await client.hgetall(entries.key_of_entry("P1", "e1"))] == kept


async def test_pumps_and_entries_with_slashes_in_their_names_are_kept_apart():
    assert entries.key_of_entry("a/b", "c") != entries.key_of_entry("a", "b/c")


async def test_while_redis_is_away_the_newest_wait_and_the_stream_does_not(client, monkeypatch):
    monkeypatch.setattr(entries, "MOST_WAITING", 3)
    away = RecentEntries(ReadModel(Redis.from_url("redis://127.0.0.1:9"), "unit"))
    for number in range(5):
        away.note(number, plausible(number))
        with pytest.raises(RedisAwayError):
            await away.write()
    away._read_model = ReadModel(client, "unit")
    await away.write()
    assert [line.entry for line in await lines(client)] == ["e2", "e3", "e4"]


async def test_the_clock_of_the_pump_does_not_order_its_entries(client, recent):
    """It may be set back by an hour, and the newest entry must not be the first to leave."""
    recent.note(1, plausible(60))
    recent.note(2, msgspec.structs.replace(plausible(61), at=score().at - timedelta(hours=1)))
    await recent.write()
    assert [line.entry for line in await lines(client)] == ["e60", "e61"]
