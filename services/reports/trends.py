"""The period beside the one before it: what changed by more than chance would."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from services.readmodel.rollups import total
from services.reports.intervals import Count, beyond_chance, dispersion, rate_ratio, share_difference
from services.reports.measures import MEASURES, Measure
from services.reports.period import summed
from services.reports.table import Column, Table, printed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.readmodel.rollups import RollupSums
    from services.reports.intervals import Comparison
    from services.reports.period import Cell
    from services.reports.table import Kind, Value

OWN = (
    *MEASURES,
    Measure(
        "precision",
        "confirmed catches",
        100,
        "decided flagged entries",
        lambda of: of.caught,
        lambda of: of.decided,
        proportion=True,
    ),
    Measure(
        "deep_discharges",
        "deep discharges",
        100,
        "stretches on battery",
        lambda of: of.deep_discharges,
        lambda of: of.episodes,
        proportion=True,
    ),
)


class Trend(NamedTuple):
    """One measure in both periods, and what the comparison found; None without enough events."""

    of: Measure
    now: Count
    before: Count
    found: Comparison | None
    real: bool

    @property
    def verdict(self) -> str:
        """In words; more or less only where it is no noise."""
        if self.found is None:
            return "not enough data"
        if not self.real:
            return "no change beyond chance"
        change = self.found.change.value - (0.0 if self.of.proportion else 1.0)
        return "\N{UPWARDS ARROW} more" if change > 0 else "\N{DOWNWARDS ARROW} less"


def trends(now: Sequence[Cell], before: Sequence[Cell]) -> list[Trend]:
    """Every measure beside the period before, judged together."""
    spans = [[sums for _, sums in sorted(summed(cells, "span").items())] for cells in (now, before)]
    whole = [total(each) for each in spans]
    compared = []
    for measure in OWN:
        counts = [[_count(measure, sums) for sums in of_period] for of_period in spans]
        compare = share_difference if measure.proportion else rate_ratio
        here, there = (_count(measure, sums) for sums in whole)
        compared.append((measure, here, there, compare(here, there, dispersion(counts))))
    real = beyond_chance([found for *_, found in compared])
    return [Trend(*one, sure) for one, sure in zip(compared, real, strict=True)]


def trend_table(found: Iterable[Trend], *, heard_before: bool) -> Table:
    """The trends as a table."""
    rows: list[tuple[Value, ...]] = []
    for one in found:
        measure = one.of
        kind: Kind = "points" if measure.proportion else "times"
        change = None if one.found is None else one.found.change
        rates = [
            count.events / count.exposure * measure.per if count.exposure else None for count in (one.now, one.before)
        ]
        said = printed(change, kind)
        rows.append(
            (
                measure.words.capitalize(),
                f"{measure.per:,g} {measure.of}",
                *rates,
                change,
                "difference of shares" if measure.proportion else "ratio of rates",
                "" if change is None else f"{said} points" if measure.proportion else f"{said} times",
                one.verdict,
            )
        )
    note = "" if heard_before else "Nothing was heard in the period before, so there is nothing to compare with."
    return Table(
        "trends",
        "Beside the period before",
        (
            Column("figure", "Figure", "text"),
            Column("per", "In", "text"),
            Column("now", "This period", "number"),
            Column("before", "Period before", "number"),
            Column("change", "Change", "value", interval=True, shown=False),
            Column("change_is", "Change is", "text", shown=False),
            Column("said", "Change (95%)", "text"),
            Column("verdict", "Verdict", "text"),
        ),
        rows,
        ("trend",),
        note=note,
    )


def _count(measure: Measure, sums: RollupSums) -> Count:
    return Count(measure.events(sums), measure.exposure(sums))
