"""A real infusion log as live traffic: one stay is one pump with a channel for each drug.

Every row with a usable number becomes exactly one committed entry; `previous` is the last value of that drug in that
unit. The log holds no keys and nothing about power: the keys are made by the simulator's hand (without slips unless
asked for), and so are plugs and batteries. Stays begin together; a log of one's own keeps its own time.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from services.pumps.charted import ENDS_AFTER_MS, Beds, Rows, Stay
from services.pumps.dice import base36, mix, text_seed
from services.pumps.nurse import Nurse
from services.pumps.plugs import often
from services.pumps.timeline import MOST_BEHIND_MS, shorten
from services.pumps.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.pumps.behaviour import Behaviour
    from services.pumps.logs import Entry, Log
    from services.pumps.truth import Truth

HOUR_MS = 3_600_000


class Plan(NamedTuple):
    """The stays of a log on one timeline of `length_ms`, and what had to be cut to fit it."""

    stays: list[Stay]
    entries: int
    length_ms: int
    gaps_cut: int
    cut_ms: int
    left_out: Counter[str]


def plan(log: Log, *, hospital: str | None = None, limit: int | None = None) -> Plan:
    """Lay a log out in time: all of it, one hospital's, or its first `limit` usable rows.

    The timeline is at most 34 days long, less an hour for the last entries; the longest gaps are cut to fit.
    """
    theirs = [entry for entry in log.entries if hospital is None or _is_of(entry.hospital, hospital)]
    chosen = theirs[:limit]
    left_out = log.left_out + Counter(
        {"of another hospital": len(log.entries) - len(theirs), "beyond --limit": len(theirs) - len(chosen)}
    )
    places: dict[tuple[str, str], list[Entry]] = {}
    for entry in chosen:
        places.setdefault((entry.hospital, entry.place), []).append(entry)
    for rows in places.values():
        rows.sort(key=_time)
    if log.kind == "own":
        stays, gaps, cut_ms = _together(places)
    else:
        stays, gaps, cut_ms = _each_from_its_start(places)
    length_ms = max((stay.times[-1] for stay in stays), default=0) + ENDS_AFTER_MS
    return Plan(stays, len(chosen), length_ms, gaps, cut_ms, left_out)


def _together(places: dict[tuple[str, str], list[Entry]]) -> tuple[list[Stay], int, int]:
    times = sorted({entry.at_ms for rows in places.values() for entry in rows})
    short = shorten(times, MOST_BEHIND_MS - HOUR_MS)
    moved = {before: after - times[0] for before, after in zip(times, short.times, strict=True)}
    stays = [Stay(*place, rows, [moved[entry.at_ms] for entry in rows]) for place, rows in places.items()]
    return stays, short.gaps, short.cut_ms


def _each_from_its_start(places: dict[tuple[str, str], list[Entry]]) -> tuple[list[Stay], int, int]:
    stays, gaps, cut_ms = [], 0, 0
    for place, rows in places.items():
        short = shorten([entry.at_ms for entry in rows], MOST_BEHIND_MS - HOUR_MS)
        stays.append(Stay(*place, rows, [at_ms - short.times[0] for at_ms in short.times]))
        gaps, cut_ms = gaps + short.gaps, cut_ms + short.cut_ms
    return stays, gaps, cut_ms


def _time(entry: Entry) -> int:
    return entry.at_ms


def replayed(
    log: Log,
    of: Plan,
    *,
    seed: int,
    start_ms: int,
    behaviour: Behaviour,
    slip_rate: float = 0.0,
    heartbeat: int = 15,
    habits: bool = True,
    tell: Callable[[Truth], None] | None = None,
) -> Traffic:
    """The traffic of a planned log; it ends with the log.

    The same log, seed and start give the same events and ids. Without `habits` all pumps stay on mains.
    """
    chance = mix(seed, text_seed(log.digest))
    run = base36(mix(chance, start_ms) >> 34)
    figures = behaviour.power if habits else often(behaviour.power, 0.0)
    beds = Beds(log.kind, of.stays, chance, behaviour)
    rows = Rows(of.stays, chance, start_ms, run, Nurse(behaviour, slip_rate))
    return Traffic(
        len(of.stays),
        beds,
        rows,
        chance=chance,
        start_ms=start_ms,
        run=run,
        figures=figures,
        heartbeat=heartbeat,
        tell=tell,
    )


def _is_of(name: str, wanted: str) -> bool:
    return wanted in (name, name.removeprefix("eicu-"))
