"""`pumpwatch report`: what a hospital's pumps and nurses did in a period, as a page, a PDF, CSV and JSON.

statsmodels and WeasyPrint come with an extra, so all that needs them is imported when it is asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console

from schemas.codec import EventRefused, decode
from schemas.events import Rollup
from schemas.library import Library, load_default
from services.failure import fail
from services.library_file import read_sound
from services.ndjson import name_of, numbered_lines, opened
from services.readmodel.alerts import hospitals
from services.readmodel.connection import UNAVAILABLE, connect
from services.readmodel.faults import pump_faults
from services.readmodel.rollups import changes
from services.readmodel.spans import Span, SpanReader
from services.reports.period import Period, find, from_rollups, today
from streams.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from schemas.events import Alert
    from services.readmodel.rollups import RollupSums
    from services.reports.peer_months import PeerMonths
    from services.reports.period import Found
    from services.reports.report import Report
    from services.reports.table import Table

NEEDED = ("jinja2", "statsmodels", "weasyprint")


class Last(StrEnum):
    """The last whole week, Monday to Sunday, or month."""

    WEEK = "week"
    MONTH = "month"


class Paper(StrEnum):
    """Size of the PDF's pages."""

    A4 = "a4"
    LETTER = "letter"


class Sources(NamedTuple):
    """What a report is made from."""

    now: Found
    before: Found
    faults: list[Alert] | None
    months: dict[str, list[tuple[str, RollupSums]]]
    """By month of the benchmarks, as `2026-10`, and in it by care area."""


def report(
    hospital: Annotated[str, typer.Option(help="Whose report.")],
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day, as 2026-11-01.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day, included.")] = None,
    last: Annotated[Last | None, typer.Option(help="Instead of --from and --to: the last whole week or month.")] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the files go; made if missing.")] = Path(),
    zone: Annotated[str, typer.Option(help="Time zone of the hospital's days and shifts, as Europe/Vienna.")] = "UTC",
    library: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The hospital's drug library as YAML, instead of the shipped one."),
    ] = None,
    rollups: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Rollups as NDJSON (- for standard input) instead of those in Redis."),
    ] = None,
    redis: Annotated[str | None, typer.Option(help="Redis URL; PUMPWATCH_REDIS.")] = None,
    peers: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The peers file: adds where the hospital stands among others.")
    ] = None,
    paper: Annotated[Paper, typer.Option(help="Size of the PDF's pages.")] = Paper.A4,
) -> None:
    """Report on a hospital: harm avoided, overrides, slips, the drug library, plugging in, pumps for the workshop.

    Writes one HTML page that needs nothing else, a PDF, a folder of CSV files and a JSON file, and their names to
    standard output. Everything comes from the hourly sums; docs/reports.md says how to have one every week.

    Example: pumpwatch report --hospital st-mary --last month --zone Europe/Vienna --out reports
    """
    required()
    period = _period(first, to, last, zone_named(zone))
    own = Library(load_default() if library is None else read_sound(library))
    beside = None if peers is None else _beside(peers, period)
    months = [] if beside is None else beside.first_days()
    with _progress() as tell:
        if rollups is None:
            sources = _from_redis(redis, hospital, period, months, tell)
        else:
            sources = _from_file(rollups, hospital, period, months)
        if not sources.now.cells:
            fail(f"nothing is known of {hospital} from {period.first} to {period.last}", code=1)
        _write(_made(hospital, period, sources, own, beside), out, paper, tell)


def required() -> None:
    """End the command where the extra is not installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        fail(f"{' and '.join(missing)} is not installed; `pip install 'pumpwatch[report]'` brings it")


def zone_named(name: str) -> ZoneInfo:
    """The time zone that an option names, or the end of the command."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones
        fail(f"--zone {name}: no such time zone; give one as Europe/Vienna")


def _period(first: str | None, to: str | None, last: Last | None, zone: ZoneInfo) -> Period:
    present = today(zone)
    if last is not None:
        if first is not None or to is not None:
            fail("--last names the days by itself; leave --from and --to out")
        return last_whole(last, present, zone)
    if first is None or to is None:
        fail("give the first and the last day with --from and --to, or --last week")
    period = Period(day("--from", first), day("--to", to), zone)
    if period.last < period.first:
        fail(f"--to {to} is before --from {first}")
    if period.first > present:
        fail(f"--from {first} is still to come; in {zone.key} it is {present}")
    return period


