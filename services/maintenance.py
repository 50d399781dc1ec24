"""Planning a maintenance window, ending it early, and how it stands: what the board and the command line share."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from schemas.codec import EventRefused, decode, encode
from schemas.events import MaintenanceWindow
from streams.alerts.maintenance import LONGEST, end_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from schemas.events import AlertKind

Standing = Literal["planned", "current", "ended"]


class PlanRefusedError(ValueError):
    """The window cannot be planned or ended so; the text names the field or the reason."""


def planned(
    hospital: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    by: str,
    *,
    now: datetime,
    care_area: str | None = None,
    pump: str | None = None,
    kinds: Sequence[AlertKind] | None = None,
) -> MaintenanceWindow:
    """A new window; one that should have begun already begins now. Raises PlanRefusedError."""
    if care_area is not None and pump is not None:
        raise PlanRefusedError("`care_area` and `pump`: name one of them, or none for the whole hospital")
    starts_at = max(starts_at, now)
    if ends_at <= starts_at:
        raise PlanRefusedError("`ends_at`: the window would be over before it began")
    if ends_at - now > LONGEST:
        raise PlanRefusedError(f"`ends_at`: a window ends within {LONGEST.days} days from now; plan it later")
    name = secrets.token_hex(8)
    window = MaintenanceWindow(
        id=f"{name}/1",
        hospital=hospital,
        at=now,
        window=name,
        revision=1,
        care_area=care_area,
        pump=pump,
        starts_at=starts_at,
        ends_at=ends_at,
        kinds=list(dict.fromkeys(kinds)) if kinds is not None else None,
        reason=reason.strip(),
        by=by,
    )
    try:
        return decode(MaintenanceWindow, encode(window))
    except EventRefused as refusal:
        raise PlanRefusedError(refusal.reason.removeprefix("field ")) from None


def ended(window: MaintenanceWindow, by: str, now: datetime) -> MaintenanceWindow:
    """The window ended early, or called off before it began. Raises PlanRefusedError where it is over."""
    if standing(window, now) == "ended":
        raise PlanRefusedError("the window is over already")
    revision = window.revision + 1
    return replace(window, id=f"{window.window}/{revision}", revision=revision, at=now, by=by, cancelled_at=now)


def standing(window: MaintenanceWindow, now: datetime) -> Standing:
    """Whether a window is still to come, in force or over."""
    if now >= end_of(window):
        return "ended"
    return "current" if now >= window.starts_at else "planned"
