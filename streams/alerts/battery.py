"""Power episodes to findings."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from schemas.events import AlertSubject
from streams.alerts import words
from streams.alerts.finding import Finding

if TYPE_CHECKING:
    from schemas.events import AlertKind, BatteryHealth, PowerEpisode, Severity
    from schemas.library import Library
    from streams.alerts.rules import BatteryDegraded, BatteryEmptySoon, PumpSilent, ShortHalfLife, UnpluggedInfusion


def unplugged_finding(episode: PowerEpisode, rules: UnpluggedInfusion) -> Finding:
    """Whether a pump infuses on battery for longer than a transport takes."""
    severity: Severity | None = None
    # A loose cord is back on mains every few seconds: its alert stays until the episode has ended.
    resting = episode.paused_at is not None and episode.cause != "loose_cord"
    if episode.ended_at is None and not resting and episode.minutes >= rules.after_minutes:
        severity = "warning" if episode.charge_min < rules.warning_below_pct else "info"
    return _finding(
        "unplugged_infusion",
        episode,
        severity,
        words.unplugged(episode) if severity is not None else words.unplugged_over(episode),
    )


def empty_soon_finding(episode: PowerEpisode, rules: BatteryEmptySoon, *, short: bool, standing: bool) -> Finding:
    """Whether the battery will be empty soon; an alert that stands needs a margin to be cleared.

    `short`: a drug runs whose stop is felt within minutes.
    """
    severity: Severity | None = None
    empty_at = episode.empty_at
    if empty_at is not None and episode.ended_at is None:
        left = (empty_at - episode.at).total_seconds() / 60
        earliest = ((episode.empty_from or empty_at) - episode.at).total_seconds() / 60
        limits = rules.short_half_life if short else rules
        margin = rules.clear_margin_minutes if standing else 0
        perhaps = earliest <= limits.earliest_minutes + margin and left <= rules.likely_minutes + margin
        if left <= limits.within_minutes + margin or perhaps:
            severity = "critical" if short or left <= rules.critical_minutes else "warning"
    if severity is not None and empty_at is not None:
        summary = words.empty_soon(episode, empty_at)
    else:
        summary = words.empty_cleared(episode)
    return _finding("battery_empty_soon", episode, severity, summary)


def silent_finding(episode: PowerEpisode, rules: PumpSilent, *, short: bool) -> Finding:
    """Whether nothing is heard of a pump that infused on battery: nobody knows whether it still runs."""
    severity: Severity | None = None
    if episode.silent_since is not None:
        empty_at = episode.empty_at
        soon = empty_at is not None and (empty_at - episode.at).total_seconds() / 60 <= rules.critical_minutes
        severity = "critical" if short or soon else "warning"
    return _finding(
        "pump_silent", episode, severity, words.silent(episode) if severity is not None else words.heard_again(episode)
    )


def degraded_finding(episode: PowerEpisode, health: BatteryHealth, rules: BatteryDegraded) -> Finding | None:
    """Whether the battery with this serial number is worn; None if that is not known."""
    severity: Severity | None = None
    if health.verdict == "not_enough_data":
        return None
    if health.verdict == "degraded":
        severity = "warning" if health.capacity < rules.warning_below else "info"
    return Finding(
        kind="battery_degraded",
        source=episode,
        severity=severity,
        summary=words.degraded(health),
        subject=AlertSubject(pump=episode.pump, evidence=health.evidence, battery=health),
    )


def runs_short_half_life(episode: PowerEpisode, library: Library, rules: ShortHalfLife) -> bool:
    """Whether a drug runs whose stop is felt within minutes."""
    profile = library.profile(episode.care_area)
    for drug in episode.drugs:
        rows = library.rows_of(library.canonical_drug(drug) or drug, profile)
        lives = [row.half_life_min for row in rows if row.half_life_min is not None]
        if min(lives, default=inf) <= rules.half_life_minutes:
            return True
        if not lives and any(name in drug.lower() for name in rules.drugs):
            return True
    return False


def _finding(kind: AlertKind, episode: PowerEpisode, severity: Severity | None, summary: str) -> Finding:
    subject = AlertSubject(
        pump=episode.pump,
        episode=episode.episode,
        episode_revision=episode.revision,
        started_at=episode.started_at,
        minutes=episode.minutes,
        charge_pct=episode.charge_min,
        empty_at=episode.empty_at,
        drugs=episode.drugs,
        cause=episode.cause,
        silent_since=episode.silent_since,
    )
    return Finding(kind=kind, source=episode, severity=severity, summary=summary, subject=subject)
