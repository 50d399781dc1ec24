"""The life of one alert: from what it was and what is new to its next revision, or to None if nothing changes.

What time alone does to it is in `waiting`.

An alert carries all that is needed to go on after a restart: the revision of its source, so that a score or an
episode read again changes nothing, and the ids of the actions that are already in it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from schemas.codec import EventRefused
from schemas.events import Alert
from streams.alerts.memory import LASTING
from streams.alerts.rules import RANK

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.events import AlertAction, AlertSubject, Severity
    from streams.alerts.finding import Finding
    from streams.alerts.rules import Flapping

ACTIONS_KEPT = 16
# A change of an episode's figures that a screen should show; smaller ones wait for the next one.
CHARGE_STEP_PCT = 10
CAPACITY_STEP = 0.05
EMPTY_SHIFT = timedelta(minutes=5)
# A keypad's figures are shown again when they have grown by half, and those of a fault that stands for weeks when they
# are a day old, so that it is not taken for one that nothing is heard of any more.
BOUNCES_GROWTH = 1.5
FAULT_SHOWN_EVERY = timedelta(days=1)


def after_finding(before: Alert | None, finding: Finding, fingerprint: str, flapping: Flapping) -> Alert | None:
    """What a finding makes of an alert."""
    if before is None:
        return _raised(finding, finding.severity, fingerprint) if finding.severity is not None else None
    if finding.source.revision <= _source_revision(before.subject):
        return None
    if finding.severity is not None:
        return _still_there(before, finding, finding.severity, flapping)
    if before.state == "resolved" or before.quiet_since is not None:
        return None
    if before.reopenings >= flapping.reopenings and _lately(before, finding.source.at, flapping):
        return _next(before, finding, quiet_since=finding.source.at)
    return _next(before, finding, state="resolved", by=None)


def _lately(before: Alert, at: datetime, flapping: Flapping) -> bool:
    return before.reopened_at is not None and at - before.reopened_at <= timedelta(minutes=flapping.within_minutes)


def _raised(finding: Finding, severity: Severity, fingerprint: str) -> Alert:
    source = finding.source
    return Alert(
        id=f"{fingerprint}/1",
        hospital=source.hospital,
        care_area=source.care_area,
        pump=source.pump,
        at=source.at,
        fingerprint=fingerprint,
        key=source.pump,
        revision=1,
        kind=finding.kind,
        severity=severity,
        state="firing",
        summary=finding.summary,
        subject=finding.subject,
        since=source.at,
        test=source.test,
    )


def _still_there(before: Alert, finding: Finding, severity: Severity, flapping: Flapping) -> Alert | None:
    louder = RANK[severity] > RANK[before.severity]
    if before.state == "resolved":
        # What a person resolved stays so unless it gets worse; what resolved by itself may come back.
        if before.by is not None and not louder:
            return None
        back = _back(before, finding.source.at, flapping) if before.by is None else before
        return _next(back, finding, state="firing", severity=severity, since=finding.source.at, by=None)
    if before.quiet_since is not None:
        back = _back(before, finding.source.at, flapping)
        changes = {"state": "firing", "by": None} if louder else {}
        return _next(back, finding, severity=severity, **changes)
    if louder:
        return _next(before, finding, state="firing", severity=severity, by=None)
    if severity == before.severity and not _worth_showing(before, finding):
        return None
    return _next(before, finding, severity=severity)


def _back(before: Alert, at: datetime, flapping: Flapping) -> Alert:
    """The alert with one more return counted; returns far apart are none of a row."""
    row = before.reopenings if _lately(before, at, flapping) else 0
    return replace(before, reopenings=row + 1, reopened_at=at, quiet_since=None)


def after_action(before: Alert, action: AlertAction) -> Alert | None:
    """What a person's action makes of an alert. Raises EventRefused for a comment without words."""
    if action.id in before.actions:
        return None
    comment = action.comment if action.comment is not None else before.comment
    if action.action == "comment":
        if not (action.comment or "").strip():
            raise EventRefused("schema", "field `comment`: a comment needs some text")
        return _acted(before, action, state=before.state, comment=comment)
    if before.state == "resolved":
        # Too late to act, but told as taken: read again after the alert fired anew it would act on that.
        return replace(_acted(before, action, state="resolved", comment=comment), by=before.by)
    if action.action == "resolve":
        return _acted(before, action, state="resolved", comment=comment, quiet_since=None)
    if before.state == "acknowledged" and before.by == action.by and before.comment == comment:
        return None
    return _acted(before, action, state="acknowledged", comment=comment)


def closed_by_time(before: Alert, at: datetime, why: str) -> Alert:
    """The alert resolved because nothing more will be heard of it."""
    revision = before.revision + 1
    return replace(
        before,
        id=f"{before.fingerprint}/{revision}",
        revision=revision,
        at=at,
        state="resolved",
        summary=why,
        by=None,
        quiet_since=None,
    )


def _next(before: Alert, finding: Finding, **changes: object) -> Alert:
    revision = before.revision + 1
    return replace(
        before,
        id=f"{before.fingerprint}/{revision}",
        revision=revision,
        at=finding.source.at,
        summary=finding.summary,
        subject=finding.subject,
        **changes,
    )


def _acted(before: Alert, action: AlertAction, **changes: object) -> Alert:
    revision = before.revision + 1
    return replace(
        before,
        id=f"{before.fingerprint}/{revision}",
        revision=revision,
        at=action.at,
        by=action.by,
        actions=[*before.actions, action.id][-ACTIONS_KEPT:],
        **changes,
    )


def _source_revision(subject: AlertSubject) -> int:
    return subject.score_revision or subject.episode_revision or 0


def _worth_showing(before: Alert, finding: Finding) -> bool:
    old, new = before.subject, finding.subject
    if new.entry is not None:
        return before.summary != finding.summary or old.error_likelihood != new.error_likelihood
    if before.kind in LASTING and finding.source.at - before.at >= FAULT_SHOWN_EVERY:
        return True
    if old.keypad is not None and new.keypad is not None:
        return new.keypad.bounced_entries >= BOUNCES_GROWTH * old.keypad.bounced_entries
    if old.battery is not None and new.battery is not None:
        return abs(new.battery.capacity - old.battery.capacity) >= CAPACITY_STEP
    return _episode_worth_showing(finding, old, new)


def _episode_worth_showing(finding: Finding, old: AlertSubject, new: AlertSubject) -> bool:
    if old.cause != new.cause or old.drugs != new.drugs:
        return True
    if finding.kind == "battery_empty_soon" and old.empty_at is not None and new.empty_at is not None:
        return abs(new.empty_at - old.empty_at) >= EMPTY_SHIFT
    return (old.charge_pct or 0) - (new.charge_pct or 0) >= CHARGE_STEP_PCT
