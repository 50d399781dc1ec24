"""What time alone does to an alert: a critical one without an answer is escalated, one that flapped and is quiet ends.

One that a maintenance window holds calls nobody, and fires as if anew when the window is over.

Waiting is for people, so it goes by when things arrived and not by the clocks of pumps, which may be hours off.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.events import Alert
    from streams.alerts.maintenance import Windows
    from streams.alerts.rules import Rules


def waited_for(before: Alert | None, after: Alert, arrived: datetime) -> Alert:
    """The new revision with the times since which it waits for an answer, or is quiet, if it does or is.

    Nobody is asked about an alert that a maintenance window holds, so it waits for no answer.
    """
    if after.quiet_since is not None and (before is None or before.quiet_since is None):
        after = replace(after, quiet_since=arrived)
    if after.state == "firing" and after.severity == "critical" and after.maintenance is None:
        if before is not None and before.unanswered_since is not None:
            return after
        return replace(after, unanswered_since=arrived, escalated_at=None)
    if after.unanswered_since is None and after.escalated_at is None:
        return after
    return replace(after, unanswered_since=None, escalated_at=None)


def held(alert: Alert, windows: Windows, at: datetime) -> Alert:
    """The alert with the maintenance window that holds it at a time; a resolved one keeps the last that did."""
    if alert.state == "resolved":
        return alert
    window = windows.holding(alert, at)
    return alert if window == alert.maintenance else replace(alert, maintenance=window)


def due(alert: Alert, rules: Rules, windows: Windows, now: datetime) -> datetime | None:
    """When time changes the alert, if nothing else does before; `now` is up to when it has."""
    if alert.state == "resolved":
        return None
    times = (_escalates(alert, rules), _settles(alert, rules), windows.next_change(alert, now))
    return min((time for time in times if time is not None), default=None)


def after_waiting(before: Alert, now: datetime, rules: Rules, windows: Windows) -> Alert | None:
    """What has become of an alert by now; one that is let go by a window is answered from now on."""
    settles, escalates = _settles(before, rules), _escalates(before, rules)
    if settles is not None and settles <= now:
        resolved = _next(before, settles, state="resolved", by=None, quiet_since=None)
        return waited_for(before, resolved, settles)
    moved = held(before, windows, now)
    if moved is not before:
        return waited_for(before, _next(moved, now), now)
    if escalates is not None and escalates <= now:
        return _next(before, escalates, escalated_at=escalates)
    return None


def _escalates(alert: Alert, rules: Rules) -> datetime | None:
    if alert.unanswered_since is None or alert.escalated_at is not None or alert.quiet_since is not None:
        return None
    return alert.unanswered_since + timedelta(minutes=rules.escalation.after_minutes)


def _settles(alert: Alert, rules: Rules) -> datetime | None:
    if alert.quiet_since is None or alert.state == "resolved":
        return None
    return alert.quiet_since + timedelta(minutes=rules.flapping.quiet_minutes)


def _next(before: Alert, at: datetime, **changes: object) -> Alert:
    revision = before.revision + 1
    return replace(before, id=f"{before.fingerprint}/{revision}", revision=revision, at=max(at, before.at), **changes)
