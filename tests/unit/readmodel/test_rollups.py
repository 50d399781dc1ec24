"""Hourly rollups added up over partitions, drugs and care areas."""

from datetime import UTC, datetime

from services.readmodel.rollups import RollupSums, hours, sums_of, total
from tests.made_read_model import rollup, store_rollups

FIVE = datetime(2026, 11, 23, 17, tzinfo=UTC)
SIX = datetime(2026, 11, 23, 18, tzinfo=UTC)


async def test_partials_add_up(redis):
    """Every partial counts once, whatever its partition, drug or care area."""
    await store_rollups(
        redis,
        rollup("North", FIVE, 0, entries=10, overridden=3, error=1),
        rollup("North", FIVE, 1, entries=5, suspect=2),
        rollup("North", FIVE, 0, drug="-", episodes=2, unplugged_minutes=12.5),
        rollup("North", FIVE, 0, care_area="SICU", entries=1, slips={"key_bounce": 1}),
        rollup("North", SIX, 0, entries=100),
        rollup("South", FIVE, 0, entries=1000),
    )
    assert await sums_of(redis, "North", "2026-11-23T17Z") == RollupSums(
        entries=16, overridden=3, error=1, suspect=2, episodes=2, unplugged_minutes=12.5
    )
    assert await hours(redis, ["North", "South", "nowhere"]) == [
        ("North", "2026-11-23T18Z"),
        ("North", "2026-11-23T17Z"),
        ("South", "2026-11-23T17Z"),
    ]


async def test_what_cannot_be_read_is_left_out(redis):
    """Somebody else's field in the hash does not hide the others."""
    await store_rollups(redis, rollup("North", FIVE, entries=10))
    await redis.hset("pw:roll:North:2026-11-23T17Z", "x", "not json")
    assert (await sums_of(redis, "North", "2026-11-23T17Z")).entries == 10


def test_the_sum_of_nothing_is_zero():
    """An hour without rollups has zeros."""
    assert total([]) == RollupSums()
    assert total([RollupSums(entries=1), RollupSums(entries=2, corrected=1)]) == RollupSums(entries=3, corrected=1)
