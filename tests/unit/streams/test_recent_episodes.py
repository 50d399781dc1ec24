"""The last episodes of a pump in Redis, each in its latest revision."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from msgspec.structs import replace

from services.readmodel.pump import read_pump
from streams.sink import ReadModel
from streams.sink.episodes import WaitingEpisodes
from tests.made_places import episode

START = datetime(2026, 11, 1, 8, tzinfo=UTC)


def everything(_hospital: str) -> bool:
    return True


async def kept(redis, pump: str = "p1") -> list[tuple[str, int]]:
    """Names and revisions, the newest first."""
    record = await read_pump(redis, pump, 0, everything)
    return [(each.episode.episode, each.episode.revision) for each in record.episodes]


async def test_the_order_and_number_of_writes_do_not_matter(redis):
    """Two episodes with two revisions each, in every order, one of them twice."""
    first, second = episode("p1", START), episode("p1", START + timedelta(hours=2))
    revisions = [first, replace(first, revision=2, minutes=30.0), second, replace(second, revision=2)]
    for order in permutations(revisions):
        await redis.flushall()
        await ReadModel(redis, "tests").put_episodes([*order, order[0]])
        assert await kept(redis) == [(second.episode, 2), (first.episode, 2)]


async def test_the_last_twenty_are_kept_for_thirty_days(redis):
    """Whatever the order in which they come."""
    made = [episode("p1", START + timedelta(hours=number)) for number in range(30)]
    await ReadModel(redis, "tests").put_episodes([*made[10:], *made[:10]])
    assert await kept(redis) == [(each.episode, 1) for each in reversed(made[10:])]
    assert 29 * 86_400 < await redis.ttl("pw:episodes:p1") <= 30 * 86_400
    few = ReadModel(redis, "tests", episodes=2)
    await few.put_episodes([episode("p2", START + timedelta(hours=number)) for number in range(5)])
    assert len(await kept(redis, "p2")) == 2


async def test_episodes_of_another_hospital_are_not_read(redis):
    """A pump that moved shows each hospital its own."""
    await ReadModel(redis, "tests").put_episodes(
        [episode("p1", START), episode("p1", START + timedelta(hours=1), hospital="South")]
    )
    record = await read_pump(redis, "p1", 0, lambda hospital: hospital == "South")
    assert [each.episode.hospital for each in record.episodes] == ["South"]


def test_while_redis_is_away_the_latest_revision_of_each_waits():
    """An older one never replaces it; of too many episodes the first are let go."""
    waiting = WaitingEpisodes(most=2)
    one = episode("p1", START)
    waiting.note(replace(one, revision=2))
    waiting.note(one)
    assert [each.revision for each in waiting.waiting()] == [2]
    taken = waiting.waiting()
    waiting.note(replace(one, revision=3))
    waiting.written(taken)
    assert [each.revision for each in waiting.waiting()] == [3]
    for number in range(1, 4):
        waiting.note(episode("p1", START + timedelta(hours=number)))
    assert [each.started_at.hour for each in waiting.waiting()] == [10, 11]
