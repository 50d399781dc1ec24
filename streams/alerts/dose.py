"""Dose scores to findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import AlertSubject
from streams.alerts import words
from streams.alerts.finding import Finding

if TYPE_CHECKING:
    from schemas.events import DoseScore, Meant, Severity
    from streams.alerts.severity import DoseEntryError


def entry_finding(score: DoseScore, rules: DoseEntryError, drug: str | None = None) -> Finding:
    """Whether an entry deserves attention: suspect, taken by the pump, and not yet corrected.

    `drug` is its canonical name, as the rules have it.
    """
    meant = _other_than_typed(score)
    severity = _severity(score, rules, drug)
    return Finding(
        kind="dose_entry_error",
        source=score,
        severity=severity,
        summary=words.entry_error(score, meant) if severity is not None else words.entry_closed(score),
        subject=AlertSubject(
            pump=score.pump,
            entry=score.entry,
            score_revision=score.revision,
            channel=score.channel,
            field=score.field,
            drug=score.drug,
            unit=score.unit,
            typed=score.typed,
            meant=meant.value if meant is not None else None,
            slip=meant.slip if meant is not None else None,
            error_likelihood=score.error_likelihood,
            harm=score.harm,
            action=score.action,
            evidence=score.evidence,
        ),
    )


def _severity(score: DoseScore, rules: DoseEntryError, drug: str | None) -> Severity | None:
    if score.verdict == "ok" or score.action == "cancel" or score.resolution in {"corrected", "cancelled"}:
        return None
    material = score.error_likelihood if score.material_likelihood is None else score.material_likelihood
    severity = rules.ladder(score.harm, drug, score.care_area).severity(material)
    if score.resolution == "stood" and severity not in rules.stood_stays_open:
        return None
    return severity


def _other_than_typed(score: DoseScore) -> Meant | None:
    return next((meant for meant in score.meant if meant.value != score.typed), None)
