"""What happened to an alert and to the entry it is about, step by step, in words."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from schemas.events import Severity  # noqa: TC001 (msgspec reads the annotations)
from services.board.wording import COMMITS, figure
from streams.alerts.words import span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from schemas.events import Alert, DoseScore

What = Literal[
    "entered", "raised", "changed", "acknowledged", "commented", "escalated", "resolved", "reopened", "corrected",
    "stood", "cancelled", "gap", "held", "let_go",
]  # fmt: skip


_HELD = "A maintenance window holds it: it calls nobody"


class Happening(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step. `at` is the clock of whoever it came from: the pump's, or the platform's for what people did.

    `severity` is that of an alert that fires, or that changed it.
    """

    at: datetime
    what: What
    text: str
    severity: Severity | None = None
    by: str | None = None
    comment: str | None = None


def happenings(steps: Sequence[Alert], score: DoseScore | None) -> list[Happening]:
    """All steps in their order, from the entry on. `steps` are revisions of one alert, oldest first; at least one."""
    outcome = None if score is None else _outcome(score)
    told = [] if score is None else [_entered(score)]
    told.append(_first(steps[0]))
    for before, after in pairwise(steps):
        changes: Iterable[Happening] = _between(before, after)
        if outcome is not None and after.subject.score_revision != before.subject.score_revision:
            # The outcome led to this revision, which has the time of the entry still.
            told.append(outcome)
            changes = [replace(change, at=max(change.at, outcome.at)) for change in changes]
            outcome = None
        told += changes
    if outcome is not None:
        told.append(outcome)
    return told


def _entered(score: DoseScore) -> Happening:
    before = "" if score.previous is None else f", {figure(score.previous)} before"
    text = f"{figure(score.typed)} {score.unit} entered{before}; {COMMITS[score.action]} at the pump"
    return Happening(at=score.at, what="entered", text=text)


def _outcome(score: DoseScore) -> Happening | None:
    after = score.resolved_after_s
    if score.resolution == "open" or (after is None and score.resolution != "cancelled"):
        return None
    at = score.at + timedelta(seconds=after or 0)
    later = f" {span(after / 60)} later" if after is not None else ""
    match score.resolution:
        case "corrected":
            to = "" if score.corrected_to is None else f" to {figure(score.corrected_to)} {score.unit}"
            named = ", a value that the model had named" if score.caught else ""
            return Happening(at=at, what="corrected", text=f"Corrected{to}{later}{named}")
        case "stood":
            return Happening(at=at, what="stood", text=f"Left as it was: the next entry{later} says that it was meant")
        case _:
            return Happening(at=at, what="cancelled", text="Given up at the pump: it never ran at this value")


def _first(alert: Alert) -> Happening:
    if alert.revision > 1:
        return Happening(at=alert.at, what="gap", text=f"Earlier steps are no longer kept. {alert.summary}")
    held = "" if alert.maintenance is None else f". {_HELD}"
    return Happening(
        at=alert.at, what="raised", severity=alert.severity, text=f"Alert, {alert.severity}: {alert.summary}{held}"
    )


def _between(before: Alert, after: Alert) -> Iterator[Happening]:
    """What one revision, or several that are no longer kept, changed."""
    if after.revision > before.revision + 1:
        between = after.revision - before.revision - 1
        text = f"{between} {'step' if between == 1 else 'steps'} no longer kept"
        yield Happening(at=after.at, what="gap", text=text)
    yield from _by_time(before, after)
    new_comment = after.comment if after.comment != before.comment else None
    if after.state != before.state:
        yield _moved(before, after, new_comment)
    elif after.state == "acknowledged" and after.by != before.by:
        yield _by(after, "acknowledged", "Acknowledged again", new_comment)
    elif new_comment is not None:
        yield _by(after, "commented", "Comment", new_comment)
    elif after.quiet_since is not None and before.quiet_since is None:
        yield Happening(at=after.at, what="changed", text="Nothing wrong any more; it comes and goes, so it stays open")
    elif after.severity != before.severity:
        text = f"Now {after.severity}, was {before.severity}: {after.summary}"
        yield Happening(at=after.at, what="changed", severity=after.severity, text=text)
    elif after.summary != before.summary:
        yield Happening(at=after.at, what="changed", text=after.summary)


def _by_time(before: Alert, after: Alert) -> Iterator[Happening]:
    if after.escalated_at is not None and after.escalated_at != before.escalated_at:
        yield Happening(at=after.escalated_at, what="escalated", text="Escalated: nobody had acknowledged it")
    if after.maintenance is not None and before.maintenance is None:
        yield Happening(at=after.at, what="held", text=_HELD)
    if after.maintenance is None and before.maintenance is not None:
        yield Happening(at=after.at, what="let_go", text="No maintenance window holds it any more: it calls")


def _moved(before: Alert, after: Alert, comment: str | None) -> Happening:
    match after.state:
        case "acknowledged":
            return _by(after, "acknowledged", "Acknowledged", comment)
        case "resolved":
            if after.by is not None:
                return _by(after, "resolved", "Resolved", comment)
            return Happening(at=after.at, what="resolved", text=f"Resolved by itself: {after.summary}")
        case _:
            again = "Fires again" if before.state == "resolved" else f"Fires again, now {after.severity}"
            return Happening(at=after.at, what="reopened", severity=after.severity, text=f"{again}: {after.summary}")


def _by(alert: Alert, what: What, text: str, comment: str | None) -> Happening:
    return Happening(at=alert.at, what=what, text=text, by=alert.by, comment=comment)
