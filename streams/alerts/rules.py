"""The alert rules as typed configuration: a bad file is refused with its line, the field and the remedy."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import yaml
from msgspec import Meta, Struct
from msgspec.structs import replace

from streams.alerts.rule_drugs import NameRefusedError, canonical
from streams.alerts.rule_lines import line_of
from streams.alerts.severity import DoseEntryError, Likelihood, OwnLadders

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.events import Severity

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
_STEP = re.compile(r"\[\.\.\.\]|[^.\[\]]+")


class RulesRefusedError(ValueError):
    """The rules cannot be used; the text names the field and what it should be."""


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
        rules = msgspec.convert(document, Rules)
        return replace(rules, dose_entry_error=canonical(rules.dose_entry_error))
    except NameRefusedError as error:
        holder = ("dose_entry_error", error.field)
        number = line_of(text, (*holder, error.name))
        raise RulesRefusedError(f"{name}: line {number}: field `{'.'.join(holder)}`: {error}") from None
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `")
        field, parts = _place(place.removeprefix("key` in `").rstrip("`"), document)
        unknown = _UNKNOWN.search(problem)
        number = line_of(text, parts, unknown[1] if unknown else None)
        where = "".join((f"line {number}: " if number else "", f"field `{field}`: " if field else ""))
        raise RulesRefusedError(f"{name}: {where}{_plain(problem)}") from None


def _place(said: str, document: Any) -> tuple[str, list[str]]:
    """The field that an error is about, as text and in parts; msgspec says `[...]` for a name that is ours to find."""
    field, parts, here = said.removeprefix("$").removeprefix("."), [], document
    for step in _STEP.findall(field):
        part = step
        if step == "[...]":
            part = next(str(name) for name, own in here.items() if not _fits(own))
            field = field.replace("[...]", f".{part}", 1)
        parts.append(part)
        here = here.get(part) if isinstance(here, dict) else None
    return field, parts


def _fits(own: Any) -> bool:
    try:
        msgspec.convert(own, OwnLadders)
    except msgspec.ValidationError:
        return False
    return True


def _plain(problem: str) -> str:
    for term, plain in _PLAIN.items():
        problem = problem.replace(f"`{term}`", plain)
    return problem[0].lower() + problem[1:]
