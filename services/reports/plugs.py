"""Pumps left unplugged, by unit and shift, and whether a unit's alarms are a matter of habit or of batteries."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

from schemas.events import Cause
from services.readmodel.rollups import total
from services.reports.period import summed
from services.reports.table import Column, Interval, Table
from services.reports.words import CAUSES
from streams.power.practice import UnitShift, judge_practice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from schemas.events import Alert
    from services.reports.period import Cell
    from services.reports.table import Value
    from streams.power.practice import PracticeVerdict

_VERDICTS = {"often": "more often", "usual": "as usual", "seldom": "less often", "not_enough_data": "not enough data"}


def plug_tables(cells: Sequence[Cell], batteries: Iterable[Alert]) -> list[Table]:
    """Practice by unit and shift, time on battery by cause, and battery against habit; `batteries` are worn ones."""
    verdicts = judge_practice(_unit_shifts(cells))
    return [_practice(verdicts), _causes(cells), _battery_or_habit(cells, verdicts, batteries)]


def _unit_shifts(cells: Iterable[Cell]) -> list[UnitShift]:
    return [
        UnitShift(
            str(care_area),
            str(shift),
            sums.infusing_minutes / 60,
            sums.battery_minutes / 60,
            sums.causes.get("practice", 0),
        )
        for (care_area, shift), sums in sorted(summed(cells, "care_area", "shift").items())
        if sums.infusing_minutes or sums.causes.get("practice")
    ]


def _practice(verdicts: Iterable[PracticeVerdict]) -> Table:
    rows: list[tuple[Value, ...]] = []
    for one in verdicts:
        of, known = one.of, one.verdict != "not_enough_data"
        hours = of.infusing_hours
        rows.append(
            (
                of.care_area,
                of.shift,
                hours,
                of.battery_hours / hours if hours else None,
                of.practice_episodes,
                of.practice_episodes / hours * 1000 if hours else None,
                Interval(one.times, one.low, one.high) if known else None,
                _VERDICTS[one.verdict],
            )
        )
    return Table(
        "unplugged_practice",
        "Pumps left unplugged, by unit and shift",
        (
            Column("care_area", "Care area", "text"),
            Column("shift", "Shift", "text"),
            Column("infusing_hours", "Hours of infusing", "number"),
            Column("unplugged_share", "On battery", "share"),
            Column("practice_episodes", "Left unplugged"),
            Column("per_1000_hours", "In 1,000 h", "number"),
            Column("times", "Times the rest (9 in 10)", "times", interval=True),
            Column("verdict", "Beside the rest", "text"),
        ),
        rows,
        ("unplugged share", "practice"),
        empty="No hours of infusing are known.",
        chart="practice",
    )


def _causes(cells: Iterable[Cell]) -> Table:
    rows: list[tuple[Value, ...]] = []
    for (care_area,), sums in sorted(summed(cells, "care_area").items()):
        if sums.episodes:
            causes = [sums.causes.get(cause, 0) for cause in get_args(Cause)]
            rows.append((care_area, sums.episodes, sums.unplugged_minutes / 60, *causes, sums.deep_discharges))
    return Table(
        "battery_episodes",
        "Stretches on battery by care area and cause",
        (
            Column("care_area", "Care area", "text"),
            Column("episodes", "Stretches"),
            Column("hours", "Hours", "number"),
            *(Column(cause, CAUSES[cause].capitalize()) for cause in get_args(Cause)),
            Column("deep_discharges", "Deep discharges"),
        ),
        rows,
        ("deep discharges",),
        empty="No pump infused on battery.",
    )


def _battery_or_habit(cells: Iterable[Cell], verdicts: Sequence[PracticeVerdict], batteries: Iterable[Alert]) -> Table:
    worn: dict[str, set[str]] = {}
    for alert in batteries:
        worn.setdefault(alert.care_area, set()).add(alert.pump or "")
    rows: list[tuple[Value, ...]] = []
    sums = {str(place[0]): each for place, each in summed(cells, "care_area").items()}
    for care_area in sorted(sums.keys() | worn.keys()):
        each = sums.get(care_area) or total([])
        if not (each.low_alarms or worn.get(care_area)):
            continue
        of_area = [one for one in verdicts if one.of.care_area == care_area]
        shifts = [one.of.shift for one in of_area if one.verdict == "often"]
        rows.append(
            (
                care_area,
                each.low_alarms,
                each.avoidable_low_alarms,
                each.causes.get("battery_fault", 0),
                len(worn.get(care_area, ())),
                _said(
                    shifts,
                    worn=bool(worn.get(care_area)),
                    known=any(one.verdict != "not_enough_data" for one in of_area),
                ),
            )
        )
    rows.sort(key=lambda row: -cast("int", row[1]))
    return Table(
        "battery_or_habit",
        "Low-battery alarms: battery or habit",
        (
            Column("care_area", "Care area", "text"),
            Column("low_alarms", "Low alarms"),
            Column("avoidable", "Avoidable"),
            Column("faulty_stretches", "Stretches with a faulty battery"),
            Column("worn_batteries", "Worn batteries"),
            Column("verdict", "What to look at", "text"),
        ),
        rows,
        ("avoidable low alarms", "worn battery", "practice"),
        empty="No pump gave a low-battery alarm.",
    )


def _said(shifts: list[str], *, worn: bool, known: bool) -> str:
    habit = f"habit ({' and '.join(shifts)})" if shifts else ""
    if habit or worn:
        return " and ".join(each for each in (habit, "batteries" if worn else "") if each)
    return "neither stands out" if known else "not enough data"
