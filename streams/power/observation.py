"""What one power event says, packed into one integer that sorts by event time.

    milliseconds since 1970 (44 bits) · seq modulo 64 (6) · charge in tenths of a percent (10) · flags (3)

The seq only orders events of the same millisecond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.events import PowerEvent

BATTERY, INFUSING, FAULT = 1, 2, 4
ACTIVE = BATTERY | INFUSING
AT_SHIFT = 19
LATEST_MS = 2**44  # the year 2527
ALARMS = frozenset({"low", "very_low", "depleted"})


def observe(event: PowerEvent, at_ms: int, fault_charge_pct: float) -> int:
    """The observation in an event."""
    flags = (BATTERY if event.source == "battery" else 0) | (INFUSING if event.infusing else 0)
    if event.kind in ALARMS and event.charge_pct > fault_charge_pct:
        flags |= FAULT
    return at_ms << AT_SHIFT | (event.seq & 63) << 13 | round(event.charge_pct * 10) << 3 | flags


def recalled(at_ms: int, charge_pct: float, *, active: bool) -> int:
    """The observation that a published revision still tells of."""
    return at_ms << AT_SHIFT | round(charge_pct * 10) << 3 | (ACTIVE if active else 0)


def is_active(observation: int) -> bool:
    """Infusing and on battery."""
    return observation & ACTIVE == ACTIVE


def tenths(observation: int) -> int:
    """Charge in tenths of a percent."""
    return observation >> 3 & 1023
