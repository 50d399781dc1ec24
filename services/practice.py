"""Whether units leave pumps unplugged in a shift: the sums of the read model, judged beside each other."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from schemas.events import At  # noqa: TC001 (msgspec reads the annotations)
from services.readmodel.rollups import hours, partials
from streams.power.practice import UnitShift, judge_practice

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo

    from redis.asyncio import Redis

    from streams.power.practice import PracticeVerdict

DAY, NIGHT = "day", "night"
DAY_BEGINS, DAY_ENDS = 7, 19
"""Hours of the hospital's clock at which shifts change (judgement; most hospitals change at 7)."""


def shift_of(hour: datetime, zone: tzinfo) -> str:
    """The shift in which an hour begins, by the hospital's clock."""
    return DAY if DAY_BEGINS <= hour.astimezone(zone).hour < DAY_ENDS else NIGHT


class PowerSums(msgspec.Struct):
    """What a rollup says of power, in minutes and episodes by cause."""

    care_area: str
    hour: At
    infusing_minutes: Annotated[float, Meta(ge=0)] = 0.0
    battery_minutes: Annotated[float, Meta(ge=0)] = 0.0
    causes: dict[str, int] = {}


def unit_shifts(rollups: Iterable[PowerSums], zone: tzinfo) -> list[UnitShift]:
    """Sums by care area and shift, in their order by name; an hour belongs to the shift in which it begins."""
    infusing: dict[tuple[str, str], float] = defaultdict(float)
    on_battery: dict[tuple[str, str], float] = defaultdict(float)
    episodes: dict[tuple[str, str], int] = defaultdict(int)
    for one in rollups:
        place = (one.care_area, shift_of(one.hour, zone))
        infusing[place] += one.infusing_minutes
        on_battery[place] += one.battery_minutes
        episodes[place] += one.causes.get("practice", 0)
    return [
        UnitShift(*place, infusing[place] / 60, on_battery[place] / 60, episodes[place])
        for place in sorted(infusing)
        if infusing[place] or episodes[place]
    ]


async def verdicts(redis: Redis, hospital: str, zone: tzinfo) -> list[PracticeVerdict]:
    """The verdict on every care area and shift of a hospital, from all hours that are kept."""
    decode = msgspec.json.Decoder(PowerSums).decode
    found: list[PowerSums] = []
    for _, hour in await hours(redis, [hospital]):
        found += await partials(redis, hospital, hour, decode)
    return judge_practice(unit_shifts(found, zone))
