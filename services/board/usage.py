"""How a drug is used: its sums as a screen shows them, by care area and by hour."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from services.board.wording import SLIPS
from services.readmodel.rollups import RollupSums, total

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.readmodel.drug import DrugCell


class Figures(Struct, frozen=True, kw_only=True):
    """Sums of entries; docs/definitions.md says what each one counts. `undecided` is flagged and not known yet."""

    entries: int
    warned: int
    overridden: int
    flagged: int
    corrected: int
    stood: int
    given_up: int
    undecided: int
    caught: int


class AreaFigures(Struct, frozen=True):
    """The figures of one care area."""

    hospital: str
    care_area: str
    figures: Figures


class SlipCount(Struct, frozen=True):
    """How many flagged entries are explained by a slip, in words, and how many of them were corrected."""

    slip: str
    flagged: int
    corrected: int


class Hours(Struct, frozen=True):
    """By columns, oldest first, hours without an entry left out: epoch seconds of the hour's begin, and counts."""

    at: list[int]
    entries: list[int]
    warned: list[int]
    overridden: list[int]
    flagged: list[int]


class Usage(Struct, frozen=True, kw_only=True):
    """The use of a drug over a span."""

    whole: Figures
    care_areas: list[AreaFigures]
    slips: list[SlipCount]
    hours: Hours


def usage(cells: Sequence[DrugCell]) -> Usage:
    """Sum the cells of a drug, the care areas with most entries first."""
    whole = total(cell.sums for cell in cells)
    by_area: dict[tuple[str, str], list[RollupSums]] = defaultdict(list)
    by_hour: dict[str, list[RollupSums]] = defaultdict(list)
    for cell in cells:
        by_area[cell.hospital, cell.care_area].append(cell.sums)
        by_hour[cell.hour].append(cell.sums)
    areas = [AreaFigures(*area, figures(total(sums))) for area, sums in by_area.items()]
    return Usage(
        whole=figures(whole),
        care_areas=sorted(areas, key=lambda area: (-area.figures.entries, area.hospital, area.care_area)),
        slips=[
            SlipCount(SLIPS.get(slip, slip), count, whole.corrected_slips.get(slip, 0))  # type: ignore[call-overload]
            for slip, count in sorted(whole.slips.items(), key=lambda one: (-one[1], one[0]))
        ],
        hours=_hours((hour, figures(total(by_hour[hour]))) for hour in sorted(by_hour)),
    )


def figures(sums: RollupSums) -> Figures:
    """The figures of a sum."""
    return Figures(
        entries=sums.entries,
        warned=sums.soft_warnings + sums.hard_warnings,
        overridden=sums.overridden,
        flagged=sums.flagged,
        corrected=sums.corrected,
        stood=sums.stood,
        given_up=sums.given_up,
        undecided=sums.undecided,
        caught=sums.caught,
    )


def _hours(by_hour: Iterable[tuple[str, Figures]]) -> Hours:
    hours = Hours([], [], [], [], [])
    for hour, each in by_hour:
        hours.at.append(begin_of(hour))
        for name in ("entries", "warned", "overridden", "flagged"):
            getattr(hours, name).append(getattr(each, name))
    return hours


def begin_of(hour: str) -> int:
    """Epoch seconds at which an hour such as `2026-11-23T17Z` begins."""
    return int(datetime.strptime(hour, "%Y-%m-%dT%HZ").replace(tzinfo=UTC).timestamp())
