"""Alerts in words: one short sentence that a nurse or an engineer understands without the screen."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from schemas.events import BatteryHealth, DoseScore, KeypadStatistics, Meant, PowerEpisode, Slip

SLIPS: dict[Slip, str] = {
    "adjacent_key": "a neighbouring key was hit",
    "wrong_digit": "one digit is wrong",
    "missing_digit": "one digit is missing",
    "extra_digit": "one digit too many",
    "repeated_key": "a key was pressed twice",
    "key_bounce": "a key bounced",
    "missing_decimal": "the decimal point is missing",
    "extra_decimal": "one decimal point too many",
    "misplaced_decimal": "the decimal point is misplaced",
    "transposition": "two digits are swapped",
    "wrong_unit": "the value fits another unit",
    "wrong_field": "the value fits another field",
    "wrong_concentration": "the value fits another concentration",
    "stale_value": "the value of before was kept",
    "overshoot": "one step too far",
}

_KEYS_NAMED = 4


def entry_error(score: DoseScore, meant: Meant | None) -> str:
    """What was entered, what was meant and which slip lies between them."""
    typed = amount(score.typed, score.unit)
    if meant is None:
        return f"{typed} entered for {score.drug}: unusual here"
    sure = "likely" if meant.probability >= 0.5 else "perhaps"
    slip = f": {SLIPS[meant.slip]}" if meant.slip is not None else ""
    return f"{amount(meant.value, score.unit)} {sure} meant, {typed} entered{slip}"


def entry_closed(score: DoseScore) -> str:
    """Why an entry needs no more attention."""
    typed = amount(score.typed, score.unit)
    after = f" after {span(score.resolved_after_s / 60)}" if score.resolved_after_s is not None else ""
    match score.resolution:
        case "corrected":
            return f"{typed} was corrected{after}"
        case "stood":
            return f"{typed} was kept{after}: no correction followed"
        case "cancelled":
            return f"{typed} was cancelled{after}"
        case _:
            return f"{typed} looked at again: no longer suspect"


def unplugged(episode: PowerEpisode) -> str:
    """How long a pump has been infusing on battery, and with what charge."""
    running = f", {_listed(episode.drugs)} running" if episode.drugs else ""
    return f"Infusing on battery for {span(episode.minutes)}, charge {episode.charge_min:.0f} %{running}"


def unplugged_over(episode: PowerEpisode) -> str:
    """How an episode went."""
    return f"No longer infusing on battery after {span(episode.minutes)}, charge down to {episode.charge_min:.0f} %"


def empty_soon(episode: PowerEpisode, empty_at: datetime) -> str:
    """When the battery will be empty."""
    left = (empty_at - episode.at).total_seconds() / 60
    running = f", {_listed(episode.drugs)} running" if episode.drugs else ""
    when = f"in about {span(left)}, at {empty_at:%H:%M} UTC" if left >= 1 else "about now"
    return f"Battery empty {when}{running}"


def empty_cleared(episode: PowerEpisode) -> str:
    """Why the battery is no longer about to be empty."""
    if episode.ended_at is None and episode.paused_at is None:
        return f"Battery lasts longer than predicted before, charge {episode.charge_min:.0f} %"
    return f"No longer infusing on battery, charge was down to {episode.charge_min:.0f} %"


def keypad_fault(said: KeypadStatistics, since: datetime) -> str:
    """How many entries had a key that bounced, which keys, and how many have one on other pumps."""
    keys = f" ({_keys(said)})" if said.keys else ""
    return f"{_bounced_of(said, since)}{keys}; on other pumps in {one_in(said.usual)}"


def keypad_sound(said: KeypadStatistics) -> str:
    """Why a keypad is no longer held to be faulty."""
    return f"No key bounced in {said.clean:,} entries: taken for sound again, its counts begin anew"


def keypad_evidence(said: KeypadStatistics, since: datetime, clean_entries: int) -> list[str]:
    """The statistics in sentences for biomedical engineering."""
    evidence = [f"{_bounced_of(said, since)}; on other pumps in {one_in(said.usual)}."]
    if said.bounces:
        evidence.append(f"{said.bounces:,} of {said.presses:,} key presses came again faster than a finger can.")
    if said.keys:
        most = list(said.keys.items())[:_KEYS_NAMED]
        evidence.append(f"Most often: {', '.join(f'key {key} in {count:,}' for key, count in most)} entries.")
    evidence.append(f"Care areas: {', '.join(said.care_areas)}.")
    evidence.append(f"Chance of as many on a sound keypad: {_rare(said.chance)}.")
    evidence.append(f"Resolves by itself after {clean_entries:,} entries in a row without a bounce.")
    return evidence


def one_in(share: float) -> str:
    """A share as people say it: 1 of so many, in two digits."""
    many = 1 / share
    step = 10 ** max(floor(log10(many)) - 1, 0)
    return f"1 of {round(many / step) * step:,}"


def degraded(health: BatteryHealth) -> str:
    """What the battery still gives."""
    return (
        f"Battery gives about {health.capacity:.0%} of its design capacity "
        f"({health.low:.0%} to {health.high:.0%}, {health.discharges} discharges)"
    )


def silent(episode: PowerEpisode) -> str:
    """How long nothing was heard of a pump that infused on battery."""
    quiet = (episode.at - episode.silent_since).total_seconds() / 60 if episode.silent_since else 0.0
    running = f", {_listed(episode.drugs)} running" if episode.drugs else ""
    return f"Not heard of for {span(quiet)} while infusing on battery, charge was {episode.charge_min:.0f} %{running}"


def heard_again(episode: PowerEpisode) -> str:
    """Why a pump is no longer silent."""
    return "Heard of again" if episode.ended_at is None else "Its stretch on battery is over"


def amount(value: float, unit: str) -> str:
    """A value with its unit and no digits that nobody typed."""
    return f"{value:.10g} {unit}"


def span(minutes: float) -> str:
    """A length of time in the unit people would use."""
    if minutes < 1.5:
        return f"{minutes * 60:.0f} s"
    if minutes < 90:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} days"


def _listed(drugs: list[str]) -> str:
    return ", ".join(drugs) if len(drugs) <= 3 else f"{', '.join(drugs[:2])} and {len(drugs) - 2} more"


def _bounced_of(said: KeypadStatistics, since: datetime) -> str:
    return f"A key bounced in {said.bounced_entries:,} of {said.entries:,} entries since {since.day} {since:%b}"


def _keys(said: KeypadStatistics) -> str:
    names = list(said.keys)
    return f"key {names[0]}" if len(names) == 1 else f"keys {', '.join(names[:_KEYS_NAMED])}"


def _rare(chance: float) -> str:
    return (
        "less than 1 in a billion" if chance < 1e-9 else f"1 in {round(1 / chance, 1 - ceil(log10(1 / chance))):,.0f}"
    )
