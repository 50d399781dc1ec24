"""The configuration of the simulator: `behaviour.yaml`, checked when it is read.

Shares are 0..1; times are in the unit of their name. See the file for the source of each figure.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from schemas.events import Share, Slip  # noqa: TC001 (msgspec reads the annotations)

if TYPE_CHECKING:
    from pathlib import Path

Positive = Annotated[float, Meta(gt=0)]
Amount = Annotated[float, Meta(ge=0)]
Kind = Literal["medical", "surgical", "cardiac", "ward"]
Sending = Literal["whole", "chunks", "keys"]
Shift = Literal["day", "evening", "night"]
Range = tuple[Amount, Amount]


class BehaviourError(Exception):
    """The configuration does not hold together; one line that names the field."""


class CareArea(Struct, frozen=True, forbid_unknown_fields=True):
    """How many of a hospital's pumps are there, and whose values are entered."""

    weight: Annotated[int, Meta(ge=1)]
    kind: Kind


class FleetFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """Who has which pump."""

    models: dict[str, Share]
    main_model: Share
    care_areas: dict[str, CareArea]
    ward_drugs: list[str]
    zone_pumps: Annotated[int, Meta(ge=1)]
    sending: dict[Sending, Share]
    second_channel: Share
    idle_hours: Positive
    running: Share


class TypingFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """How fast keys follow each other, in milliseconds; the spreads are of the logarithm."""

    interval_ms: Positive
    log_sd_within: Amount
    log_sd_between: Amount
    hold_ms: Positive
    hold_log_sd: Amount
    same_key_ms: Range
    bounce_ms: Range
    step_ms: Positive
    confirm_ms: Positive
    notice_ms: Positive
    naked_point: Share


class SlipFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """How often an entry goes wrong, and how."""

    rate: Share
    shares: dict[Slip, Share]
    overshoot: Share
    run_of_zeros: Share
    unit_factors: list[Positive]
    faulty_keypads: Share
    faulty_bounce: Share
    faulty_factor: Amount
    corrected_while_typing: Share


class AnswerFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """What a nurse does with a warning, and with a slip."""

    override: Share
    slip_seen_at_soft: Share
    slip_seen_later: Share
    seen_after_minutes: Positive
    seen_log_sd: Amount
    enters_volume: Share
    volumes_ml: list[Positive]


class Drain(Struct, frozen=True, forbid_unknown_fields=True):
    """Percent of a new battery an hour: base + channel x running channels + ml_h x flow in mL/h."""

    base: Amount
    channel: Amount
    ml_h: Amount


class AgeingFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """How batteries wear: rows of (depth of discharge, fewest and most cycles until the share `left` is left)."""

    cycles: Annotated[list[tuple[Share, Positive, Positive]], Meta(min_length=2)]
    left: Share
    years: Positive
    calendar: Share
    luck_log_sd: Amount
    duds: Share
    dud_loses: tuple[Share, Share]


class GaugeFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """How far a gauge is behind its battery, and when it learns."""

    misses: Share
    misses_power: Positive
    knee: tuple[Share, Share]
    relearns: Share


class PowerFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """Batteries, and who leaves a pump unplugged."""

    drain: Drain
    model_drain: dict[str, Positive]
    drain_log_sd: Amount
    drain_noise: Share
    charge: Positive
    design_mah: Positive
    reports_capacity: Share
    low_minutes: Positive
    very_low_minutes: Positive
    alarm_late: Share
    ageing: AgeingFigures
    gauge: GaugeFigures
    loose_cord: Share
    flaps_per_day: Amount
    flaps: tuple[Annotated[int, Meta(ge=1)], Annotated[int, Meta(ge=1)]]
    flap_seconds: tuple[Positive, Positive]
    transports_per_day: Amount
    transport_minutes: Positive
    mri_per_day: Amount
    mri_minutes: Positive
    location_told: Share
    location_after_minutes: Range
    location_strays: Share
    failures_per_year: Amount
    failure_minutes: Positive
    other_circuit: Share
    practice_minutes: Positive
    plugged_at_low: Share
    habits: dict[str, dict[Shift, Amount]]
    habits_elsewhere: dict[Shift, Amount]
    habits_log_sd: Amount
    busy: Amount = 1.0  # plugs pulled so many times as often


class DeliveryFigures(Struct, frozen=True, forbid_unknown_fields=True):
    """What a hospital's network does to the events of its pumps."""

    late_s: Range
    late_power: Positive
    repeated: Share
    lost: Share
    silences_per_day: Amount
    silence_minutes: Positive


class Behaviour(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything of `behaviour.yaml`."""

    fleet: FleetFigures
    typing: TypingFigures
    slips: SlipFigures
    answers: AnswerFigures
    power: PowerFigures
    delivery: DeliveryFigures

    def __post_init__(self) -> None:
        for area in self.fleet.care_areas:
            if area not in self.power.habits:
                raise ValueError(f"power.habits has no entry for the care area `{area}`")
        for name, shares in (("fleet.models", self.fleet.models), ("fleet.sending", self.fleet.sending)):
            if abs(sum(shares.values()) - 1) > 1e-9:
                raise ValueError(f"{name}: the shares add up to {sum(shares.values()):g}, not 1")


@cache
def load(path: Path | None = None) -> Behaviour:
    """The shipped configuration, or one of one's own. Raises BehaviourError."""
    name = str(path or "behaviour.yaml")
    try:
        text = (path or resources.files("services.pumps").joinpath("behaviour.yaml")).read_bytes()
        return msgspec.yaml.decode(text, type=Behaviour)
    except OSError as error:
        raise BehaviourError(f"{name}: {error.strerror}") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise BehaviourError(f"{name}: {error}") from None
