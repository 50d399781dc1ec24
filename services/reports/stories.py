"""Each life-threatening entry that was caught as a short story: nobody's name, no pump, no unit and no day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.reports.table import Column, Table
from services.reports.words import LIMITS, SLIPS
from streams.alerts.words import amount, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.readmodel.spans import DrugCase
    from services.reports.table import Value


def story_table(cases: Sequence[DrugCase], caught: int) -> Table:
    """The stories, the longest first; `caught` is how many there were, as hours and months keep only so many each."""
    ordered = sorted(cases, key=lambda one: (-one.case.minutes, one.drug, one.case.typed, one.case.meant))
    more = caught - len(ordered)
    return Table(
        "stories",
        "Life-threatening entries that were caught",
        (
            Column("drug", "Drug", "text"),
            Column("field", "Field", "text", shown=False),
            Column("unit", "Unit", "text", shown=False),
            Column("typed", "Typed", "value", shown=False),
            Column("meant", "Meant", "value", shown=False),
            Column("slip", "Slip", "text"),
            Column("minutes", "Minutes", "number"),
            Column("story", "What happened", "text"),
        ),
        list(_rows(ordered)),
        ("near miss", "avoided harm"),
        note=f"{more:,} more are counted, but not told: an hour tells 16 of a drug." if more > 0 else "",
        empty="No life-threatening entry was caught.",
        shown=25,
    )


def _rows(cases: Iterable[DrugCase]) -> Iterable[tuple[Value, ...]]:
    for one in cases:
        case = one.case
        slip = "" if case.slip is None else SLIPS[case.slip]
        yield one.drug, case.field, case.unit, case.typed, case.meant, slip, case.minutes, story(one)


def story(one: DrugCase) -> str:
    """What was typed, what was meant, what the pump said, and what stopped it after how long."""
    case = one.case
    typed, meant = amount(case.typed, case.unit), amount(case.meant, case.unit)
    slip = "" if case.slip is None else f" ({SLIPS[case.slip]})"
    if case.warned is None:
        said = "the pump gave no warning"
    else:
        took = "was overridden" if case.action == "override" else "was given"
        said = f"a warning of the pump ({LIMITS[case.warned]} limit) {took}"
    return (
        f"{typed} of {one.drug} were entered as {case.field} where {meant} were meant{slip}; {said}. "
        f"The next entry, {span(case.minutes)} later, set {meant}."
    )
