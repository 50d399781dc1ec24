"""The section that sets a hospital beside its peers: it names none of them, and knows none of their sums."""

from __future__ import annotations

from collections import defaultdict
from math import exp
from typing import TYPE_CHECKING, NamedTuple

from services.readmodel.rollups import RollupSums
from services.reports.own import compared
from services.reports.table import Column, Interval, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from schemas.drugs.care_areas import Profile
    from services.reports.benchmarks import Release
    from services.reports.own import Compared
    from services.reports.peers import Peers
    from services.reports.table import Value


class OwnMonth(NamedTuple):
    """The published benchmarks of a month, and what a hospital itself has counted in it."""

    release: Release
    sums: Mapping[Profile, RollupSums]


def by_profile(sums: Iterable[tuple[str, RollupSums]], profile: Callable[[str], Profile]) -> dict[Profile, RollupSums]:
    """Sums of care areas, each with its name, by their profile."""
    found: defaultdict[Profile, RollupSums] = defaultdict(RollupSums)
    for care_area, one in sums:
        found[profile(care_area)].add(one)
    return dict(found)


def peer_tables(hospital: str, peers: Peers, months: Sequence[OwnMonth]) -> list[Table]:
    """The last month beside the peers, and the funnels of all of these months."""
    found = [(month.release.month, list(_compared(hospital, peers, month))) for month in months]
    told = [(month, rows) for month, rows in found if rows]
    if not told:
        return [_beside("The peers", [], _why_not(hospital, peers, months))]
    month, rows = told[-1]
    return [_beside(f"The peers in {month}: {peers.group(hospital)} hospitals", rows, ""), _funnels(told)]


def _compared(hospital: str, peers: Peers, month: OwnMonth) -> Iterable[Compared]:
    if not peers.takes_part(hospital, month.release.month):
        return ()
    return compared(month.sums, month.release.groups.get(peers.group(hospital), {}))


def _why_not(hospital: str, peers: Peers, months: Sequence[OwnMonth]) -> str:
    if hospital not in peers.hospitals:
        return "This hospital is in no group of peers."
    if not months:
        return "No benchmarks are published for these months yet."
    if not any(peers.takes_part(hospital, month.release.month) for month in months):
        return "This hospital opted out: it adds nothing to the benchmarks and is told none."
    return "Fewer than six hospitals of its size and kind can be compared, or one of them would stand out."


def _beside(title: str, rows: Sequence[Compared], empty: str) -> Table:
    hospitals = f"{min(one.hospitals for one in rows)} or more hospitals are compared, " if rows else ""
    return Table(
        "peers",
        title,
        (
            Column("measure", "Measure", "text"),
            Column("rate", "Here", "number"),
            Column("peers_rate", "Peers, with these care areas", "number"),
            Column("per", "In", "text"),
            Column("times", "Times as many", "times", interval=True),
            Column("usual", "Usual at this size", "times", interval=True),
            Column("percentile", "Peers below", "share", interval=True),
            Column("hospitals", "Hospitals compared, at least", shown=False),
            Column("verdict", "Among the peers", "text"),
        ),
        [_row(one) for one in rows],
        ("standardised ratio", "usual among peers", "percentile"),
        note=f"{hospitals}told as a group and never one by one; docs/benchmarks.md says what protects each of them."
        if rows
        else "",
        empty=empty,
        chart="peers",
    )


def _row(one: Compared) -> tuple[Value, ...]:
    return (
        one.measure.words,
        one.rate,
        one.peers_rate,
        f"{one.measure.per:,.0f} {one.measure.of}",
        Interval(*one.ratio),
        None if one.seen is None or one.limits is None else Interval(exp(one.seen.centre), *one.limits[0]),
        None if one.standing is None else Interval(*one.standing),
        one.hospitals,
        one.verdict,
    )


def _funnels(months: Sequence[tuple[str, Sequence[Compared]]]) -> Table:
    """The newest month first, so that the page shows it; the chart needs all of them."""
    rows: list[tuple[Value, ...]] = []
    for month, found in reversed(months):
        for one in found:
            if one.limits is not None and one.seen is not None:
                middle = exp(one.seen.centre)
                rows.append(
                    (
                        one.measure.words,
                        month,
                        one.expected,
                        one.ratio.value,
                        *(Interval(middle, *ends) for ends in one.limits),
                        one.seen.between,
                        one.variance,
                    )
                )
    return Table(
        "funnels",
        "Funnels: this hospital month by month, and where its peers lie",
        (
            Column("measure", "Measure", "text"),
            Column("month", "Month", "text"),
            Column("expected", "Events to be expected", "number"),
            Column("times", "Times as many", "times"),
            Column("usual", "19 in 20 peers", "times", interval=True),
            Column("seldom", "998 in 1,000 peers", "times", interval=True),
            Column("between", "Spread of the peers", "times", shown=False),
            Column("variance", "Variance of an event", "times", shown=False),
        ),
        rows,
        ("usual among peers",),
        note="The large dot is the last month, small ones are those before. The darker band holds 19 in 20 peers of "
        "that size, the lighter one 998 in 1,000; the dashed line is their middle.",
        empty="Too few of the peers have enough events to say how they differ.",
        chart="funnels",
        shown=len(months[-1][1]),
    )
