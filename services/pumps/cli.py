"""`pumpwatch simulate` and `pumpwatch replay`: pump traffic without pumps."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from time import time
from typing import Annotated

import typer

from schemas.codec import ms
from services.failure import fail
from services.pumps import behaviour
from services.pumps.delivery import Delivery
from services.pumps.dice import mix, text_seed
from services.pumps.logs import Log
from services.pumps.replay import Plan, plan, replayed
from services.pumps.session import Only, judge, play, ready, say, summary
from services.pumps.simulator import simulated
from services.pumps.tables import LogError
from services.pumps.timeline import DAY_MS, MOST_AHEAD_MS, MOST_BEHIND_MS, Pace, start_for

# Without --for a faster fleet has this much past to catch up with.
_PAST_MS = DAY_MS
_PUMPS_A_HOSPITAL = 700  # a bed has one or two: judgement
_MOST_HOSPITALS = 999
_YEARS = range(1970, 3000)  # far from the ends of a calendar whose times must all be written with four digits

SeedOption = Annotated[int, typer.Option(min=0, help="The same seed and --start give the same events and ids.")]
SpeedOption = Annotated[
    float, typer.Option(min=0, help="Times as fast as on the pumps' clocks, from 1; 0: as fast as it is taken.")
]
StartOption = Annotated[str | None, typer.Option(help="When the pumps' clocks begin, as 2026-11-23T07:00:00Z.")]
TruthOption = Annotated[Path | None, typer.Option(help="Write what was really meant here, as NDJSON.")]
KafkaOption = Annotated[str | None, typer.Option(help="Bootstrap servers; PUMPWATCH_KAFKA.")]
OutOption = Annotated[str | None, typer.Option(help="Write NDJSON here instead of to Kafka; - for standard output.")]
OnlyOption = Annotated[Only | None, typer.Option(help="Leave the other kind of events out.")]


def simulate(
    pumps: Annotated[int, typer.Option(min=1, max=2_000_000, help="How many pumps.")] = 200,
    hospitals: Annotated[
        int | None, typer.Option(min=1, max=_MOST_HOSPITALS, help="In how many hospitals; 3, or one for 700 pumps.")
    ] = None,
    seed: SeedOption = 1,
    speed: SpeedOption = 1.0,
    busy: Annotated[
        float, typer.Option(min=0.01, max=100, help="Entries and pulled plugs so many times as often as in real life.")
    ] = 1.0,
    slip_rate: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of entries with a slip; 0.007 (Husch 2005) unless given.")
    ] = None,
    *,
    hospital_network: Annotated[
        bool,
        typer.Option(
            "--hospital-network",
            help="Power events come 5 to 185 s late, out of order, some twice and some never, and pumps fall silent.",
        ),
    ] = False,
    for_: Annotated[
        float | None,
        typer.Option("--for", min=0, metavar="SECONDS", help="End after so long; with --speed 0 on the pumps' clocks."),
    ] = None,
    start: StartOption = None,
    truth: TruthOption = None,
    only: OnlyOption = None,
    out: OutOption = None,
    kafka: KafkaOption = None,
) -> None:
    """Run a fleet of simulated pumps; every event says `test: true`. Ctrl-C ends it.

    Faster than life, the pumps' clocks begin in the past; once they have caught up they go on at speed 1.

    Example: pumpwatch simulate --pumps 1000 --slip-rate 0.02 --truth truth.ndjson
    """
    _check_speed(speed)
    if not speed and for_ is None:
        fail("--speed 0 needs --for: how many seconds on the pumps' clocks to simulate")
    now_ms = round(time() * 1000)
    if start is not None:
        start_ms = _start(start, now_ms, live=out is None)
        if out is None and not speed:
            _check_end(start_ms + round((for_ or 0) * 1000), now_ms)
    elif for_ is None:
        start_ms = now_ms if speed == 1 else now_ms - _PAST_MS
    else:
        length_ms = round(for_ * 1000 * (speed or 1))
        start_ms = max(start_for(length_ms, speed, now_ms), now_ms - MOST_BEHIND_MS)
        if not speed and length_ms > MOST_BEHIND_MS:
            fail("--for: at most 34 days, as older events are refused")
    places = hospitals or min(max(3, pumps // _PUMPS_A_HOSPITAL), _MOST_HOSPITALS)
    figures = behaviour.load()
    with ready(out, kafka, truth, only) as (sink, said, told):
        traffic = simulated(
            pumps=pumps,
            hospitals=places,
            seed=seed,
            start_ms=start_ms,
            behaviour=figures,
            slip_rate=slip_rate,
            busy=busy,
            tell=told.write,
        )
        until_ms = start_ms + round(for_ * 1000) if for_ is not None and not speed else None
        caught_up = lambda: say("the pumps' clocks have caught up; going on at speed 1")  # noqa: E731
        records = traffic.records()
        if hospital_network:
            network = Delivery(figures.delivery, mix(seed, text_seed("delivery")), told.write)
            records = network.of(records)
        count = play(
            records,
            sink,
            Pace(start_ms, speed, on_caught_up=caught_up),
            only=only,
            until_ms=until_ms,
            for_s=for_ if speed else None,
        )
    said(f"{pumps:,} pumps in {places} hospitals: {summary(count)}")
    judge(sink, said)


def replay(
    file: Annotated[str, typer.Argument(help="CSV or NDJSON, gzipped or not; - for standard input.")],
    seed: SeedOption = 1,
    speed: SpeedOption = 1.0,
    *,
    fast: Annotated[bool, typer.Option("--fast", help="As --speed 0.")] = False,
    hospital: Annotated[str | None, typer.Option(help="Only this one, for example eicu-144.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many usable rows.")] = None,
    slip_rate: Annotated[float, typer.Option(min=0, max=1, help="Share of entries with a slip.")] = 0.0,
    heartbeat: Annotated[int, typer.Option(min=0, max=1440, help="Minutes between heartbeats; 0: none.")] = 15,
    plugged: Annotated[
        bool, typer.Option("--plugged", help="Keep all pumps on mains; the log says nothing of plugs.")
    ] = False,
    start: StartOption = None,
    truth: TruthOption = None,
    only: OnlyOption = None,
    out: OutOption = None,
    kafka: KafkaOption = None,
) -> None:
    """Play a real infusion log as live pump traffic: every row with a usable number is one committed entry.

    It reads the MIMIC-III and eICU demo files, and a table of your own with the columns hospital, care_area, pump, at,
    drug, unit, value and, if known, previous, channel, field, model, concentration. Keys and plugs are simulated.

    Example: pumpwatch replay eicu-demo-infusions.csv.gz --speed 600
    """
    speed = 0.0 if fast else speed
    _check_speed(speed)
    try:
        log = Log(file)
        of = plan(log, hospital=hospital, limit=limit)
    except LogError as error:
        fail(str(error))
    if not of.entries:
        fail(f"{file}: no usable row{f' of {hospital}' if hospital else ''}{_left_out(of, ': ')}")
    now_ms = round(time() * 1000)
    start_ms = start_for(of.length_ms, speed, now_ms)
    if start is not None:
        start_ms = _start(start, now_ms, live=out is None)
        if out is None and not speed:
            _check_end(start_ms + of.length_ms, now_ms)
    with ready(out, kafka, truth, only) as (sink, said, told):
        if of.gaps_cut:
            said(f"{of.gaps_cut} gaps were cut by {of.cut_ms / 3_600_000:,.0f} h in all to fit the log into 34 days")
        traffic = replayed(
            log,
            of,
            seed=seed,
            start_ms=start_ms,
            behaviour=behaviour.load(),
            slip_rate=slip_rate,
            heartbeat=heartbeat,
            habits=not plugged,
            tell=told.write,
        )
        count = play(traffic.records(), sink, Pace(start_ms, speed), only=only, total=of.entries)
    said(f"{file}: {log.rows:,} rows{_left_out(of, ', left out: ')}")
    said(f"{len(of.stays):,} pumps: {summary(count)}")
    judge(sink, said)
    if count.interrupted:
        sys.exit(130)


def _check_speed(speed: float) -> None:
    if 0 < speed < 1:
        fail(f"--speed {speed:g}: slower than life is not possible; use 1 or more, or 0 for as fast as it is taken")


def _start(text: str, now_ms: int, *, live: bool) -> int:
    """Ms since 1970 of --start; on Kafka it must lie where events are not refused as too old or too new."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--start {text}: not a time; write it as 2026-11-23T07:00:00Z")
    if at.tzinfo is None:
        fail(f"--start {text}: has no time zone; write it as {text}Z for UTC")
    if at.year not in _YEARS:
        fail(f"--start {text}: choose a year from {_YEARS[0]} to {_YEARS[-1]}")
    start_ms = ms(at)
    if live and not now_ms - MOST_BEHIND_MS <= start_ms <= now_ms + MOST_AHEAD_MS:
        fail(f"--start {text}: Kafka takes events from 34 days ago to 23 h ahead; choose a time between, or use --out")
    return start_ms


def _check_end(end_ms: int, now_ms: int) -> None:
    if end_ms > now_ms + MOST_AHEAD_MS:
        fail("--start: played so fast it would end more than 23 h ahead of now, which is refused; begin earlier")


def _left_out(of: Plan, before: str) -> str:
    return before + ", ".join(f"{rows:,} {why}" for why, rows in of.left_out.most_common()) if of.left_out else ""
