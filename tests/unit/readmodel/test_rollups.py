"""Hourly rollups added up over partitions, drugs and care areas."""

from datetime import UTC, datetime
from itertools import permutations

from services.readmodel.rollups import RollupSums, hours, sums_of, total, total_by_drug
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
    assert (await sums_of(redis, "North", "2026-11-23T17Z")).whole == RollupSums(
        entries=16, overridden=3, error=1, suspect=2, slips={"key_bounce": 1}, episodes=2, unplugged_minutes=12.5
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
    assert (await sums_of(redis, "North", "2026-11-23T17Z")).whole.entries == 10


async def test_flagged_entries_are_summed_by_the_drug_that_is_meant(redis):
    """Partials of several partitions and spellings of a drug meet; drugs of which nothing was flagged are left out."""
    await store_rollups(
        redis,
        rollup("North", FIVE, 0, drug="Norepinephrine", suspect=2, caught=1, corrected=1, avoided_harm={"high": 1}),
        rollup("North", FIVE, 1, drug="NOREPINEPHRINE 4 mg", error=1, stood=1),
        rollup("North", FIVE, 0, drug="heparin", entries=50),
        rollup("North", FIVE, 0, drug="something of our own", error=1, given_up=1),
    )
    found = (await sums_of(redis, "North", "2026-11-23T17Z")).flagged_drugs
    assert found == {
        "norepinephrine": RollupSums(suspect=2, error=1, caught=1, corrected=1, stood=1, avoided_harm={"high": 1}),
        "something of our own": RollupSums(error=1, given_up=1),
    }
    assert (found["norepinephrine"].undecided, found["something of our own"].undecided) == (1, 0)


def test_the_order_of_the_partials_does_not_matter():
    """Sums of every order are the same, grade by grade and drug by drug."""
    partials = [
        RollupSums(entries=3, suspect=1, caught=1, corrected=1, avoided_harm={"high": 1}),
        RollupSums(entries=5, error=2, stood=1, avoided_harm={}),
        RollupSums(entries=7, error=1, caught=1, corrected=1, avoided_harm={"low": 1, "high": 2}),
        RollupSums(episodes=1, unplugged_minutes=1.5),
    ]
    wanted = RollupSums(
        entries=15, suspect=1, error=3, caught=2, corrected=2, stood=1, avoided_harm={"high": 3, "low": 1},
        episodes=1, unplugged_minutes=1.5,
    )  # fmt: skip
    for order in permutations(partials):
        assert total(order) == wanted
        assert total_by_drug({"a": each} for each in order) == {"a": wanted}


def test_the_sum_of_nothing_is_zero():
    """An hour without rollups has zeros."""
    assert total([]) == RollupSums()
    assert total([RollupSums(entries=1), RollupSums(entries=2, corrected=1)]) == RollupSums(entries=3, corrected=1)
