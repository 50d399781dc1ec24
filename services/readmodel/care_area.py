"""The figures of a care area against the others of its hospital, by day and by hour, from the rollups of some weeks."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from services.readmodel.comparison import Share, of_counts, of_minutes
from services.readmodel.unit_days import UnitSums

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import tzinfo

    from services.readmodel.unit_days import Day

MOST_DRUGS = 10
HOURS = range(24)


class Definition(NamedTuple):
    """A figure: what is counted, of what. `minutes` marks shares of time."""

    name: str
    title: str
    meaning: str
    part: Callable[[UnitSums], float]
    whole: Callable[[UnitSums], float]
    minutes: bool = False


# As in docs/definitions.md.
FIGURES = (
    Definition(
        "overrides",
        "Override rate",
        "Entries confirmed over a warning of the pump's own, of all entries at which it warned (soft or hard limit).",
        lambda sums: sums.overridden,
        lambda sums: sums.warned,
    ),
    Definition(
        "warnings",
        "Warning rate",
        "Entries at which the pump itself warned (soft or hard limit), of all entries.",
        lambda sums: sums.warned,
        lambda sums: sums.entries,
    ),
    Definition(
        "flagged",
        "Flag rate",
        "Entries that Pumpwatch held for a possible slip (suspect or error), of all entries.",
        lambda sums: sums.flagged,
        lambda sums: sums.entries,
    ),
    Definition(
        "corrected",
        "Corrected",
        "Flagged entries that the next entry put right within 30 minutes, of those of which is known whether they were "
        "corrected or stood.",
        lambda sums: sums.corrected,
        lambda sums: sums.corrected + sums.stood,
    ),
    Definition(
        "unplugged",
        "Unplugged share",
        "Minutes of infusing on battery, of all minutes of infusing: practice, journeys and power failures alike.",
        lambda sums: sums.battery_minutes,
        lambda sums: sums.infusing_minutes,
        minutes=True,
    ),
)


class UnitShare(msgspec.Struct, frozen=True):
    """A share of one care area."""

    care_area: str
    share: Share


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of all care areas of a hospital, and of one of them by day and by hour of the day.

    `others` are all other care areas together; `by_day` and `by_hour` are pairs of part and whole.
    """

    name: str
    title: str
    meaning: str
    minutes: bool
    units: list[UnitShare]
    others: Share
    by_day: list[tuple[float, float]]
    by_hour: list[tuple[float, float]]


class SlipCount(msgspec.Struct, frozen=True):
    """How often a slip was the likeliest one of a flagged entry, here and in all other care areas together."""

    slip: str
    count: int
    others: int


class DrugFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A drug in the care area; `flag_rate` with its interval where there are enough entries."""

    drug: str
    entries: int
    warned: int
    overridden: int
    flagged: int
    flag_rate: Share


class CareArea(msgspec.Struct, frozen=True, kw_only=True):
    """A care area over the `days`, which are those of the reader's clock."""

    days: list[date]
    figures: list[Figure]
    slips: list[SlipCount]
    drugs: list[DrugFigures]


class Grouped:
    """The sums of all care areas of a hospital by day and by hour of a clock."""

    def __init__(self, days: Iterable[Day], zone: tzinfo) -> None:
        self.whole: defaultdict[str, UnitSums] = defaultdict(UnitSums)
        self.by_day: defaultdict[str, defaultdict[date, UnitSums]] = defaultdict(lambda: defaultdict(UnitSums))
        self.by_hour: defaultdict[str, defaultdict[int, UnitSums]] = defaultdict(lambda: defaultdict(UnitSums))
        self.days: set[date] = set()
        for day in days:
            for hour, units in day.hours.items():
                at = datetime.strptime(hour, "%Y-%m-%dT%HZ").replace(tzinfo=UTC).astimezone(zone)
                self.days.add(at.date())
                for care_area, sums in units.items():
                    self.whole[care_area].add(sums)
                    self.by_day[care_area][at.date()].add(sums)
                    self.by_hour[care_area][at.hour].add(sums)

    def figure(self, definition: Definition, care_area: str) -> Figure:
        """One figure, seen from a care area. Units with data come first, the highest share at the top."""
        units = [UnitShare(unit, self._share(definition, [unit])) for unit in sorted(self.whole)]
        units.sort(key=lambda unit: -1.0 if unit.share.share is None else unit.share.share, reverse=True)
        mine, hours = self.by_day[care_area], self.by_hour[care_area]
        return Figure(
            name=definition.name,
            title=definition.title,
            meaning=definition.meaning,
            minutes=definition.minutes,
            units=units,
            others=self._share(definition, [unit for unit in self.whole if unit != care_area]),
            by_day=[(definition.part(mine[day]), definition.whole(mine[day])) for day in sorted(self.days)],
            by_hour=[(definition.part(hours[hour]), definition.whole(hours[hour])) for hour in HOURS],
        )

    def _share(self, definition: Definition, of: Sequence[str]) -> Share:
        if definition.minutes:
            return of_minutes(
                [
                    (
                        sum(definition.part(self.by_day[unit][day]) for unit in of),
                        sum(definition.whole(self.by_day[unit][day]) for unit in of),
                    )
                    for day in self.days
                ]
            )
        together = UnitSums()
        for unit in of:
            together.add(self.whole[unit])
        return of_counts(int(definition.part(together)), int(definition.whole(together)), together.entries)


def look_at(days: Sequence[Day], care_area: str, zone: tzinfo) -> CareArea:
    """The figures of a care area over these days of its hospital, by the clock of `zone`."""
    grouped = Grouped(days, zone)
    slips: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    drugs: defaultdict[str, UnitSums] = defaultdict(UnitSums)
    for day in days:
        for (unit, slip), count in day.slips.items():
            slips[slip][unit != care_area] += count
        for (unit, drug), sums in day.drugs.items():
            if unit == care_area:
                drugs[drug].add(sums)
    worst = sorted(drugs.items(), key=lambda found: (-found[1].flagged, -found[1].overridden, found[0]))[:MOST_DRUGS]
    return CareArea(
        days=sorted(grouped.days),
        figures=[grouped.figure(definition, care_area) for definition in FIGURES],
        slips=[
            SlipCount(slip, here, others)
            for slip, (here, others) in sorted(slips.items(), key=lambda found: (-found[1][0], -found[1][1], found[0]))
        ],
        drugs=[
            DrugFigures(
                drug=drug,
                entries=sums.entries,
                warned=sums.warned,
                overridden=sums.overridden,
                flagged=sums.flagged,
                flag_rate=of_counts(sums.flagged, sums.entries, sums.entries),
            )
            for drug, sums in worst
            if sums.flagged or sums.overridden
        ],
    )
