"""The section on training needs: which unit needs which lesson, what the lesson says, and what a training changed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from services.reports.followup import follow_up
from services.reports.table import Column, Interval, Table
from services.reports.training import by_unit, needs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from schemas.drugs.care_areas import Profile
    from services.reports.followup import FollowUp
    from services.reports.intervals import Count
    from services.reports.lessons import Lessons
    from services.reports.period import Cell
    from services.reports.table import Value
    from services.reports.training import Need

VERDICTS = {"needed": "needed", "as_elsewhere": "as elsewhere", "not_enough_data": "not enough data"}


def training_tables(
    cells: Iterable[Cell], days: int, lessons: Lessons, profile: Callable[[str], Profile]
) -> list[Table]:
    """Every unit and lesson, those that avoid most harm first; and the words of the lessons that are needed."""
    units = by_unit((cell.of.care_area, cell.of.span, cell.sums) for cell in cells)
    found = needs(units, profile, lessons, days)
    wanted = [need for need in found if need.verdict == "needed"]
    return [_needs(found, lessons, len(wanted)), _words(wanted, lessons)]


def _needs(found: Iterable[Need], lessons: Lessons, wanted: int) -> Table:
    told = [need for need in found if need.judged is not None]
    silent = sum(1 for need in found if need.judged is None)
    return Table(
        "training_needs",
        "Units and lessons",
        (
            Column("unit", "Unit", "text"),
            Column("lesson", "Lesson", "text"),
            Column("verdict", "Is it needed?", "text"),
            Column("rate", "Here", "number"),
            Column("elsewhere", "Other units", "number"),
            Column("per", "In", "text"),
            Column("times", "Times as often", "times", interval=True),
            Column("drawn", "Drawn to the others", "times"),
            Column("q", "False discovery rate", "value", shown=False),
            Column("avoidable", "Avoidable in 30 days", "number"),
            Column("points", "Harm points of these", "number"),
        ),
        [_need(need, lessons) for need in sorted(found, key=lambda need: need.judged is None)],
        ("training need", "avoidable harm"),
        note=f"{wanted:,} needed, {len(told) - wanted:,} as elsewhere, {silent:,} without enough data to say.",
        empty="No unit entered anything.",
        chart="training",
        shown=max(wanted + 5, 12),
    )


def _need(need: Need, lessons: Lessons) -> tuple[Value, ...]:
    lesson = lessons.lessons[need.lesson]
    here, judged = need.here, need.judged
    rate = lesson.per * here.events / here.exposure if here.exposure else None
    common: tuple[Value, ...] = (need.unit, lesson.title, VERDICTS[need.verdict], rate)
    per = f"{lesson.per:,.0f} {lesson.of}"
    if judged is None:
        return (*common, None, per, None, None, None, None, None)
    return (
        *common,
        lesson.per * judged.elsewhere.events / judged.elsewhere.exposure,
        per,
        Interval(judged.times, judged.low, judged.high),
        judged.drawn,
        need.q,
        *((need.avoidable, need.points) if need.verdict == "needed" else (None, None)),
    )


def _words(wanted: Iterable[Need], lessons: Lessons) -> Table:
    units: defaultdict[str, list[str]] = defaultdict(list)
    for need in wanted:
        units[need.lesson].append(need.unit)
    return Table(
        "lessons",
        "What to teach",
        (
            Column("lesson", "Lesson", "text"),
            Column("units", "Units", "text"),
            Column("words", "What it says", "text"),
            Column("avoids", "What it would avoid", "text"),
        ),
        [
            (lessons.lessons[name].title, ", ".join(of), lessons.lessons[name].words, lessons.lessons[name].avoids)
            for name, of in units.items()
        ],
        ("training need",),
        empty="No unit stands out: nothing that a lesson would change is told apart from chance.",
    )


def follow_up_table(cells: Iterable[Cell], lessons: Lessons, unit: str, on: date) -> Table:
    """What changed in a unit for each lesson since a training, beside the other units; from sums by day."""
    units = by_unit((cell.of.care_area, cell.of.span, cell.sums) for cell in cells)
    rows: list[tuple[Value, ...]] = []
    for lesson in lessons.lessons.values():
        counted: dict[str, dict[date, Count]] = {
            name: {day: lesson.count(sums) for day, sums in by_day.items()} for name, by_day in units.items()
        }
        found = follow_up(counted, unit, on)
        rows.append((lesson.title, f"{lesson.per:,.0f} {lesson.of}", *_changed(found, lesson.per)))
    return Table(
        "follow_up",
        f"{unit} since its training on {on}",
        (
            Column("lesson", "Lesson", "text"),
            Column("per", "In", "text"),
            Column("before", "Before", "number"),
            Column("after", "After", "number"),
            Column("controls", "Other units changed to", "times"),
            Column("change", "This unit beside them", "times", interval=True),
            Column("by_itself", "To be expected anyway", "times"),
            Column("verdict", "", "text"),
        ),
        rows,
        note="A unit chosen for a bad spell gets better by itself: what is to be expected anyway is told beside it.",
    )


def _changed(found: FollowUp | None, per: float) -> tuple[Value, ...]:
    if found is None:
        return (None, None, None, None, None, "not enough data")
    change = Interval(found.change, found.low, found.high)
    return (per * found.before, per * found.after, found.controls, change, found.by_itself, found.verdict)
