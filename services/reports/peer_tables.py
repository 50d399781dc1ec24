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
        return [_beside("", [], _why_not(hospital, peers, months))]
    return [_beside(*told[-1], ""), _funnels(told)]


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


def _beside(month: str, rows: Sequence[Compared], empty: str) -> Table:
    return Table(
        "peers",
        f"Beside hospitals of the same size and kind, {month}"
        if month
        else "Beside hospitals of the same size and kind",
        (
            Column("measure", "Measure", "text"),
            Column("rate", "Here", "number"),
            Column("peers_rate", "Peers, with these care areas", "number"),
            Column("per", "In", "text"),
            Column("times", "Times as many", "times", interval=True),
            Column("usual", "Usual at this size", "text"),
            Column("percentile", "More than so many peers", "share", interval=True),
            Column("peers", "Hospitals compared", "text"),
            Column("verdict", "", "text"),
        ),
        [_row(one) for one in rows],
        ("standardised ratio", "usual among peers", "percentile") if rows else (),
        note="Peers are told as a group, never one by one: docs/benchmarks.md says what protects each of them."
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
        None if one.limits is None else f"{one.limits[0][0]:.2f} to {one.limits[0][1]:.2f}",
        None if one.standing is None else Interval(*one.standing),
        f"{one.hospitals} or more",
        one.verdict,
    )


def _funnels(months: Sequence[tuple[str, Sequence[Compared]]]) -> Table:
    rows: list[tuple[Value, ...]] = []
    for month, found in months:
        for one in found:
            if one.limits is not None and one.seen is not None:
                (low, high), (far_low, far_high) = one.limits
                rows.append(
                    (
                        one.measure.words,
                        month,
                        one.expected,
                        one.ratio.value,
                        exp(one.seen.centre),
                        low,
                        high,
                        far_low,
                        far_high,
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
            Column("expected", "Expected", "number"),
            Column("times", "Times as many", "times"),
            Column("middle", "Middle of the peers", "times"),
            Column("low", "19 in 20 from", "times"),
            Column("high", "to", "times"),
            Column("far_low", "998 in 1,000 from", "times"),
            Column("far_high", "to", "times"),
            Column("between", "Spread of the peers", "times"),
            Column("variance", "Variance of an event", "times", shown=False),
        ),
        sorted(rows, key=lambda row: (str(row[0]), str(row[1]))),
        ("usual among peers",),
        empty="Too few of the peers have enough events to say how they differ.",
        chart="funnels",
    )
