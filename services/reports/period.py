"""Sums of hospitals over a period, by hospital, care area, drug, shift and day or month.

    cells = [cell async for cell in read(redis, ["st-mary"], period)]
    by_drug = summed(cells, "care_area", "drug")

A reader of many hospitals sums while it reads and keeps only what it sums by. docs/definitions.md says what each sum
counts.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from services.readmodel.rollups import RollupSums, changes
from services.readmodel.spans import CellSums, DrugCase, HourlyRollup, Span, SpanAdder, SpanReader, SpanSums
from streams.rollups.cell import NO_DRUG, rollup_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from zoneinfo import ZoneInfo

    from redis.asyncio import Redis

    from schemas.events import Rollup

Dimension = Literal["hospital", "care_area", "drug", "shift", "span"]
LONGEST_BY_DAY = 62
"""A longer period is shown by months: a line of more days is hard to read (judgement)."""


class Period(NamedTuple):
    """Whole days by the clock of `zone`, the last one included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def length(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """The period of the same length that ends where this one begins; whole months go before whole months."""
        last = self.first - timedelta(days=1)
        if self.first.day == 1 and (self.last + timedelta(days=1)).day == 1:
            months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
            years, month = divmod(self.first.year * 12 + self.first.month - 1 - months, 12)
            return Period(date(years, month + 1, 1), last, self.zone)
        return Period(self.first - timedelta(days=self.length), last, self.zone)

    @property
    def by_month(self) -> bool:
        """Whether it is shown by months."""
        return self.length > LONGEST_BY_DAY

    def spans(self) -> list[Span]:
        """The whole months and the days that it is read by, in their order; days alone if it is shown by days."""
        spans, day = [], self.first
        while day <= self.last:
            month = Span.month_of(day)
            whole = self.by_month and day == month.first and month.last <= self.last
            spans.append(month if whole else Span(day, day))
            day = spans[-1].last + timedelta(days=1)
        return spans

    def shown_in(self, day: date) -> date:
        """The day, or the first of the month, that a day is shown under."""
        return day.replace(day=1) if self.by_month else day


class Place(NamedTuple):
    """What a sum is about; `span` is the day, or the first of the month, and sums of power have the drug `-…`."""

    hospital: str
    care_area: str
    drug: str
    shift: str
    span: date


class Cell(NamedTuple):
    """The sums of one place."""

    of: Place
    sums: RollupSums


class Found(NamedTuple):
    """All that is known of a hospital in a period. `heard` are the days of which anything is known."""

    cells: list[Cell]
    cases: list[DrugCase]
    heard: list[date]
    test: bool


def summed(cells: Iterable[Cell], *by: Dimension) -> dict[tuple[str | date, ...], RollupSums]:
    """The sums of cells by some of what they are about; by nothing: all in one, under the empty tuple.

    Memory is what is summed by, however many cells there are.
    """
    picks = [Place._fields.index(name) for name in by]
    result: dict[tuple[str | date, ...], RollupSums] = {}
    for cell in cells:
        place = tuple(cell.of[pick] for pick in picks)
        known = result.get(place)
        if known is None:
            known = result[place] = RollupSums()
        known.add(cell.sums)
    return result


def of_drugs(cells: Iterable[Cell]) -> list[Cell]:
    """The cells about drugs: all but those of power."""
    return [cell for cell in cells if not cell.of.drug.startswith(NO_DRUG)]


async def read(
    redis: Redis, hospitals: Sequence[str], period: Period, tell: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Cell]:
    """The cells of hospitals in a period, one hospital and span after the other; a place may come more than once.

    `tell` hears which hospital is read.
    """
    for hospital in hospitals:
        tell(hospital)
        reader = SpanReader(redis, hospital, period.zone, await changes(redis, hospital))
        for span in period.spans():
            found = await reader.read(span)
            for cell in found.cells:
                yield _cell(hospital, cell, period.shown_in(span.first))


async def find(redis: Redis, hospital: str, period: Period, tell: Callable[[str], None] = lambda _: None) -> Found:
    """All that is known of one hospital in a period; `tell` hears which day or month is read."""
    reader = SpanReader(redis, hospital, period.zone, await changes(redis, hospital))
    spans = []
    for span in period.spans():
        tell(f"{span.first}" if span.first == span.last else f"{span.first:%B %Y}")
        spans.append((span.first, await reader.read(span)))
    return _found(hospital, period, spans, reader.days)


def from_rollups(rollups: Iterable[Rollup], hospital: str, period: Period) -> Found:
    """The same from rollups in any order, as the topic or a file has them; of each partial sum the furthest counts.

    Memory grows with the partial sums of the hospital in the period.
    """
    furthest: dict[str, Rollup] = {}
    for rollup in rollups:
        day = rollup.hour.astimezone(period.zone).date()
        if rollup.hospital != hospital or not period.first <= day <= period.last:
            continue
        key = rollup_key(rollup)
        known = furthest.get(key)
        if known is None or _reach(known) <= _reach(rollup):
            furthest[key] = rollup
    adders: dict[date, SpanAdder] = {}
    for rollup in furthest.values():
        day = rollup.hour.astimezone(period.zone).date()
        adders.setdefault(day, SpanAdder(period.zone)).add(_hourly(rollup))
    return _found(hospital, period, [(day, adders[day].sums()) for day in sorted(adders)], sorted(adders))


def _found(hospital: str, period: Period, spans: Iterable[tuple[date, SpanSums]], known: Iterable[date]) -> Found:
    together: dict[Place, RollupSums] = {}
    cases: list[DrugCase] = []
    test = False
    for first, sums in spans:
        for cell in sums.cells:
            place = _cell(hospital, cell, period.shown_in(first)).of
            together.setdefault(place, RollupSums()).add(cell.sums)
        cases += sums.cases
        test = test or sums.test
    heard = [day for day in known if period.first <= day <= period.last]
    return Found([Cell(place, together[place]) for place in sorted(together)], cases, heard, test)


def _cell(hospital: str, cell: CellSums, span: date) -> Cell:
    return Cell(Place(hospital, cell.care_area, cell.drug, cell.shift, span), cell.sums)


def _reach(rollup: Rollup) -> list[tuple[int, int]]:
    """How far a partial sum reaches in its source topics: that only grows."""
    return sorted(rollup.through.values())


def _hourly(rollup: Rollup) -> HourlyRollup:
    return HourlyRollup(**{name: getattr(rollup, name) for name in HourlyRollup.__struct_fields__})


def today(zone: ZoneInfo) -> date:
    """The present day by the clock of a zone."""
    return datetime.now(UTC).astimezone(zone).date()