def day(option: str, text: str) -> date:
    """The day that an option names, or the end of the command."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{option} {text}: no such day; give one as 2026-11-01")


def last_whole(last: Last, present: date, zone: ZoneInfo) -> Period:
    """The last week, Monday to Sunday, or month that was over before the present day."""
    if last is Last.WEEK:
        monday = present - timedelta(days=present.weekday())
        return Period(monday - timedelta(days=7), monday - timedelta(days=1), zone)
    end = present.replace(day=1) - timedelta(days=1)
    return Period(end.replace(day=1), end, zone)


def _beside(peers: Path, period: Period) -> PeerMonths:
    from services.reports.peer_months import load  # noqa: PLC0415 (needs the extra)
    from services.reports.peers import PeersRefusedError  # noqa: PLC0415
    from services.reports.releases import ReleaseError  # noqa: PLC0415

    try:
        return load(peers, period)
    except (PeersRefusedError, ReleaseError) as refusal:
        fail(str(refusal))


def _from_redis(
    redis: str | None, hospital: str, period: Period, months: Sequence[date], tell: Callable[[str], None]
) -> Sources:
    url = Settings.load(redis=redis).redis.get_secret_value()
    try:
        return asyncio.run(_read(url, hospital, period, months, tell))
    except UNAVAILABLE:
        fail("Redis does not answer; start it, or set PUMPWATCH_REDIS", code=1)


async def _read(
    url: str, hospital: str, period: Period, months: Sequence[date], tell: Callable[[str], None]
) -> Sources:
    redis = connect(url)
    try:
        if hospital not in await hospitals(redis):
            fail(f"--hospital {hospital}: nothing was heard of it; `pumpwatch doctor` tells what is read", code=1)
        now, before = [
            await find(redis, hospital, each, lambda span: tell(f"reading the sums of {span}"))
            for each in (period, period.before)
        ]
        reader = SpanReader(redis, hospital, period.zone, await changes(redis, hospital))
        own = {f"{first:%Y-%m}": (await reader.read(Span.month_of(first))).cells for first in months}
        by_area = {month: [(cell.care_area, cell.sums) for cell in cells] for month, cells in own.items()}
        return Sources(now, before, await pump_faults(redis, hospital), by_area)
    finally:
        await redis.aclose()


def _from_file(file: str, hospital: str, period: Period, months: Sequence[date]) -> Sources:
    """Faults of pumps are in no rollup, so nothing is known of them."""
    whole = [Period(*Span.month_of(first), period.zone) for first in months]
    wanted = [period, period.before, *whole]
    read = [one for one in _rollups(file) if one.hospital == hospital and any(_within(one, each) for each in wanted)]
    now, before, *own = (from_rollups(read, hospital, each) for each in wanted)
    by_area = {
        f"{month.first:%Y-%m}": [(cell.of.care_area, cell.sums) for cell in found.cells]
        for month, found in zip(whole, own, strict=True)
    }
    return Sources(now, before, None, by_area)


def _within(rollup: Rollup, period: Period) -> bool:
    return period.first <= rollup.hour.astimezone(period.zone).date() <= period.last


def _rollups(file: str) -> Iterator[Rollup]:
    with opened(file) as source:
        for number, line in numbered_lines(source):
            try:
                yield decode(Rollup, line)
            except EventRefused as refused:
                fail(f"{name_of(file)}:{number}: {refused.reason}", code=1)


def _made(hospital: str, period: Period, sources: Sources, library: Library, beside: PeerMonths | None) -> Report:
    from services.reports.peer_tables import OwnMonth, by_profile, peer_tables  # noqa: PLC0415 (needs the extra)
    from services.reports.report import build  # noqa: PLC0415

    now, before, faults, months = sources
    tables: list[Table] = []
    if beside is not None:
        own = [OwnMonth(release, by_profile(months[release.month], library.profile)) for release in beside.releases]
        tables = peer_tables(hospital, beside.peers, own)
    return build(hospital, period, now, before, faults, library, datetime.now(UTC), tables)


def _write(made: Report, out: Path, paper: Paper, tell: Callable[[str], None]) -> None:
    from services.reports.files import PdfError, write_csv, write_json, write_page, write_pdf  # noqa: PLC0415

    tell("writing the page")
    for write in (write_page, write_json, write_csv):
        typer.echo(write(made, out))
    tell("writing the PDF")
    try:
        typer.echo(write_pdf(made, out, paper.value))
    except PdfError as error:
        fail(f"the PDF was not written, all else was: {error}", code=1)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """What is being done, on standard error and only on a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal or not sys.stdout.isatty():
        yield lambda _what: None
        return
    with console.status("starting") as status:
        yield status.update
