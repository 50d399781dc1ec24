"""`pumpwatch benchmarks`: the benchmarks of a month, published once for all hospitals of a peers file."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path  # noqa: TC003 (typer reads the annotations)
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from schemas.library import Library, load_default
from services.failure import fail
from services.readmodel.connection import UNAVAILABLE, connect
from services.readmodel.rollups import RollupSums
from services.reports.cli import required, zone_named
from services.reports.peers import PeersRefusedError, load_peers
from services.reports.period import Period, read, today
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from schemas.drugs.care_areas import Profile
    from services.reports.benchmarks import Release
    from services.reports.peers import Peers

    Sums = Mapping[str, Mapping[Profile, RollupSums]]


def benchmarks(
    peers: Annotated[Path, typer.Option(metavar="FILE", help="The peers file; docs/benchmarks.md shows one.")],
    month: Annotated[str | None, typer.Option(metavar="MONTH", help="As 2026-10; else the last whole one.")] = None,
    zone: Annotated[str, typer.Option(help="Time zone of the month, as Europe/Vienna.")] = "UTC",
    redis: Annotated[str | None, typer.Option(help="Redis URL; PUMPWATCH_REDIS.")] = None,
) -> None:
    """Publish the benchmarks of a month, from the sums of all hospitals that take part, for their reports.

    A month is published once: two versions of it would differ by whom they
    hold. No hospital is named, and none can be told from them.

    Example: pumpwatch benchmarks --peers peers.yaml --month 2026-10
    """
    required()
    from services.reports.benchmarks import release  # noqa: PLC0415 (needs the extra)
    from services.reports.disclosure import blur  # noqa: PLC0415
    from services.reports.releases import ReleaseError, key, publish  # noqa: PLC0415

    try:
        known = load_peers(peers)
    except PeersRefusedError as refusal:
        fail(str(refusal))
    period = _month(month, zone_named(zone))
    name = f"{period.first:%Y-%m}"
    folder = peers.parent / known.benchmarks
    url = Settings.load(redis=redis).redis.get_secret_value()
    try:
        found = release(
            known, name, asyncio.run(_sums(url, known, name, period)), blur(key(peers.with_suffix(".secret")))
        )
        typer.echo(publish(folder, found))
    except UNAVAILABLE:
        fail("Redis does not answer; start it, or set PUMPWATCH_REDIS", code=1)
    except ReleaseError as refusal:
        fail(str(refusal), code=1)
    _tell(found)


def _month(text: str | None, zone: ZoneInfo) -> Period:
    """A month that is over: of one that is not, two versions could be had."""
    begins = today(zone).replace(day=1)
    if text is None:
        return Period((begins - timedelta(days=1)).replace(day=1), begins - timedelta(days=1), zone)
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        fail(f"--month {text}: no such month; give one as 2026-10")
    after = (first + timedelta(days=31)).replace(day=1)
    if after > begins:
        fail(f"--month {text} is not over")
    return Period(first, after - timedelta(days=1), zone)


async def _sums(url: str, peers: Peers, month: str, period: Period) -> Sums:
    found: defaultdict[str, defaultdict[Profile, RollupSums]] = defaultdict(lambda: defaultdict(RollupSums))
    taking_part = [hospital for members in peers.groups(month).values() for hospital in members]
    profile = Library(load_default()).profile
    console = Console(stderr=True)
    redis = connect(url)
    try:
        with console.status("reading") as status:
            async for cell in read(redis, taking_part, period, lambda name: status.update(f"reading {name}")):
                found[cell.of.hospital][profile(cell.of.care_area)].add(cell.sums)
    finally:
        await redis.aclose()
    return found


def _tell(release: Release) -> None:
    for group, measures in release.groups.items():
        typer.echo(f"{group}: {len(measures)} measures")
    if not release.groups:
        typer.echo("No group has six hospitals with enough events of which none would stand out; nothing is told.")
