"""The alert rules as typed configuration: a bad file is refused with its line, the field and the remedy."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING, Annotated

import msgspec
import yaml
from msgspec import Meta, Struct

from schemas.events import Harm, Severity  # noqa: TC001 (msgspec reads annotations at runtime)
from streams.alerts.rule_lines import line_of

if TYPE_CHECKING:
    from pathlib import Path

Likelihood = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0, le=100_000)]
Remembered = Annotated[int, Meta(ge=1, le=10_000_000)]
RANK: dict[Severity, int] = {"info": 1, "warning": 2, "critical": 3}

_PLAIN = {
    "float | null": "a number or null",
    "float": "a number",
    "int": "a whole number",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "a map of fields",
    "null": "nothing",
}


_UNKNOWN = re.compile(r"unknown field `(.+)`")


class RulesRefusedError(ValueError):
    """The rules cannot be used; the text names the field and what it should be."""


class Ladder(Struct, forbid_unknown_fields=True, frozen=True):
    """The likelihood from which an alert has each severity; null is never."""

    critical: Likelihood | None
    warning: Likelihood | None
    info: Likelihood | None

    def __post_init__(self) -> None:
        steps = [step for step in (self.critical, self.warning, self.info) if step is not None]
        if steps != sorted(steps, reverse=True):
            raise ValueError("a higher severity needs a likelihood at least as high")

    def severity(self, likelihood: float) -> Severity | None:
        """The loudest severity that the likelihood reaches."""
        if self.critical is not None and likelihood >= self.critical:
            return "critical"
        if self.warning is not None and likelihood >= self.warning:
            return "warning"
        return "info" if self.info is not None and likelihood >= self.info else None


class SeverityByHarm(Struct, forbid_unknown_fields=True, frozen=True):
    """One ladder for each grade of harm."""

    life_threatening: Ladder
    high: Ladder
    moderate: Ladder
    low: Ladder
    none: Ladder

    def ladder(self, harm: Harm) -> Ladder:
        """The ladder of a grade of harm."""
        ladder: Ladder = getattr(self, harm)
        return ladder


class DoseEntryError(Struct, forbid_unknown_fields=True, frozen=True):
    """When a suspect entry is an alert."""

    severity: SeverityByHarm
    stood_stays_open: list[Severity]


class UnpluggedInfusion(Struct, forbid_unknown_fields=True, frozen=True):
    """When infusing on battery is an alert."""

    after_minutes: Positive
    warning_below_pct: Annotated[float, Meta(ge=0, le=100)]


class ShortHalfLife(Struct, forbid_unknown_fields=True, frozen=True):
    """Drugs whose stop is felt within minutes: by the library's half-life, or a text that holds one of these names."""

    within_minutes: Positive
    earliest_minutes: Positive
    half_life_minutes: Positive
    drugs: list[Annotated[str, Meta(min_length=3)]]


class BatteryEmptySoon(Struct, forbid_unknown_fields=True, frozen=True):
    """When a predicted end of the battery is an alert."""

    within_minutes: Positive
    earliest_minutes: Positive
    likely_minutes: Positive
    critical_minutes: Positive
    clear_margin_minutes: Positive
    short_half_life: ShortHalfLife

    def __post_init__(self) -> None:
        if self.critical_minutes > self.within_minutes:
            raise ValueError("`critical_minutes` must not be more than `within_minutes`")


class BatteryDegraded(Struct, forbid_unknown_fields=True, frozen=True):
    """When a worn battery is more than for information."""

    warning_below: Likelihood


class PumpSilent(Struct, forbid_unknown_fields=True, frozen=True):
    """When a pump that fell silent on battery is critical."""

    critical_minutes: Positive


class KeypadFault(Struct, forbid_unknown_fields=True, frozen=True):
    """When a keypad that bounces is an alert, and when it is taken for sound again."""

    usual_share: Annotated[float, Meta(gt=0, lt=0.5)]
    usual_entries: Positive
    spread: Positive
    false_alarms_per_million_pump_days: Positive
    entries_per_pump_day: Positive
    looks: Positive
    least_entries: Remembered
    least_share: Likelihood
    span_entries: Remembered
    span_days: Positive
    clean_chance: Annotated[float, Meta(gt=0, lt=1)]
    clean_least: Remembered
    clean_most: Remembered

    def __post_init__(self) -> None:
        if self.clean_least > self.clean_most:
            raise ValueError("`clean_least` must not be more than `clean_most`")


class Escalation(Struct, forbid_unknown_fields=True, frozen=True):
    """When a critical alert that nobody acknowledges is escalated."""

    after_minutes: Positive


class Flapping(Struct, forbid_unknown_fields=True, frozen=True):
    """When an alert that comes and goes stays open, and for how long."""

    reopenings: Remembered
    within_minutes: Positive
    quiet_minutes: Positive


class Memory(Struct, forbid_unknown_fields=True, frozen=True):
    """How long alerts stay in memory."""

    open_hours: Positive
    lasting_hours: Positive
    resolved_hours: Positive
    resolved_remembered: Remembered


class Rules(Struct, forbid_unknown_fields=True, frozen=True):
    """All rules."""

    dose_entry_error: DoseEntryError
    unplugged_infusion: UnpluggedInfusion
    battery_empty_soon: BatteryEmptySoon
    battery_degraded: BatteryDegraded
    pump_silent: PumpSilent
    keypad_fault: KeypadFault
    escalation: Escalation
    flapping: Flapping
    memory: Memory


def load_rules(path: Path | None = None) -> Rules:
    """The rules of a file, or the ones that come with Pumpwatch. Raises RulesRefusedError."""
    if path is None:
        return parse_rules(resources.files(__package__).joinpath("rules.yaml").read_text("utf-8"))
    try:
        return parse_rules(path.read_text("utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise RulesRefusedError(f"{path.name}: cannot be read ({error})") from None


def parse_rules(text: str, name: str = "rules.yaml") -> Rules:
    """The rules in a YAML text. Raises RulesRefusedError naming the field."""
    try:
        document = yaml.safe_load(text)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:  # PyYAML on tags and dates that are none
        raise RulesRefusedError(f"{name}: not YAML ({error})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark is not None else ""
        raise RulesRefusedError(f"{name}: {line}not YAML ({getattr(error, 'problem', None) or error})") from None
    try:
        return msgspec.convert(document, Rules)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `")
        field = place.rstrip("`").removeprefix("$").removeprefix(".")
        unknown = _UNKNOWN.search(problem)
        number = line_of(text, field, unknown[1] if unknown else None)
        where = "".join((f"line {number}: " if number else "", f"field `{field}`: " if field else ""))
        raise RulesRefusedError(f"{name}: {where}{_plain(problem)}") from None


def _plain(problem: str) -> str:
    for term, plain in _PLAIN.items():
        problem = problem.replace(f"`{term}`", plain)
    return problem[0].lower() + problem[1:]
