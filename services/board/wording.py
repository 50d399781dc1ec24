"""Alerts in words and figures as a nurse or an engineer reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from schemas.events import Alert, AlertKind, Cause, CommitAction, Field, Harm, Slip

SLIPS: dict[Slip, str] = {
    "adjacent_key": "neighbouring key",
    "wrong_digit": "wrong digit",
    "missing_digit": "a digit is missing",
    "extra_digit": "a digit too many",
    "repeated_key": "key pressed twice",
    "key_bounce": "key bounced",
    "missing_decimal": "decimal point is missing",
    "extra_decimal": "decimal point too many",
    "misplaced_decimal": "decimal point misplaced",
    "transposition": "digits swapped",
    "wrong_unit": "value in another unit",
    "wrong_field": "value of another field",
    "wrong_concentration": "wrong concentration",
    "stale_value": "earlier value kept",
    "overshoot": "stepped too far",
}
HARMS: dict[Harm, str] = {
    "none": "none",
    "low": "low",
    "moderate": "moderate",
    "high": "high",
    "life_threatening": "life-threatening",
}
KINDS: dict[AlertKind, str] = {
    "dose_entry_error": "Dose entry",
    "unplugged_infusion": "Infusing on battery",
    "battery_empty_soon": "Battery empty soon",
    "battery_degraded": "Battery degraded",
    "keypad_fault": "Keypad fault",
    "pump_silent": "Pump silent",
    "override_cluster": "Many overrides",
}
FIELDS: dict[Field, str] = {
    "rate": "rate",
    "dose": "dose",
    "bolus": "bolus",
    "vtbi": "VTBI",
    "duration": "duration",
    "weight": "weight",
    "concentration": "concentration",
}
COMMITS: dict[CommitAction, str] = {
    "confirm": "confirmed",
    "override": "warning overridden",
    "cancel": "cancelled",
}
CAUSES: dict[Cause, str] = {
    "practice": "left unplugged",
    "transport": "transport",
    "loose_cord": "loose cord",
    "unit_power_failure": "power failure of the unit",
    "battery_fault": "battery fault",
    "unknown": "cause not known yet",
}


class Words(Struct, frozen=True, omit_defaults=True):
    """What stands on the screen beside an alert's own fields; what does not apply is absent."""

    kind: str
    field: str | None = None
    commit: str | None = None
    typed: str | None = None
    meant: str | None = None
    slip: str | None = None
    harm: str | None = None
    cause: str | None = None


def words(alert: Alert) -> Words:
    """Put an alert into words."""
    subject = alert.subject
    return Words(
        kind=KINDS[alert.kind],
        field=None if subject.field is None else FIELDS[subject.field],
        commit=None if subject.action is None else COMMITS[subject.action],
        typed=None if subject.typed is None else figure(subject.typed),
        meant=None if subject.meant is None else figure(subject.meant),
        slip=None if subject.slip is None else SLIPS[subject.slip],
        harm=None if subject.harm is None else HARMS[subject.harm],
        cause=None if subject.cause is None else CAUSES[subject.cause],
    )


def figure(value: float) -> str:
    """A dose as ISMP asks for it: never a trailing zero, always a leading one, commas from 1,000 on.

    Source: ISMP List of Error-Prone Abbreviations, Symbols, and Dose Designations (2024), dose designations.
    """
    whole, _, fraction = f"{value:.6f}".partition(".")
    fraction = fraction.rstrip("0")
    return f"{int(whole):,}" + (f".{fraction}" if fraction else "")
