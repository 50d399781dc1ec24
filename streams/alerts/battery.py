"""Power episodes to findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import AlertSubject
from streams.alerts import words
from streams.alerts.finding import Finding

if TYPE_CHECKING:
    from schemas.events import PowerEpisode, Severity
    from streams.alerts.rules import BatteryEmptySoon, UnpluggedInfusion


def unplugged_finding(episode: PowerEpisode, rules: UnpluggedInfusion) -> Finding:
    """Whether a pump infuses on battery for longer than a transport takes."""
    severity: Severity | None = None
    # A loose cord is back on mains every few seconds: its alert stays until the episode has ended.
    resting = episode.paused_at is not None and episode.cause != "loose_cord"
    if episode.ended_at is None and not resting and episode.minutes >= rules.after_minutes:
        severity = "warning" if episode.charge_min < rules.warning_below_pct else "info"
    return Finding(
        kind="unplugged_infusion",
        source=episode,
        severity=severity,
        summary=words.unplugged(episode) if severity is not None else words.unplugged_over(episode),
        subject=_subject(episode),
    )


def empty_soon_finding(episode: PowerEpisode, rules: BatteryEmptySoon, *, standing: bool) -> Finding:
    """Whether the battery will be empty soon; an alert that stands needs a margin to be cleared."""
    severity: Severity | None = None
    empty_at = episode.empty_at
    if empty_at is not None and episode.ended_at is None:
        left = (empty_at - episode.at).total_seconds() / 60
        short = _runs_one_of(episode, rules.short_half_life.drugs)
        within = rules.short_half_life.within_minutes if short else rules.within_minutes
        if left <= within + (rules.clear_margin_minutes if standing else 0):
            severity = "critical" if short or left <= rules.critical_minutes else "warning"
    if severity is not None and empty_at is not None:
        summary = words.empty_soon(episode, empty_at)
    else:
        summary = words.empty_cleared(episode)
    return Finding(
        kind="battery_empty_soon",
        source=episode,
        severity=severity,
        summary=summary,
        subject=_subject(episode),
    )


def _runs_one_of(episode: PowerEpisode, names: list[str]) -> bool:
    running = " ".join(episode.drugs).lower()
    return any(name in running for name in names)


def _subject(episode: PowerEpisode) -> AlertSubject:
    return AlertSubject(
        pump=episode.pump,
        episode=episode.episode,
        episode_revision=episode.revision,
        started_at=episode.started_at,
        minutes=episode.minutes,
        charge_pct=episode.charge_min,
        empty_at=episode.empty_at,
        drugs=episode.drugs,
        cause=episode.cause,
    )
