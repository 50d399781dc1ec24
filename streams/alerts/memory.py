"""The alerts of one partition: open ones, those resolved lately, and the bare fingerprints of older ones."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.events import Alert, AlertKind
    from streams.alerts.rules import Memory

LASTING: frozenset[AlertKind] = frozenset({"keypad_fault", "battery_degraded"})
"""Faults of a pump: silence does not end them."""


class AlertMemory:
    """Keeps what is needed and forgets the rest, so that it stays bounded.

    Dictionaries keep the order of the last change: what was quiet longest stands first.
    """

    def __init__(self, rules: Memory) -> None:
        self.use(rules)
        self._open: dict[str, Alert] = {}
        self._resolved: dict[str, Alert] = {}
        self._done: dict[str, None] = {}

    def use(self, rules: Memory) -> None:
        """Go on by other rules."""
        self._open_for = timedelta(hours=rules.open_hours)
        self._lasting_for = timedelta(hours=rules.lasting_hours)
        self._resolved_for = timedelta(hours=rules.resolved_hours)
        self._most = rules.resolved_remembered

    def open(self) -> list[Alert]:
        """The alerts that are firing or acknowledged."""
        return list(self._open.values())

    def __len__(self) -> int:
        return len(self._open) + len(self._resolved) + len(self._done)

    def get(self, fingerprint: str) -> Alert | None:
        """The alert as it was last published, if it is still known in full."""
        return self._open.get(fingerprint) or self._resolved.get(fingerprint)

    def is_open(self, fingerprint: str) -> bool:
        """Whether the alert is firing or acknowledged."""
        return fingerprint in self._open

    def is_done(self, fingerprint: str) -> bool:
        """Whether the alert was resolved so long ago that only its fingerprint is known."""
        return fingerprint in self._done

    def put(self, alert: Alert) -> None:
        """Remember an alert's newest revision."""
        self._open.pop(alert.fingerprint, None)
        self._resolved.pop(alert.fingerprint, None)
        (self._resolved if alert.state == "resolved" else self._open)[alert.fingerprint] = alert

    def outdated(self, clock: datetime) -> list[Alert]:
        """Open alerts that nothing was heard of for too long; the caller resolves them."""
        outdated = []
        for alert in self._open.values():
            if alert.at >= clock - self._open_for:
                break
            if alert.kind not in LASTING or alert.at < clock - self._lasting_for:
                outdated.append(alert)
        return outdated

    def forget(self, clock: datetime) -> None:
        """Let resolved alerts go that are old, or too many."""
        while self._resolved:
            fingerprint, alert = next(iter(self._resolved.items()))
            if alert.at >= clock - self._resolved_for and len(self._resolved) <= self._most:
                break
            del self._resolved[fingerprint]
            self._done[fingerprint] = None
        while len(self._done) > self._most:
            del self._done[next(iter(self._done))]
