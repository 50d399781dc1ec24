"""Sums over a period: which days it holds, that kept sums never outlive what they were summed from, and any source."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.events import Case
from services.readmodel.rollups import RollupSums
from services.reports.period import Period, find, from_rollups, of_drugs, read, summed
from tests.made_read_model import rollup, store_rollups

VIENNA = ZoneInfo("Europe/Vienna")
CASE = Case(
    field="dose", unit="mcg/min", typed=80.0, meant=8.0, slip="extra_digit", minutes=4.0, action="confirm", warned=None
)


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def made():
    """Two drugs in two units over three days, some of it in two partitions, and minutes of infusing."""
    return [
        rollup("North", at(1), 0, entries=10, overrides={"dose soft_high 40 mcg/min": 2}),
        rollup("North", at(1), 1, entries=5, overrides={"dose soft_high 40 mcg/min": 1}, cases=[CASE]),
        rollup("North", at(1, 20), 0, entries=7, drug="heparin", care_area="SICU"),
        rollup("North", at(2, 23), 0, entries=100),
        rollup("North", at(3), 0, drug="- spectrum", model="spectrum", infusing_minutes=90.0),
        rollup("South", at(1), 0, entries=1000),
    ]


def test_the_period_before_is_as_long_and_whole_months_go_before_whole_months():
    """February is compared with all of January, seven days with the seven before them."""
    assert Period(date(2026, 2, 1), date(2026, 2, 28), UTC).before[:2] == (date(2026, 1, 1), date(2026, 1, 31))
    assert Period(date(2026, 1, 1), date(2026, 12, 31), UTC).before[:2] == (date(2025, 1, 1), date(2025, 12, 31))
    assert Period(date(2026, 11, 16), date(2026, 11, 22), UTC).before[:2] == (date(2026, 11, 9), date(2026, 11, 15))


def test_long_periods_are_read_by_months_and_every_day_is_in_one_span():
    """A quarter and a bit: whole months, and the days before and after them."""
    period = Period(date(2026, 1, 30), date(2026, 4, 2), UTC)
    spans = period.spans()
    assert [day for span in spans for day in span.days] == [
        period.first + timedelta(days=number) for number in range(period.length)
    ]
    assert [span.first for span in spans if span.first != span.last] == [date(2026, 2, 1), date(2026, 3, 1)]
    assert all(span.first == span.last for span in Period(date(2026, 3, 1), date(2026, 3, 31), UTC).spans())


async def test_sums_are_by_the_hospitals_own_clock(redis):
    """23 h UTC of the 2nd is the 3rd in Vienna, and night."""
    await store_rollups(redis, *made())
    found = await find(redis, "North", Period(date(2026, 11, 3), date(2026, 11, 3), VIENNA))
    assert summed(of_drugs(found.cells), "care_area", "shift") == {("MICU", "night"): RollupSums(entries=100)}
    assert found.test
    assert found.heard == [date(2026, 11, 3)]


async def test_redis_and_the_topic_give_the_same_sums(redis):
    """By anything: from the read model, and from the records of the topic with older ones among them."""
    await store_rollups(redis, *made())
    period = Period(date(2026, 11, 1), date(2026, 11, 30), VIENNA)
    found = await find(redis, "North", period)
    older = rollup("North", at(1), 0, entries=3)
    newer = rollup("North", at(1), 0, entries=10, overrides={"dose soft_high 40 mcg/min": 2}, through={"k": (4, 0)})
    assert from_rollups([older, newer, older, *made()[1:]], "North", period) == found
    assert summed(found.cells, "drug") == {
        ("norepinephrine",): RollupSums(entries=115, overrides={"dose soft_high 40 mcg/min": 3}),
        ("heparin",): RollupSums(entries=7),
        ("- spectrum",): RollupSums(infusing_minutes=90.0),
    }
    assert [(one.drug, one.case) for one in found.cases] == [("norepinephrine", CASE)]
    both = [cell async for cell in read(redis, ["North", "South"], period)]
    assert {place: sums.entries for place, sums in summed(both, "hospital").items()} == {
        ("North",): 122,
        ("South",): 1000,
    }


async def test_a_late_rollup_is_in_the_next_report(redis):
    """Sums of days and months are kept, and made anew as soon as an hour of theirs was written to again."""
    await store_rollups(redis, *made())
    year = Period(date(2026, 1, 1), date(2026, 12, 31), VIENNA)
    assert summed((await find(redis, "North", year)).cells)[()].entries == 122
    kept = sorted([key async for key in redis.scan_iter(match="pw:sums:*")])
    assert len(kept) == 3  # two days and their month
    await redis.delete("pw:roll:North:2026-11-01T12Z")
    # Nothing is read by hours.
    assert summed((await find(redis, "North", year)).cells)[()].entries == 122
    await store_rollups(redis, rollup("North", at(1), 1, entries=6))
    assert summed((await find(redis, "North", year)).cells)[()].entries == 113
    assert sorted([key async for key in redis.scan_iter(match="pw:sums:*")]) == kept


async def test_what_somebody_else_wrote_over_kept_sums_is_not_read(redis):
    """They are made anew."""
    await store_rollups(redis, *made())
    period = Period(date(2026, 11, 1), date(2026, 11, 30), VIENNA)
    right = await find(redis, "North", period)
    async for key in redis.scan_iter(match="pw:sums:*"):
        await redis.set(key, "not json")
    assert await find(redis, "North", period) == right
