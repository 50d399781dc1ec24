"""What a person did with an alert, as an event."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from schemas.codec import from_ms
from schemas.events import ActionKind, Alert, AlertAction

if TYPE_CHECKING:
    from datetime import datetime


def action_on(
    alert: Alert, action: ActionKind, by: str, comment: str | None, at: datetime | None = None
) -> AlertAction:
    """The action as an event.

    Its id follows from what was acted on, so that a second press, or a try again after a lost answer, is the same
    action and not another one.
    """
    what = "|".join((alert.fingerprint, str(alert.revision), action, by, comment or ""))
    return AlertAction(
        id=f"{alert.fingerprint}/{action}/{hashlib.sha256(what.encode()).hexdigest()[:16]}",
        hospital=alert.hospital,
        care_area=alert.care_area,
        pump=alert.pump,
        at=at or from_ms(time.time_ns() // 1_000_000),
        key=alert.key,
        fingerprint=alert.fingerprint,
        action=action,
        by=by,
        comment=comment,
        test=alert.test,
    )
