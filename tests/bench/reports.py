"""What reports cost: a day of a large hospital summed from its hours, and a year of fifty hospitals reported.

`python -m tests.bench.reports`. A hospital of 2,000 pumps with 24 entries a day each writes some 35,000 hourly partial
sums a day, over its care areas, drugs and source partitions; a year of fifty is 630 million, which nobody reads at
once. Reports read sums of days and months that were kept when they were first summed, so the two are measured apart.
"""

import random
import subprocess
import sys
import tempfile
import time
from asyncio import run
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from schemas.codec import encode
from schemas.events import Case, Rollup
from schemas.library import load_default
from schemas.topics import ROLLUPS
from services.readmodel.connection import connect
from services.readmodel.rollups import RollupSums, changes
from services.readmodel.spans import HourlyRollup, Span, SpanAdder, SpanReader
from services.reports.period import Period, find, read
from streams.sink import ReadModel
from tests.servers.redis_server import RedisServer

HOSPITALS, PUMPS, ENTRIES_A_DAY, PARTITIONS = 50, 2_000, 24, 12
CARE_AREAS = [f"Unit {number:02}" for number in range(12)]
DRUGS = sorted({row.drug for row in load_default().rows if row.drug != "*"})[:20]
ZONE = ZoneInfo("Europe/Vienna")
YEAR = 2025
console = Console(width=110)


