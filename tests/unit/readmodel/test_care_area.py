"""A care area against the others of its hospital, summed from its rollups."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.readmodel import unit_days
from services.readmodel.care_area import FIGURES, look_at
from services.readmodel.unit_days import UnitDays
from tests.made_read_model import rollup, store_rollups

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SINCE = "2026-11-01"


def hours(number: int, **changes):
    """As many hours of the MICU from noon on, one a day."""
    return [rollup("North", NOON - timedelta(days=day), **changes) for day in range(number)]


async def looked_at(redis, care_area="MICU", zone=UTC):
    days, read, kept = await UnitDays(redis).read("North", SINCE)
    assert read == kept
    return look_at(days, care_area, zone)


async def test_figures_are_told_of_each_care_area_and_of_all_others_together(redis):
    """Partials of all partitions and drugs add up; shares are those of docs/definitions.md."""
    await store_rollups(
        redis,
        rollup("North", NOON, 0, entries=80, soft_warnings=20, overridden=15, suspect=4, corrected=2, stood=1),
        rollup("North", NOON, 1, entries=20, hard_warnings=10, overridden=5, error=1, drug="heparin"),
        rollup("North", NOON, 0, care_area="SICU", entries=100, soft_warnings=20, overridden=5),
        rollup("North", NOON, 0, care_area="ED", entries=100, soft_warnings=20, overridden=5, suspect=10),
        rollup("North", NOON, 0, care_area="Small", entries=49, soft_warnings=40, overridden=40),
        rollup("South", NOON, 0, entries=500, suspect=400),
    )
    found = {figure.name: figure for figure in (await looked_at(redis)).figures}
    assert list(found) == [definition.name for definition in FIGURES]
    overrides = found["overrides"]
    shares = {unit.care_area: (unit.share.part, unit.share.whole, unit.share.share) for unit in overrides.units}
    assert shares == {
        "MICU": (20, 30, 20 / 30), "ED": (5, 20, 0.25), "SICU": (5, 20, 0.25), "Small": (40, 40, None),
    }  # fmt: skip
    assert [unit.care_area for unit in overrides.units] == ["MICU", "ED", "SICU", "Small"]
    assert (overrides.others.part, overrides.others.whole) == (50, 80)
    assert (found["flagged"].others.part, found["flagged"].others.whole) == (10, 249)
    assert [(unit.share.part, unit.share.whole) for unit in found["corrected"].units if unit.care_area == "MICU"] == [
        (2, 3)
    ]


async def test_days_and_hours_are_those_of_the_readers_clock(redis):
    """23:00 UTC is ten in the morning of the next day in Sydney, and noon is 23:00."""
    night = datetime(2026, 11, 20, 23, tzinfo=UTC)
    await store_rollups(redis, rollup("North", night, entries=60, soft_warnings=6), rollup("North", NOON, entries=10))
    here, there = [
        next(figure for figure in found.figures if figure.name == "warnings")
        for found in (await looked_at(redis), await looked_at(redis, zone=ZoneInfo("Australia/Sydney")))
    ]
    assert (here.by_day, here.by_hour[23]) == ([(6, 70)], (6, 60))
    assert there.by_day == [(0, 10), (6, 60)]
    assert (there.by_hour[10], there.by_hour[23]) == ((6, 60), (0, 10))
    assert sum(whole for _, whole in there.by_hour) == 70


async def test_the_unplugged_share_is_one_of_minutes_by_days(redis):
    """Minutes of infusing stand under the drug of a model; ten alike days leave no doubt."""
    minutes = {"drug": "- spectrum", "model": "spectrum"}
    await store_rollups(redis, *hours(10, infusing_minutes=600, battery_minutes=60, **minutes))
    await store_rollups(redis, *hours(3, care_area="SICU", infusing_minutes=6000, battery_minutes=60, **minutes))
    found = next(figure for figure in (await looked_at(redis)).figures if figure.minutes)
    mine, other = (unit.share for unit in found.units)
    assert (mine.share, mine.low, mine.high) == (pytest.approx(0.1), pytest.approx(0.1), pytest.approx(0.1))
    assert (other.part, other.whole, other.share) == (180, 18000, None)
    assert (await looked_at(redis)).days[0] == date(2026, 11, 11)


async def test_slips_and_drugs_of_the_care_area(redis):
    """Slips here and elsewhere; drugs by flagged entries under the name that all spellings share."""
    await store_rollups(
        redis,
        rollup("North", NOON, 0, entries=60, suspect=3, slips={"extra_digit": 2, "key_bounce": 1}),
        rollup("North", NOON, 1, drug="NOREPINEPHRINE 4 mg", entries=40, error=1, slips={"extra_digit": 1}),
        rollup("North", NOON, 0, drug="heparin", entries=40, soft_warnings=9, overridden=9),
        rollup("North", NOON, 0, drug="propofol", entries=40),
        rollup("North", NOON, 0, care_area="ED", entries=90, suspect=7, slips={"transposition": 7}),
    )
    found = await looked_at(redis)
    assert [(slip.slip, slip.count, slip.others) for slip in found.slips] == [
        ("extra_digit", 3, 0), ("key_bounce", 1, 0), ("transposition", 0, 7),
    ]  # fmt: skip
    assert [(drug.drug, drug.entries, drug.flagged, drug.overridden) for drug in found.drugs] == [
        ("norepinephrine", 100, 4, 0), ("heparin", 40, 0, 9),
    ]  # fmt: skip
    assert found.drugs[0].flag_rate.share == 0.04
    assert found.drugs[1].flag_rate.share is None


async def test_a_day_is_read_again_only_when_it_was_written_to(redis, monkeypatch):
    """Not at every refresh; what was written to a day that is over is seen, the present one after a minute."""
    read = []
    add_hour = unit_days.add_hour

    async def counting(redis, hospital, hour, day):
        read.append(hour)
        await add_hour(redis, hospital, hour, day)

    monkeypatch.setattr(unit_days, "add_hour", counting)
    monkeypatch.setattr(unit_days, "FRESH_FOR_S", 0.0)
    await store_rollups(redis, *hours(5, entries=10))
    days = UnitDays(redis)
    assert len((await days.read("North", SINCE)).days) == len(read) == 5
    await days.read("North", SINCE)
    assert len(read) == 5
    await store_rollups(redis, rollup("North", NOON - timedelta(days=3), 1, entries=7))
    found = await days.read("North", SINCE)
    assert read[5:] == ["2026-11-17T12Z"]
    assert sum(sums.entries for day in found.days for hour in day.hours.values() for sums in hour.values()) == 57


async def test_a_request_reads_for_a_bounded_time_and_the_next_goes_on(redis):
    """The newest days come first; how much is still to be read is told."""
    await store_rollups(redis, *hours(6, entries=10))
    days = UnitDays(redis, longest_read_s=-1)
    assert await days.read("North", SINCE) == ([], 0, 6)
    days._longest_read_s = 60
    found = await days.read("North", SINCE)
    assert (len(found.days), found.hours_read, found.hours_kept) == (6, 6, 6)
    assert [next(iter(day.hours)) for day in found.days] == sorted(next(iter(day.hours)) for day in found.days)
    assert len((await days.read("North", "2026-11-19")).days) == 2
