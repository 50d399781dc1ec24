"""Alerts as they come, on the terminal: read from the feeds in Redis, as the board reads them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import redis
from rich.text import Text

from services.board.wording import words
from services.readmodel.alerts import parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from schemas.events import Alert, AlertState, Severity

# A hospital that is heard for the first time is followed after this long at most.
_LOOK_FOR_HOSPITALS_S = 1.0
_BATCH = 500
_STYLES: Mapping[Severity, str] = {"critical": "bold red", "warning": "yellow", "info": "cyan"}


class AlertFollower:
    """What is new in the alert feeds of all hospitals since the last look; each change of an alert once."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._read_up_to: dict[Any, Any] = {}
        self._look_at = 0.0
        self._latest: dict[str, tuple[tuple[datetime, int], AlertState, Severity]] = {}

    def poll(self) -> list[Alert]:
        """Return new alerts, and known ones whose state or severity changed; nothing while Redis is down."""
        try:
            self._look_for_hospitals()
            if not self._read_up_to:
                return []
            found: Any = self._redis.xread(self._read_up_to, count=_BATCH)
        except (redis.RedisError, OSError):
            return []
        changed: list[Alert] = []
        for feed, entries in found:
            for entry, fields in entries:
                self._read_up_to[feed] = entry
                stored = parse(fields.get("alert"))
                if stored is not None and self._is_news(stored.alert):
                    changed.append(stored.alert)
        return changed

    def count(self) -> dict[Severity, int]:
        """Return how many different alerts were seen, by their latest severity."""
        counts: dict[Severity, int] = {"critical": 0, "warning": 0, "info": 0}
        for _, _, severity in self._latest.values():
            counts[severity] += 1
        return counts

    def _look_for_hospitals(self) -> None:
        if time.monotonic() >= self._look_at:
            hospitals: Any = self._redis.smembers("pw:hospitals")
            for hospital in sorted(hospitals):
                self._read_up_to.setdefault(f"pw:feed:{hospital}", "0-0")
            self._look_at = time.monotonic() + _LOOK_FOR_HOSPITALS_S

    def _is_news(self, alert: Alert) -> bool:
        before = self._latest.get(alert.fingerprint)
        position = (alert.at, alert.revision)
        if before is not None and position <= before[0]:
            return False
        self._latest[alert.fingerprint] = (position, alert.state, alert.severity)
        return before is None or before[1:] != (alert.state, alert.severity)


def line(alert: Alert) -> Text:
    """One alert as one line: when, how bad, where, typed → meant, the slip and its likelihood."""
    text = Text(f"{alert.at.astimezone():%H:%M:%S} ")
    if alert.state == "firing":
        text.append(f"{alert.severity.upper():<8} ", _STYLES[alert.severity])
    else:
        text.append(f"{alert.state:<8} ", "green" if alert.state == "resolved" else "dim")
    text.append(" · ".join(part for part in (alert.hospital, alert.care_area, alert.pump) if part), "dim")
    text.append("  ")
    said, subject = words(alert), alert.subject
    if alert.kind != "dose_entry_error" or said.typed is None:
        return text.append(alert.summary)
    text.append(f"{subject.drug}: ")
    text.append(said.typed, "bold")
    if said.meant is not None:
        text.append(" → ")
        text.append(said.meant, "bold green")
    text.append(f" {subject.unit or ''}")
    if alert.state == "firing":
        likelihood = None if subject.error_likelihood is None else f"{subject.error_likelihood:.0%} likely a slip"
        harm = None if said.harm in {None, "none"} else f"harm {said.harm}"
        text.append("  " + ", ".join(part for part in (said.slip, likelihood, harm) if part))
    return text
