"""A revision of an episode as it is published: its figures, its cause, and the verdict on the battery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.codec import from_ms
from schemas.events import PowerEpisode
from streams.power.cause import cause_of
from streams.power.health import health_of
from streams.power.settings import MINUTE

if TYPE_CHECKING:
    from schemas.events import BatteryHealth
    from streams.power.episode import OpenEpisode
    from streams.power.runway import Outlook
    from streams.power.tally import Tally


def revised(
    episode: OpenEpisode, tally: Tally, at: int, *, outlook: Outlook, end: int, silent_since: int = 0
) -> PowerEpisode:
    """The next revision of an episode at `at` (ms), with these figures; `end` is 0 while it is open."""
    fleet, standing = episode.fleet, episode.standing
    standing.revision += 1
    last = end or at
    hospital, care_area = unit = fleet.told.places[standing.place]
    back = end if end and tally.paused else tally.paused
    fleet.losses.note(unit, episode.pump, tally.started, back)
    name = f"{episode.pump}@{standing.began_ms}"
    cause = cause_of(
        tally,
        fleet.thresholds,
        moved=episode.company.moved(tally.started, last),
        failed=fleet.losses.failed(unit, episode.pump, tally.started, back),
        ended=bool(end and tally.paused),
    )
    return PowerEpisode(
        id=f"{name}/{standing.revision}",
        hospital=hospital,
        care_area=care_area,
        pump=episode.pump,
        at=from_ms(at),
        episode=name,
        revision=standing.revision,
        started_at=from_ms(tally.started),
        ended_at=from_ms(end) if end else None,
        # Five decimals are exact to the millisecond, so a restart loses nothing.
        minutes=round(tally.active_ms / MINUTE, 5),
        charge_start=tally.charge_start / 10,
        charge_min=tally.charge_min / 10,
        empty_at=from_ms(outlook.at * 1000) if outlook.at else None,
        drugs=episode.company.drugs(tally.started, last, fleet.told.drugs),
        cause=cause,
        paused_at=from_ms(tally.paused) if tally.paused and not end else None,
        empty_from=from_ms(outlook.earliest * 1000) if outlook.at else None,
        empty_to=from_ms(outlook.latest * 1000) if outlook.at else None,
        silent_since=from_ms(silent_since) if silent_since else None,
        model=fleet.told.models[standing.model] or None,
        low_alarm=standing.low,
        depleted=standing.depleted,
        battery=_health(episode, last=bool(end)),
        test=standing.test,
    )


def _health(episode: OpenEpisode, *, last: bool) -> BatteryHealth | None:
    """The verdict on the battery: with the last revision, and as soon as it is worn."""
    if not (last or episode.battery.learned):
        return None
    health = health_of(episode.battery, episode.scale)
    return health if last or health.verdict == "degraded" else None
