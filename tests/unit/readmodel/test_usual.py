"""The last hour against the same hour of the weeks before."""

from datetime import UTC, datetime, timedelta

import pytest

from services.board.usual import usual_view
from services.readmodel.usual import HourReader, Usual, usual
from tests.made_read_model import alert, rollup, store, store_rollups

NOW = datetime(2026, 11, 23, 17, 15, tzinfo=UTC)
LAST = NOW.replace(hour=16, minute=0)


def days(number: int, hour: datetime = LAST, **changes):
    """The same hour of as many days before."""
    return [
        rollup("North", hour - timedelta(days=day), **{name: value(day) for name, value in changes.items()})
        for day in range(1, number + 1)
    ]


def test_the_usual_hour_is_the_median_and_the_band_of_four_days_in_five():
    """In proportion between neighbours; fewer than three days are too few."""
    assert usual([*range(11)]) == Usual(5, 1, 9)
    assert usual([4, 1, 2]) == Usual(2, 1.2, 3.6)
    assert usual([4, 1]) is None


async def test_the_last_and_the_present_hour_against_those_before(redis):
    """All partials of the hospital; sums of hours, and of the present one what is usual by now."""
    await store_rollups(
        redis,
        rollup("North", LAST, 0, entries=30, overridden=4, suspect=1),
        rollup("North", LAST, 1, entries=10, error=2, drug="heparin"),
        rollup("North", LAST, 0, drug="- spectrum", model="spectrum", battery_minutes=61.5, infusing_minutes=900),
        rollup("North", NOW.replace(minute=0), entries=6),
        *days(10, entries=lambda day: 10 + day, overridden=lambda _: 4),
        *days(10, NOW.replace(minute=0), entries=lambda _: 20),
        *days(10, LAST - timedelta(hours=5), entries=lambda _: 1000),
    )
    found = usual_view(await HourReader(redis).read(["North"], NOW), NOW)
    assert (found.days, found.complete, found.begins_at) == (10, True, int(LAST.timestamp() * 1000))
    figures = {figure.name: figure for figure in found.figures}
    entries = figures["entries"]
    assert (entries.last, entries.usual, entries.standing) == (40, Usual(15.5, 11.9, 19.1), "above")
    assert (entries.so_far, entries.by_now) == (6, 5)
    assert (figures["overridden"].standing, figures["flagged"].last) == ("usual", 3)
    assert (figures["unplugged_minutes"].last, figures["unplugged_minutes"].unit) == (61.5, "min")


async def test_too_few_days_are_no_usual_hour(redis):
    """What was counted is told all the same."""
    await store_rollups(redis, rollup("North", LAST, entries=30), *days(2, entries=lambda _: 10))
    entries = usual_view(await HourReader(redis).read(["North"], NOW), NOW).figures[0]
    assert (entries.last, entries.usual, entries.standing, entries.by_now) == (30, None, None, None)


async def test_hospitals_add_up(redis):
    """Day by day, of those that are asked for."""
    for hospital in ("North", "South", "West"):
        await store_rollups(
            redis, *(rollup(hospital, LAST - timedelta(days=day), entries=10 * day) for day in range(4))
        )
    hours = await HourReader(redis).read(["North", "South"], NOW)
    assert [figures.entries for figures in hours.like_last] == [20, 40, 60]


async def test_new_critical_alerts_count_in_the_hour_in_which_they_began(redis):
    """Each once, whatever became of it; warnings and other hours do not count."""
    at = LAST + timedelta(minutes=30)
    await store(
        redis,
        alert("a", since=at),
        alert("a", since=at, state="resolved", revision=2, at=at + timedelta(minutes=9)),
        alert("b", since=LAST),
        alert("c", since=LAST + timedelta(hours=1)),
        alert("d", since=at, severity="warning"),
        alert("e", since=at, hospital="South"),
        alert("f", since=at - timedelta(days=1)),
    )
    await store_rollups(redis, rollup("North", LAST, entries=1), *days(3, entries=lambda _: 1))
    hours = await HourReader(redis).read(["North"], NOW)
    assert hours.last.critical == 2
    assert [figures.critical for figures in hours.like_last] == [1, 0, 0]


async def test_hours_are_read_once_and_for_a_bounded_time(redis, monkeypatch):
    """What could not be read in time follows; an hour that was written to is read again."""
    await store_rollups(redis, rollup("North", LAST, entries=1), *days(5, entries=lambda _: 1))
    reader = HourReader(redis, longest_read_s=-1)
    hours = await reader.read(["North"], NOW)
    assert (hours.complete, hours.like_last) == (False, [])
    reader._longest_read_s = 60
    assert len((await reader.read(["North"], NOW)).like_last) == 5
    monkeypatch.setattr("services.readmodel.usual.FRESH_FOR_S", 0.0)
    await redis.delete("pw:roll:North:2026-11-22T16Z")  # a second reading would miss it
    assert (await reader.read(["North"], NOW)).like_last[0].entries == 1
    await store_rollups(redis, rollup("North", LAST, 1, entries=5))
    assert (await reader.read(["North"], NOW)).last.entries == 6


@pytest.mark.parametrize("zone", ["", "no/such", "../etc/passwd", "x" * 200])
async def test_an_unknown_zone_is_none(zone):
    """See `services.board.incoming`."""
    from starlette.exceptions import HTTPException
    from starlette.requests import Request

    from services.board.incoming import zone as read_zone

    request = Request({"type": "http", "query_string": f"zone={zone}".encode(), "headers": []})
    if not zone:
        assert read_zone(request).key == "UTC"
    else:
        with pytest.raises(HTTPException, match="`zone` is the IANA name"):
            read_zone(request)
