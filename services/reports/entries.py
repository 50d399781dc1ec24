"""Entries, warnings and overrides by what they can be told by, and what became of flagged entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from schemas.events import Harm, Limit, Slip
from services.readmodel.rollups import RollupSums, total
from services.reports.intervals import wilson
from services.reports.period import of_drugs, summed
from services.reports.table import Column, Interval, Table
from services.reports.words import HARM, LIMITS, SLIPS, limit_of
from streams.rollups.cell import NO_LIMIT, OTHER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from services.reports.period import Cell, Dimension
    from services.reports.table import Value

_COUNTED = (
    Column("entries", "Entries"),
    Column("soft_warnings", "Soft warnings"),
    Column("hard_warnings", "Hard warnings"),
    Column("overridden", "Overrides"),
    Column("override_rate", "Override rate", "share", interval=True),
    Column("flagged", "Flagged"),
    Column("flag_rate", "Flag rate", "share", interval=True),
    Column("caught", "Near misses"),
)
_DEFINED = ("entries", "warnings", "override rate", "flagged", "near miss")
_BY: tuple[tuple[Dimension, str], ...] = (("drug", "drug"), ("care_area", "care area"), ("shift", "shift"))


def counted_tables(cells: Iterable[Cell]) -> list[Table]:
    """Entries, warnings and overrides by drug, care area, shift, and limit."""
    known = of_drugs(cells)
    tables = [
        Table(
            f"entries_by_{by}",
            f"Entries, warnings and overrides by {words}",
            (Column(by, words.capitalize(), "text"), *_COUNTED),
            [(place, *_counts(sums)) for place, sums in _most_first(summed(known, by))],
            _DEFINED,
        )
        for by, words in _BY
    ]
    return [*tables, _by_limit(total(cell.sums for cell in known))]


def span_table(cells: Iterable[Cell], *, by_month: bool) -> Table:
    """The same by day or month, in their order."""
    known = sorted(summed(of_drugs(cells), "span").items())
    words = "month" if by_month else "day"
    return Table(
        "entries_by_span",
        f"Entries, warnings and overrides by {words}",
        (Column("span", words.capitalize(), "text"), *_COUNTED),
        [(f"{place[0]:%Y-%m}" if by_month else f"{place[0]}", *_counts(sums)) for place, sums in known],
        _DEFINED,
        shown=62,
    )


def slip_table(cells: Iterable[Cell]) -> Table:
    """Flagged entries by their likeliest slip, and what became of them."""
    sums = total(cell.sums for cell in of_drugs(cells))
    rows: list[tuple[Value, ...]] = []
    for slip in sorted(get_args(Slip), key=lambda slip: (-sums.slips.get(slip, 0), slip)):
        flagged, caught = sums.slips.get(slip, 0), sums.caught_slips.get(slip, 0)
        corrected, stood = sums.corrected_slips.get(slip, 0), sums.stood_slips.get(slip, 0)
        if flagged:
            open_ = max(flagged - corrected - stood, 0)
            decided = wilson(caught, corrected + stood)
            rows.append((SLIPS[slip], flagged, caught, corrected - caught, stood, open_, decided))
    without = sums.flagged - sum(sums.slips.values())
    return Table(
        "slips",
        "Slips found, corrected and stood",
        (
            Column("slip", "Likeliest slip", "text"),
            Column("flagged", "Found"),
            Column("caught", "Near misses"),
            Column("corrected_otherwise", "Corrected otherwise"),
            Column("stood", "Stood"),
            Column("open", "Given up or undecided"),
            Column("precision", "Near misses of those decided", "share", interval=True),
        ),
        rows,
        ("flagged", "corrected", "confirmed catch", "stood", "given up", "undecided"),
        note=f"{without:,} flagged entries are unusual without a slip that explains them." if without > 0 else "",
        chart="slips",
    )


def harm_table(cells: Iterable[Cell]) -> Table:
    """Harm to be expected of flagged entries, and of those that were caught."""
    sums = total(cell.sums for cell in of_drugs(cells))
    rows: list[tuple[Value, ...]] = [
        (HARM[grade], sums.harm.get(grade, 0), sums.avoided_harm.get(grade, 0)) for grade in reversed(get_args(Harm))
    ]
    minutes = f" A pump ran for {sums.caught_minutes / sums.caught:.1f} minutes on average." if sums.caught else ""
    return Table(
        "harm_avoided",
        "Harm avoided, by grade",
        (
            Column("grade", "Grade to be expected", "text"),
            Column("flagged", "Flagged entries"),
            Column("avoided", "Near misses"),
        ),
        rows if sums.flagged else [],
        ("near miss", "avoided harm"),
        note=f"{sums.caught:,} near misses in {sums.entries:,} entries.{minutes}",
        empty="No entry was flagged.",
        chart="harm",
    )


def precision_table(cells: Iterable[Cell]) -> Table:
    """The live precision of the model, of all drugs together and of each drug with a decided entry."""
    known = of_drugs(cells)
    rows: list[tuple[Value, ...]] = []
    whole = total(cell.sums for cell in known)
    for drug, sums in [("all drugs", whole), *_most_first(summed(known, "drug"))]:
        if sums.decided:
            rows.append((drug, sums.caught, sums.corrected, sums.stood, wilson(sums.caught, sums.decided)))
    return Table(
        "precision",
        "Live precision",
        (
            Column("drug", "Drug", "text"),
            Column("caught", "Confirmed catches"),
            Column("corrected", "Corrected"),
            Column("stood", "Stood"),
            Column("precision", "Precision", "share", interval=True),
        ),
        rows,
        ("precision", "confirmed catch", "corrected", "stood"),
        note=f"{whole.undecided:,} flagged entries are undecided and {whole.given_up:,} were given up: in neither.",
        empty="No flagged entry is decided.",
        chart="precision",
        shown=15,
    )


def _counts(sums: RollupSums) -> tuple[Value, ...]:
    warned = sums.soft_warnings + sums.hard_warnings
    return (
        sums.entries,
        sums.soft_warnings,
        sums.hard_warnings,
        sums.overridden,
        share_of_warnings(sums.overridden, warned),
        sums.flagged,
        wilson(sums.flagged, sums.entries),
        sums.caught,
    )


def share_of_warnings(overridden: int, warned: int) -> Interval | None:
    """Overrides of warnings; none where a pump sends overrides of warnings that it did not tell."""
    return wilson(overridden, warned) if overridden <= warned else None


def _by_limit(sums: RollupSums) -> Table:
    warned, overridden = _by_word(sums.warned), _by_word(sums.overrides)
    rows: list[tuple[Value, ...]] = [
        (LIMITS[limit], warned.get(limit, 0), overridden.get(limit, 0), share_of_warnings(
            overridden.get(limit, 0), warned.get(limit, 0)
        ))
        for limit in (*get_args(Limit), NO_LIMIT, OTHER)
        if warned.get(limit) or overridden.get(limit)
    ]  # fmt: skip
    return Table(
        "overrides_by_limit",
        "Warnings and overrides by limit",
        (
            Column("limit", "Limit", "text"),
            Column("warnings", "Warnings"),
            Column("overridden", "Overrides"),
            Column("override_rate", "Override rate", "share", interval=True),
        ),
        rows,
        ("warnings", "override by limit"),
        empty="No pump warned of a limit.",
    )


def _by_word(counts: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word, count in counts.items():
        limit = limit_of(word)
        found[limit] = found.get(limit, 0) + count
    return found


def _most_first(sums: Mapping[tuple[str | date, ...], RollupSums]) -> list[tuple[str, RollupSums]]:
    """By entries, the most first; ties by name."""
    ordered = sorted(sums.items(), key=lambda item: (-item[1].entries, item[0]))
    return [(str(place[0]), each) for place, each in ordered if each.entries]
