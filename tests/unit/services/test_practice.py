"""Sums of units and shifts from rollups."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import typer
from typer.testing import CliRunner

from services.practice import PowerSums, unit_shifts, verdicts
from services.practice_cli import practice


def rollup(hour: int, infusing=0.0, battery=0.0, care_area="MICU", **causes) -> PowerSums:
    return PowerSums(care_area, datetime(2026, 11, 23, hour, tzinfo=UTC), infusing, battery, causes)


def test_hours_are_added_by_unit_and_shift():
    """Partial rollups add up; of the causes only practice counts; a unit of which nothing is known is left out."""
    found = unit_shifts(
        [
            rollup(7, infusing=60),
            rollup(8, infusing=30, battery=15),
            rollup(8, practice=2, transport=5),
            rollup(19, infusing=120, practice=1),
            rollup(3, infusing=60, care_area="CCU"),
            rollup(3, care_area="Empty"),
        ],
        UTC,
    )
    assert [tuple(one) for one in found] == [
        ("CCU", "night", 1.0, 0.0, 0),
        ("MICU", "day", 1.5, 0.25, 2),
        ("MICU", "night", 2.0, 0.0, 1),
    ]


def test_shifts_go_by_the_clock_of_the_hospital():
    """6 o'clock UTC is 7 in Vienna in winter: the day shift."""
    (one,) = unit_shifts([rollup(6, infusing=60)], ZoneInfo("Europe/Vienna"))
    assert one.shift == "day"


async def test_what_cannot_be_read_does_not_hide_the_rest(redis):
    """Somebody else's field in the hash is left out, as everywhere."""
    for hour in range(200):
        name = f"2026-11-{hour // 24 + 1:02}T{hour % 24:02}Z"
        await redis.zadd("pw:hours:North", {name: hour})
        sums = {"care_area": "MICU", "hour": f"{name[:-1]}:00:00Z", "infusing_minutes": 60.0}
        await redis.hset(f"pw:roll:North:{name}", "a", msgspec.json.encode(sums).decode())
        await redis.hset(f"pw:roll:North:{name}", "x", "not json")
    found = await verdicts(redis, "North", UTC)
    assert {one.of.care_area for one in found} == {"MICU"}


def test_a_name_that_is_no_time_zone_is_one_clear_line():
    """Also where it is a folder of zones."""
    app = typer.Typer()
    app.command()(practice)
    for zone in ("Europe", "Nowhere", "../etc"):
        refused = CliRunner().invoke(app, ["--hospital", "North", "--zone", zone])
        assert refused.exit_code == 2
        assert refused.stderr == f"pumpwatch: --zone {zone}: no such time zone; give one as Europe/Vienna\n"
