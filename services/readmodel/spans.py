"""Sums of one day or one month of a hospital, by care area, drug and shift, kept so that a year is not read by hours.

They are kept in Redis under `pw:sums:`, each with the number of writes to the hours that it was summed from: a late
rollup changes that number, and the sums are made anew. Losing them costs time and nothing else.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from redis.exceptions import ResponseError

from schemas.events import At, Case  # noqa: TC001 (msgspec reads the annotations)
from services.practice import shift_of
from services.readmodel.rollups import RollupSums, canonical, partials

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from redis.asyncio import Redis

DAY_KEPT_S, MONTH_KEPT_S = 100 * 86_400, 800 * 86_400
"""A quarter is reported by days and a year by months; what is gone is summed anew (judgement)."""
MOST_CASES = 1_000
"""Cases kept of one span: a report tells a few."""
# Sums of other fields than ours were kept by another version.
_LAYOUT = sha256(",".join(RollupSums.__struct_fields__).encode()).hexdigest()[:8]


class Span(NamedTuple):
    """A day or a whole month by the hospital's clock, `last` included."""

    first: date
    last: date

    @classmethod
    def month_of(cls, day: date) -> Span:
        """The month that a day is in."""
        return cls(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))

    @property
    def days(self) -> list[date]:
        """Its days in their order."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


class CellSums(msgspec.Struct):
    """The sums of one drug in one care area and shift; sums about power have the drug `-` or `- MODEL`."""

    care_area: str
    drug: str
    shift: str
    sums: RollupSums


class DrugCase(msgspec.Struct, frozen=True):
    """A life-threatening entry that was caught, and its drug."""

    drug: str
    case: Case


class SpanSums(msgspec.Struct):
    """All that is known of a hospital's span. `test`: some of it is simulated; `writes`: what it was summed from."""

    writes: int = 0
    test: bool = False
    cells: list[CellSums] = []
    cases: list[DrugCase] = []


class HourlyRollup(RollupSums):
    """What a report reads of a stored rollup."""

    care_area: str = ""
    drug: str = ""
    hour: At = datetime.fromtimestamp(0, UTC)
    cases: list[Case] = msgspec.field(default_factory=list)
    test: bool = False


class SpanAdder:
    """Adds rollups, or the sums of shorter spans, to the sums of one span."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._cells: dict[tuple[str, str, str], RollupSums] = {}
        self._cases: list[DrugCase] = []
        self._test = False

    def add(self, rollup: HourlyRollup) -> None:
        """Add the partial sums of an hour."""
        drug = canonical(rollup.drug)
        self._of(rollup.care_area, drug, shift_of(rollup.hour, self._zone)).add(rollup)
        self._cases += [DrugCase(drug, case) for case in rollup.cases]
        self._test = self._test or rollup.test

    def add_span(self, span: SpanSums) -> None:
        """Add the sums of a shorter span."""
        for cell in span.cells:
            self._of(cell.care_area, cell.drug, cell.shift).add(cell.sums)
        self._cases += span.cases
        self._test = self._test or span.test

    def sums(self, writes: int = 0) -> SpanSums:
        """What was added."""
        cells = [CellSums(*place, self._cells[place]) for place in sorted(self._cells)]
        return SpanSums(writes, self._test, cells, self._cases[:MOST_CASES])

    def _of(self, care_area: str, drug: str, shift: str) -> RollupSums:
        return self._cells.setdefault((care_area, drug, shift), RollupSums())


class SpanReader:
    """Reads the spans of one hospital from Redis; `written` is what `rollups.changes` says of its hours."""

    def __init__(self, redis: Redis, hospital: str, zone: ZoneInfo, written: Mapping[str, int]) -> None:
        self._redis = redis
        self._hospital = hospital
        self._zone = zone
        self._hours: dict[date, list[str]] = {}
        self._written: dict[date, int] = {}
        for hour, writes in written.items():
            began = datetime.fromisoformat(f"{hour[:13]}:00+00:00")  # strptime takes thirty times as long
            day = began.astimezone(zone).date()
            self._hours.setdefault(day, []).append(hour)
            self._written[day] = self._written.get(day, 0) + writes
        self._decode = msgspec.json.Decoder(HourlyRollup).decode

    @property
    def days(self) -> list[date]:
        """Days of which anything is known, in their order."""
        return sorted(self._hours)

    async def read(self, span: Span) -> SpanSums:
        """The sums of a span: as they are kept, or summed anew from its days or hours."""
        writes = sum(self._written.get(day, 0) for day in span.days)
        if not writes:
            return SpanSums()
        kept = await self._kept(span)
        if kept is not None and kept.writes == writes:
            return kept
        adder = SpanAdder(self._zone)
        if span.first == span.last:
            await self._add_hours(span.first, adder)
        else:
            for day in span.days:
                adder.add_span(await self.read(Span(day, day)))
        sums = adder.sums(writes)
        await self._keep(span, sums)
        return sums

    async def _add_hours(self, day: date, adder: SpanAdder) -> None:
        for hour in self._hours.get(day, ()):
            for rollup in await partials(self._redis, self._hospital, hour, self._decode):
                adder.add(rollup)

    def _key(self, span: Span) -> str:
        name = f"{span.first:%Y-%m}" if span.first != span.last else f"{span.first}"
        return f"pw:sums:{_LAYOUT}:{self._zone.key}:{name}:{self._hospital}"

    async def _kept(self, span: Span) -> SpanSums | None:
        text = await self._redis.get(self._key(span))
        try:
            return None if text is None else _decode(text)
        except msgspec.MsgspecError:
            return None  # somebody else's; it is written over

    async def _keep(self, span: Span, sums: SpanSums) -> None:
        expiry = DAY_KEPT_S if span.first == span.last else MONTH_KEPT_S
        try:
            await self._redis.set(self._key(span), msgspec.json.encode(sums).decode(), ex=expiry)
        except ResponseError:
            return  # a replica or a user that may only read: the next report sums anew


_decode = msgspec.json.Decoder(SpanSums).decode
