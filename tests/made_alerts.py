"""Alerts as a timeline: what comes in at which minute, and what the board shows then."""

from typing import Any

from schemas.events import Alert, AlertAction, DoseScore, MaintenanceWindow, Meant, PowerEpisode
from streams.alerts.partition import AlertPartition
from streams.alerts.rules import Rules, load_rules
from tests.made_power import at


def score(minute: float = 0, revision: int = 1, **changes: Any) -> DoseScore:
    """50 mL/h of heparin entered where 5 was likely meant: an error with life-threatening harm."""
    fields: dict[str, Any] = {
        "id": f"P1/e1/{revision}",
        "hospital": "st-test",
        "care_area": "MICU",
        "pump": "P1",
        "at": at(minute),
        "entry": "e1",
        "revision": revision,
        "channel": 2,
        "field": "rate",
        "drug": "Heparin",
        "unit": "mL/h",
        "typed": 50.0,
        "previous": 5.0,
        "action": "override",
        "warned": "soft_high",
        "limit": "soft_high",
        "error_likelihood": 0.93,
        "meant": [Meant(value=5.0, probability=0.9, slip="extra_digit"), Meant(value=50.0, probability=0.07)],
        "harm": "life_threatening",
        "verdict": "error",
        "resolution": "open",
        "resolved_after_s": None,
        "evidence": ["10 times the value before"],
        "model_version": "m1",
        "library_version": "l1",
        "test": True,
    }
    return DoseScore(**(fields | changes))


def episode(minute: float, revision: int, **changes: Any) -> PowerEpisode:
    """A pump that was unplugged at 08:00 and infuses on battery since."""
    fields: dict[str, Any] = {
        "id": f"P1@0/{revision}",
        "hospital": "st-test",
        "care_area": "MICU",
        "pump": "P1",
        "at": at(minute),
        "episode": "P1@0",
        "revision": revision,
        "started_at": at(0),
        "ended_at": None,
        "minutes": minute,
        "charge_start": 90.0,
        "charge_min": 80.0,
        "empty_at": None,
        "drugs": ["Heparin"],
        "cause": "practice" if minute >= 10 else "unknown",
        "test": True,
    }
    return PowerEpisode(**(fields | changes))


def action(minute: float, alert: Alert, kind: str, number: int = 1, **changes: Any) -> AlertAction:
    """What the account `biomed` does with an alert."""
    fields: dict[str, Any] = {
        "id": f"a{number}",
        "hospital": alert.hospital,
        "care_area": alert.care_area,
        "pump": alert.pump,
        "at": at(minute),
        "key": alert.key,
        "fingerprint": alert.fingerprint,
        "action": kind,
        "by": "biomed",
    }
    return AlertAction(**(fields | changes))


def window(start: float, end: float, **changes: Any) -> MaintenanceWindow:
    """A window on pump P1, by minutes; planned an hour before the day begins."""
    name = changes.get("window", "w1")
    fields: dict[str, Any] = {
        "id": f"{name}/1",
        "hospital": "st-test",
        "at": at(-60),
        "window": name,
        "revision": 1,
        "pump": "P1",
        "starts_at": at(start),
        "ends_at": at(end),
        "reason": "Battery test",
        "by": "biomed",
    }
    return MaintenanceWindow(**(fields | changes))


class Timeline:
    """Plays events into a partition and keeps every revision that came out."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or load_rules()
        self.alerts = AlertPartition(self.rules)
        self.played: list[DoseScore | PowerEpisode | AlertAction] = []
        self.published: list[Alert] = []

    def play(self, event: DoseScore | PowerEpisode | AlertAction) -> list[Alert]:
        """What one event changes; it is then read again, which must change nothing."""
        changes = self.apply(event)
        self.played.append(event)
        self.published += changes
        assert self.apply(event) == []
        return changes

    def apply(self, event: DoseScore | PowerEpisode | AlertAction) -> list[Alert]:
        """Apply an event of any kind."""
        if isinstance(event, DoseScore):
            return self.alerts.apply_score(event)
        if isinstance(event, PowerEpisode):
            return self.alerts.apply_episode(event)
        return self.alerts.apply_action(event)

    def restart(self) -> None:
        """Go on in a new worker from what was published."""
        self.alerts = AlertPartition(self.rules)
        self.alerts.restore(self.published)

    def open(self) -> list[tuple[str, str, str]]:
        """Kind, severity and state of what a board shows, by kind."""
        newest = {alert.fingerprint: alert for alert in self.published}
        return sorted((a.kind, a.severity, a.state) for a in newest.values() if a.state != "resolved")
