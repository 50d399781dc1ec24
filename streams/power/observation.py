"""What one power event says, packed into eight bytes that sort by event time.

    milliseconds since 1970 (43 bits) · seq modulo 32 (5) · charge in tenths of a percent (10) · kind (3) · flags (3)

Big-endian, so that bytes compare as times do. The seq orders events of the same millisecond; with the rest it tells
a repeated event from a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.events import PowerEvent, PowerKind

BATTERY, INFUSING, FAULT = 1, 2, 4
ACTIVE = BATTERY | INFUSING
AT_SHIFT = 21
LATEST_MS = 2**43  # the year 2248
SIZE = 8
ALARMS = frozenset({"low", "very_low", "depleted"})
KINDS: dict[PowerKind, int] = {
    "heartbeat": 0,
    "plugged": 1 << 3,
    "unplugged": 2 << 3,
    "low": 3 << 3,
    "very_low": 4 << 3,
    "depleted": 5 << 3,
    "started": 6 << 3,
    "stopped": 7 << 3,
}


def observe(event: PowerEvent, at_ms: int) -> int:
    """The observation in an event, without the flag FAULT."""
    return (
        at_ms << AT_SHIFT
        | (event.seq & 31) << 16
        | int(event.charge_pct * 10 + 0.5) << 6
        | KINDS[event.kind]
        | (event.source == "battery")
        | event.infusing << 1
    )


def recalled(at_ms: int, charge_pct: float, *, active: bool) -> int:
    """The observation that a published revision still tells of."""
    return at_ms << AT_SHIFT | round(charge_pct * 10) << 6 | (ACTIVE if active else 0)


def is_active(observation: int) -> bool:
    """Infusing and on battery."""
    return observation & ACTIVE == ACTIVE


def tenths(observation: int) -> int:
    """Charge in tenths of a percent."""
    return observation >> 6 & 1023
