"""What one source event says about one possible alert, before its history is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.events import AlertKind, AlertSubject, DoseScore, PowerEpisode, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`severity` is None where there is nothing (any more) to alert of; `summary` says so in words."""

    kind: AlertKind
    source: DoseScore | PowerEpisode
    severity: Severity | None
    summary: str
    subject: AlertSubject


def fingerprint(kind: AlertKind, pump: str, about: str) -> str:
    """The name of an alert over all its revisions; `about` is the entry or the episode."""
    return sha256(f"{kind}|{pump}|{about}".encode()).hexdigest()[:16]
