"""Which hours are read again, and when."""

from datetime import UTC, datetime

from services.metrics.windows import RollupWindows
from tests.made_read_model import rollup, store_rollups

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)


async def test_the_day_is_the_last_24_clock_hours(redis):
    """The hour that began 23 hours before the current one is in, the one before is not, a future one is."""
    hours = [NOW.replace(minute=0), NOW.replace(day=22, hour=18, minute=0), NOW.replace(day=22, hour=17, minute=0)]
    await store_rollups(redis, *(rollup("North", hour, entries=10**number) for number, hour in enumerate(hours)))
    read = await RollupWindows(redis).read(["North", "South"], NOW.timestamp())
    assert (read["North", "24h"].whole.entries, read["North", "all"].whole.entries) == (11, 111)
    assert read["South", "all"].whole.entries == 0


async def test_the_recent_hours_are_three(redis):
    """The current hour and the two before it."""
    await store_rollups(redis, *(rollup("North", NOW.replace(hour=17 - n, minute=0), entries=10**n) for n in range(4)))
    read = await RollupWindows(redis).read(["North"], NOW.timestamp())
    assert (read["North", "3h"].whole.entries, read["North", "24h"].whole.entries) == (111, 1111)


async def test_old_hours_are_read_again_seldom_and_new_ones_soon(redis):
    """A change in the current hour shows after ten seconds, one of last week after ten minutes."""
    new, old = NOW.replace(minute=0), NOW.replace(day=16, minute=0)
    windows = RollupWindows(redis)
    await store_rollups(redis, rollup("North", new, entries=1), rollup("North", old, entries=10))
    assert (await windows.read(["North"], NOW.timestamp()))["North", "all"].whole.entries == 11
    await store_rollups(redis, rollup("North", new, entries=2), rollup("North", old, entries=20))
    sums = {
        later: (await windows.read(["North"], NOW.timestamp() + later))["North", "all"].whole.entries
        for later in (5, 30, 590, 700)
    }
    assert sums == {5: 11, 30: 12, 590: 12, 700: 22}


async def test_hours_that_are_gone_no_longer_count(redis):
    """After Redis was emptied nothing stale is told."""
    windows = RollupWindows(redis)
    await store_rollups(redis, rollup("North", NOW.replace(minute=0), entries=1))
    await windows.read(["North"], NOW.timestamp())
    await redis.flushall()
    assert (await windows.read(["North"], NOW.timestamp() + 1))["North", "all"].whole.entries == 0


async def test_a_scrape_reads_for_a_bounded_time(redis, monkeypatch):
    """What was not reached is read at the next scrape, the newest hours first."""
    await store_rollups(redis, *(rollup("North", NOW.replace(hour=hour, minute=0), entries=1) for hour in range(10)))
    windows = RollupWindows(redis)
    monkeypatch.setattr("services.metrics.windows._LONGEST_READ_S", -1.0)
    assert (await windows.read(["North"], NOW.timestamp()))["North", "all"].whole.entries == 0
    monkeypatch.setattr("services.metrics.windows._LONGEST_READ_S", 2.0)
    assert (await windows.read(["North"], NOW.timestamp()))["North", "all"].whole.entries == 10