def partials(dice: random.Random, hour: datetime) -> list[Rollup]:
    """The partial sums of one hour of one hospital, every entry drawn by itself."""
    counts: dict[tuple[str, str, int], int] = {}
    for _ in range(PUMPS * ENTRIES_A_DAY // 24):
        place = dice.choice(CARE_AREAS), dice.choice(DRUGS), dice.randrange(PARTITIONS)
        counts[place] = counts.get(place, 0) + 1
    return [
        Rollup(
            id=f"{number}", hospital="H00", care_area=care_area, at=hour, drug=drug, hour=hour, partition=partition,
            through={}, **sums(dice, entries), test=True,
        )
        for number, ((care_area, drug, partition), entries) in enumerate(counts.items())
    ]  # fmt: skip


def sums(dice: random.Random, entries: int) -> dict:
    """Sums of so many entries: one in twenty warned, most of these overridden, one in fifty flagged."""
    warned, found = entries // 20 + (dice.random() < 0.05), entries // 50 + (dice.random() < 0.02)
    overridden, caught = round(warned * 0.8), found // 2
    values = [(f"dose soft_high {dice.randrange(30, 60)} mcg/min", 1) for _ in range(min(overridden, 12))]
    return {
        "entries": entries,
        "soft_warnings": warned,
        "overridden": overridden,
        "error": found,
        "caught": caught,
        "corrected": caught,
        "stood": found - caught,
        "slips": {"extra_digit": found} if found else {},
        "avoided_harm": {"high": caught} if caught else {},
        "entered": {"dose mcg/min": entries},
        "warned": {"dose soft_high mcg/min": warned} if warned else {},
        "overrides": dict(values),
    }


async def first_day(redis: Redis) -> tuple[int, float, float]:
    """Partial sums of a day, seconds to sum them the first time, and from what was kept."""
    dice, store, day, offset = random.Random(1), ReadModel(redis, "bench"), date(YEAR + 1, 3, 3), 0
    for hour in range(24):
        rollups = partials(dice, datetime(day.year, day.month, day.day, hour, tzinfo=UTC) - timedelta(hours=1))
        await store.put_rollups(ROLLUPS, 0, [(offset + n, one, encode(one)) for n, one in enumerate(rollups)])
        offset += len(rollups)
    took = []
    for _ in range(2):
        started = time.perf_counter()
        await find(redis, "H00", Period(day, day, ZONE))
        took.append(time.perf_counter() - started)
    return offset, *took


async def fill(redis: Redis) -> int:
    """Kept sums of two years of months for every hospital, drawn; returns their cells."""
    dice, cells = random.Random(2), 0
    case = Case(
        field="dose", unit="mcg/min", typed=80.0, meant=8.0, slip="extra_digit", minutes=4.0, action="confirm",
        warned=None,
    )  # fmt: skip
    for number in range(HOSPITALS):
        hospital = f"H{number:02}"
        await redis.sadd("pw:hospitals", hospital)
        begin, hours = datetime(YEAR - 1, 1, 1, tzinfo=UTC), (365 + 366) * 24
        names = {f"{begin + timedelta(hours=each):%Y-%m-%dT%HZ}": 1 for each in range(hours)}
        await redis.zadd(f"pw:hours:{hospital}", names)
        reader = SpanReader(redis, hospital, ZONE, await changes(redis, hospital))
        for month in range(24):
            first = date(YEAR - 1 + month // 12, month % 12 + 1, 1)
            span = Span(first, first.replace(day=monthrange(first.year, first.month)[1]))
            adder = SpanAdder(ZONE)
            for care_area in CARE_AREAS:
                for hour in (3, 12):
                    at = datetime(first.year, first.month, 2, hour, tzinfo=UTC)
                    for drug in DRUGS:
                        entries = PUMPS * ENTRIES_A_DAY * 30 // (2 * len(DRUGS) * len(CARE_AREAS))
                        told = [case] if dice.random() < 0.05 else []
                        adder.add(
                            HourlyRollup(care_area=care_area, drug=drug, hour=at, cases=told, **sums(dice, entries))
                        )
                    power = {
                        "infusing_minutes": 9e5,
                        "battery_minutes": 9e4,
                        "episodes": 300,
                        "causes": {"practice": 99},
                    }
                    adder.add(HourlyRollup(care_area=care_area, drug="-", hour=at, **power))
            made = adder.sums(sum(reader._written.get(day, 0) for day in span.days))
            cells += len(made.cells)
            await reader._keep(span, made)
    return cells


async def all_hospitals(url: str) -> int:
    """Sums of the year of every hospital by care area, as benchmarks are made of; how many there are."""
    redis = connect(url, timeout_s=30)
    period = Period(date(YEAR, 1, 1), date(YEAR, 12, 31), ZONE)
    names = [f"H{number:02}" for number in range(HOSPITALS)]
    found: dict[tuple[str, str], RollupSums] = {}
    async for cell in read(redis, names, period):
        found.setdefault((cell.of.hospital, cell.of.care_area), RollupSums()).add(cell.sums)
    await redis.aclose()
    return len(found)


def measured(*command: str) -> tuple[float, float]:
    """Seconds and MB of memory of a process at its peak."""
    started = time.perf_counter()
    code = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode; "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024); sys.exit(done)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    return time.perf_counter() - started, float(done.stdout)


def main() -> None:
    """Measure and print; with an argument, be the process that is measured."""
    if len(sys.argv) > 1:
        run(all_hospitals(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory(prefix="pumpwatch-bench-") as name:
        server = RedisServer(Path(name) / "redis")
        server.start()
        try:
            redis = connect(server.url, timeout_s=30)
            count, summing, again = run(first_day(redis))
            table = Table("", "s", "MB", title="Reports", title_justify="left")
            table.add_row(f"one day of one hospital, {count:,} partial sums, for the first time", f"{summing:.1f}", "")
            table.add_row("the same again", f"{again:.2f}", "")
            cells = run(fill(connect(server.url, timeout_s=30)))
            seconds, memory = measured(sys.executable, "-m", "tests.bench.reports", server.url)
            table.add_row(f"a year of {HOSPITALS} hospitals by care area", f"{seconds:.1f}", f"{memory:.0f}")
            dates = ("--from", f"{YEAR}-01-01", "--to", f"{YEAR}-12-31", "--zone", ZONE.key)
            options = ("--hospital", "H07", *dates, "--redis", server.url, "--out", f"{name}/out")
            seconds, memory = measured(sys.executable, "-m", "services.cli", "report", *options)
            table.add_row("a year of one of them as page, PDF, CSV and JSON", f"{seconds:.1f}", f"{memory:.0f}")
            console.print(table)
            console.print(f"{cells:,} cells kept for two years")
        finally:
            server.kill()


if __name__ == "__main__":
    main()
