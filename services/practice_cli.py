"""`pumpwatch practice`: which units leave their pumps unplugged, by shift."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from services.failure import fail
from services.practice import verdicts
from services.readmodel.alerts import hospitals
from services.readmodel.connection import UNAVAILABLE, connect
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.power.practice import PracticeVerdict

_WORDS = {"often": "often", "usual": "as usual", "seldom": "seldom", "not_enough_data": "not enough data"}


def practice(
    hospital: Annotated[str, typer.Option(help="Whose units.")],
    zone: Annotated[str, typer.Option(help="Time zone of the hospital's shifts, as Europe/Vienna.")] = "UTC",
    redis: Annotated[str | None, typer.Option(help="Redis URL; PUMPWATCH_REDIS.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Say of each unit and shift how often pumps are left unplugged while infusing, beside the rest of the hospital.

    From the sums in Redis. Journeys, loose cords, power failures and faulty batteries are left out.

    Example: pumpwatch practice --hospital st-mary --zone Europe/Vienna
    """
    try:
        shifts = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones
        fail(f"--zone {zone}: no such time zone; give one as Europe/Vienna")
    url = Settings.load(redis=redis).redis.get_secret_value()
    try:
        found = asyncio.run(_found(url, hospital, shifts))
    except UNAVAILABLE:
        fail("Redis does not answer; start it, or set PUMPWATCH_REDIS", code=1)
    if as_json:
        for one in found:
            typer.echo(msgspec.json.encode(one._asdict()).decode())
    else:
        _show(found)


async def _found(url: str, hospital: str, shifts: ZoneInfo) -> list[PracticeVerdict]:
    redis = connect(url)
    try:
        if hospital not in await hospitals(redis):
            fail(f"--hospital {hospital}: nothing was heard of it; `pumpwatch doctor` tells what is read", code=1)
        return await verdicts(redis, hospital, shifts)
    finally:
        await redis.aclose()


def _show(found: list[PracticeVerdict]) -> None:
    table = Table("unit", "shift", "left unplugged", "times", "9 in 10", "evidence")
    for one in found:
        known = one.verdict != "not_enough_data"
        table.add_row(
            one.of.care_area,
            one.of.shift,
            _WORDS[one.verdict],
            f"{one.times:.2f}" if known else "",
            f"{one.low:.2f} to {one.high:.2f}" if known else "",
            "; ".join(one.evidence),
        )
    Console().print(table)
