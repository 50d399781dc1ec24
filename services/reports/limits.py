"""What overrides say of the drug library: values just beyond a limit, limits never or always met, limits suggested.

The rollups hold the values that were overridden; which limit a value is near is asked of the library at hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast, get_args

from schemas.events import Limit
from services.reports.intervals import wilson
from services.reports.period import of_drugs, summed
from services.reports.table import Column, Table
from services.reports.words import LIMITS, PROFILES
from streams.rollups.cell import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from schemas.events import Field, LibraryRow
    from schemas.library import Library
    from services.readmodel.rollups import RollupSums
    from services.reports.period import Cell
    from services.reports.table import Value

# Judgements, all printed with the tables (services/reports/definitions.yaml).
NEAR = 0.01
LEAST_NEAR, NEAR_SHARE = 5, 0.1
LEAST_ENTRIES = 300  # without one event among them the true share is below 1 in 100, with 95%
HABIT_SHARE = 0.25
LEAST_OVERRIDES, MOSTLY_OVERRIDDEN = 20, 0.5
COVERED = 0.8
MOST_FLAGGED = 0.1

_WHERE = (
    Column("drug", "Drug", "text"),
    Column("care", "Care", "text"),
    Column("field", "Field", "text"),
    Column("unit", "Unit", "text"),
    Column("limit", "Limit", "text"),
    Column("at", "At", "value"),
)


class Row(NamedTuple):
    """What a row of the library holds for."""

    drug: str
    profile: str
    field: str
    unit: str


class Met(NamedTuple):
    """One limit of a row: its value, the entries it held for, its warnings, and overridden values with their counts.

    `flagged` are those of the overrides whose verdict was not ok; `beyond` is the hard limit on its side.
    """

    of: Row
    limit: Limit
    at: float
    beyond: float | None
    entries: int
    warnings: int
    overrides: Mapping[float, int]
    flagged: Mapping[float, int]

    @property
    def overridden(self) -> int:
        """All its overrides."""
        return sum(self.overrides.values())


class _Counts:
    """What is counted of a row."""

    def __init__(self) -> None:
        self.entries = 0
        self.warnings: dict[str, int] = {}
        self.overrides: dict[str, dict[float, int]] = {}
        self.flagged: dict[str, dict[float, int]] = {}


def met_limits(cells: Iterable[Cell], library: Library) -> list[Met]:
    """Every limit of the library for which there were entries, in the order of the rows' names."""
    rows: dict[Row, LibraryRow] = {}
    counted: dict[Row, _Counts] = {}
    for (care_area, drug), sums in summed(of_drugs(cells), "care_area", "drug").items():
        for field, unit, counts in _by_row(sums).values():
            row = library.row(str(drug), str(care_area), field, unit)
            if row is None:
                continue
            of = Row(str(drug), library.profile(str(care_area)), field, unit)
            rows[of] = row
            _add(counted.setdefault(of, _Counts()), counts)
    return [met for of in sorted(rows) for met in _limits(of, rows[of], counted[of])]


def limit_tables(cells: Iterable[Cell], library: Library) -> list[Table]:
    """What a pharmacist should look at in the library, with the evidence."""
    limits = met_limits(cells, library)
    return [_clusters(limits), _never(limits), _always(limits), _suggested(limits)]


def _clusters(limits: Iterable[Met]) -> Table:
    rows = []
    for met in limits:
        near = sum(count for value, count in met.overrides.items() if 0 < _beyond(met, value) <= NEAR * met.at)
        share = wilson(near, met.overridden)
        if share is not None and near >= LEAST_NEAR and share.low > NEAR_SHARE:
            rows.append((*_where(met), near, met.overridden, share))
    rows.sort(key=lambda row: -cast("int", row[6]))
    return Table(
        "override_clusters",
        "Overrides within 1% of a limit",
        (
            *_WHERE,
            Column("near", "Within 1%"),
            Column("overridden", "Overrides"),
            Column("share", "Share", "share", interval=True),
        ),
        rows,
        ("cluster at a limit",),
        empty="No limit has such a cluster.",
    )


def _never(limits: Iterable[Met]) -> Table:
    rows = []
    for met in limits:
        share = wilson(0, met.entries)
        if share is not None and not met.warnings and met.entries >= LEAST_ENTRIES:
            rows.append((*_where(met), met.entries, share.high))
    rows.sort(key=lambda row: -cast("int", row[6]))
    return Table(
        "limits_never_met",
        "Limits that nobody met",
        (*_WHERE, Column("entries", "Entries"), Column("at_most", "Met by at most", "share")),
        rows,
        ("limit never met",),
        empty="Every limit with enough entries was met.",
        shown=20,
    )


