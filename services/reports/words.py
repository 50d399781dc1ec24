"""The words of a report for what the rollups name by keys."""

from __future__ import annotations

from streams.rollups.cell import NO_LIMIT, OTHER

LIMITS = {
    "soft_low": "soft, low",
    "soft_high": "soft, high",
    "hard_low": "hard, low",
    "hard_high": "hard, high",
    NO_LIMIT: "not named by the pump",
    OTHER: "other",
}
HARM = {
    "none": "none",
    "low": "low",
    "moderate": "moderate",
    "high": "high",
    "life_threatening": "life-threatening",
}
SLIPS = {
    "adjacent_key": "neighbouring key",
    "wrong_digit": "wrong digit",
    "missing_digit": "missing digit",
    "extra_digit": "extra digit",
    "repeated_key": "key pressed twice",
    "key_bounce": "key bounced",
    "missing_decimal": "missing decimal point",
    "extra_decimal": "extra decimal point",
    "misplaced_decimal": "misplaced decimal point",
    "transposition": "digits swapped",
    "wrong_unit": "wrong unit",
    "wrong_field": "wrong field",
    "wrong_concentration": "wrong concentration",
    "stale_value": "value of before kept",
    "overshoot": "one step too far",
}
CAUSES = {
    "practice": "left unplugged",
    "transport": "journey",
    "loose_cord": "loose cord",
    "unit_power_failure": "power failure",
    "battery_fault": "battery fault",
    "unknown": "unknown",
}
PROFILES = {"adult_icu": "adult ICU", "ward": "ward", "paediatric": "paediatric", "neonatal": "neonatal"}


def limit_of(word: str) -> str:
    """The limit that a word of `Rollup.warned` or `Rollup.overrides` names: `dose soft_high 40 mcg/min`."""
    return word if word == OTHER else word.split(" ", 2)[1]