def _always(limits: Iterable[Met]) -> Table:
    rows = []
    for met in limits:
        share = wilson(min(met.warnings, met.entries), met.entries)
        if share is not None and share.low > HABIT_SHARE:
            rows.append((*_where(met), met.warnings, met.entries, share))
    rows.sort(key=lambda row: -cast("int", row[6]))
    return Table(
        "limits_met_by_habit",
        "Limits met by habit",
        (
            *_WHERE,
            Column("warnings", "Warnings"),
            Column("entries", "Entries"),
            Column("share", "Share", "share", interval=True),
        ),
        rows,
        ("limit met by habit",),
        empty="No limit is met so often.",
    )


def _suggested(limits: Iterable[Met]) -> Table:
    rows = [row for met in limits if (row := _suggestion(met)) is not None]
    rows.sort(key=lambda row: -cast("int", row[7]))
    return Table(
        "suggested_limits",
        "Limits worth a pharmacist's look",
        (
            *_WHERE,
            Column("suggested", "Would spare most at", "value"),
            Column("spared", "Overrides spared"),
            Column("overridden", "of overrides"),
            Column("spared_flagged", "of them flagged"),
            Column("override_rate", "Overridden of its warnings", "share", interval=True),
        ),
        rows,
        ("suggested limit",),
        empty="No soft limit is overridden so often that another one could be named from the overrides.",
    )


def _suggestion(met: Met) -> tuple[Value, ...] | None:
    rate = wilson(min(met.overridden, met.warnings), met.warnings)
    unflagged = {value: count - met.flagged.get(value, 0) for value, count in met.overrides.items()}
    sound = sum(unflagged.values())
    if met.limit.startswith("hard") or rate is None or rate.low <= MOSTLY_OVERRIDDEN or sound < LEAST_OVERRIDES:
        return None
    passed = 0
    for value in sorted(met.overrides, key=lambda value: _beyond(met, value)):
        if _beyond(met, value) <= 0:
            continue  # the pump warned by another limit than the library's
        passed += unflagged[value]
        if passed >= COVERED * sound:
            break
    else:
        return None
    spared = [each for each in met.overrides if 0 < _beyond(met, each) <= _beyond(met, value)]
    overrides, flagged = (sum(of.get(each, 0) for each in spared) for of in (met.overrides, met.flagged))
    too_far = met.beyond is not None and _beyond(met, value) >= _beyond(met, met.beyond)
    if too_far or flagged > MOST_FLAGGED * overrides:
        return None
    return (*_where(met), value, overrides, met.overridden, flagged, rate)


def _beyond(met: Met, value: float) -> float:
    """By how much a value is beyond the limit; negative within it."""
    return value - met.at if met.limit.endswith("high") else met.at - value


def _where(met: Met) -> tuple[Value, ...]:
    of = met.of
    return (of.drug, PROFILES[of.profile], of.field, of.unit, LIMITS[met.limit], met.at)


def _limits(of: Row, row: LibraryRow, counts: _Counts) -> Iterable[Met]:
    for limit in get_args(Limit):
        at = getattr(row, limit)
        if at is not None:
            beyond = getattr(row, limit.replace("soft", "hard")) if limit.startswith("soft") else None
            yield Met(
                of,
                limit,
                at,
                beyond,
                counts.entries,
                counts.warnings.get(limit, 0),
                counts.overrides.get(limit, {}),
                counts.flagged.get(limit, {}),
            )


def _by_row(sums: RollupSums) -> dict[str, tuple[Field, str, _Counts]]:
    """The counts of a drug's field and unit, from the words of the rollups."""
    found: dict[str, tuple[Field, str, _Counts]] = {}

    def of(field: str, unit: str) -> _Counts:
        return found.setdefault(f"{field} {unit}", (cast("Field", field), unit, _Counts()))[2]

    for word, count in sums.entered.items():
        if word != OTHER:
            of(*word.split(" ", 1)).entries += count
    for word, count in sums.warned.items():
        if word != OTHER:
            field, limit, unit = word.split(" ", 2)
            warnings = of(field, unit).warnings
            warnings[limit] = warnings.get(limit, 0) + count
    for name in ("overrides", "flagged_overrides"):
        for word, count in getattr(sums, name).items():
            if word != OTHER:
                field, limit, value, unit = word.split(" ", 3)
                counts = of(field, unit)
                values = (counts.overrides if name == "overrides" else counts.flagged).setdefault(limit, {})
                values[float(value)] = values.get(float(value), 0) + count
    return found


def _add(known: _Counts, more: _Counts) -> None:
    known.entries += more.entries
    for limit, count in more.warnings.items():
        known.warnings[limit] = known.warnings.get(limit, 0) + count
    for ours, theirs in ((known.overrides, more.overrides), (known.flagged, more.flagged)):
        for limit, values in theirs.items():
            kept = ours.setdefault(limit, {})
            for value, count in values.items():
                kept[value] = kept.get(value, 0) + count
