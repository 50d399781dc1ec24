"""The figures of the intent model, read from `parameters.yaml`, where each stands with its source."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct

from schemas.drugs.care_areas import PROFILES, Profile
from schemas.events import Field, Name, Share, Slip

if TYPE_CHECKING:
    from pathlib import Path

Positive = Annotated[float, Meta(gt=0)]
Factor = Annotated[float, Meta(ge=1)]
Between = Annotated[float, Meta(gt=0, lt=1)]


class ParametersError(Exception):
    """Parameters that cannot be used; one line that names the field."""


class Spread(Struct, frozen=True, forbid_unknown_fields=True):
    """A log-normal interval: median in ms, standard deviation of its natural logarithm."""

    median_ms: Positive
    log_sd: Positive


class Centre(Struct, frozen=True, forbid_unknown_fields=True):
    """A log-normal value: median in the field's unit, standard deviation in powers of ten."""

    median: Positive
    sd: Positive


class Forms(Struct, frozen=True, forbid_unknown_fields=True):
    """How a slip comes out, given its kind."""

    diagonal_neighbour: Share
    zero_of_a_run: Positive
    extra_beside: Share
    second_slip: Share
    point_in_vain: Share
    overshoot_slow: Share
    unit_factors: dict[float, Share]
    weight_factors: dict[float, Share]


class Mistakes(Struct, frozen=True, forbid_unknown_fields=True):
    """How slips of the mind come out, given their kind; `usual_kg` by profile, `kg_sd` in powers of ten."""

    by_weight: Share
    weighed_twice: Share
    by_concentration: Share
    usual_kg: dict[Profile, Positive]
    kg_sd: Positive
    told_exactly: Share
    stale_with_keys: Share
    snapped: Share
    confused_with: dict[Field, dict[Field, Share]]


class Writing(Struct, frozen=True, forbid_unknown_fields=True):
    """How a number is written on a keypad: share of each form."""

    trailing_zero: Between
    naked_point: Between
    odd: Between


class Timing(Struct, frozen=True, forbid_unknown_fields=True):
    """Intervals between keys, and how much one may count."""

    between_keys: Spread
    same_key: Spread
    bounce: Spread
    repeated: Spread
    two_keys_at_once: Spread
    at_once_share: Share
    long_hold_bounces: Factor
    most_evidence: Factor
    worth_naming_ms: Positive


class PriorWeights(Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of what is entered, before any key is seen."""

    same_again: Between
    zero: Between
    correction: Share
    broad: Between
    broad_sd: Positive
    trust_after: Positive
    adult_for_child: Share
    above_hard: Share
    above_soft: Share
    window_sds: Positive
    one_sided_sd: Positive
    fastest_ml_h: Positive
    fastest: Share
    fields: dict[Field, Centre]


class LearnedWeights(Struct, frozen=True, forbid_unknown_fields=True):
    """How many entries learned weigh as much as what stands below them, and how many slips as the shipped shares.

    `taken_back` is what a slip undone while typing counts for, `taken_back_most` what all of them may.
    """

    trust_hospital: Positive
    trust_all_hospitals: Positive
    trust_slips: Positive
    taken_back: Share
    taken_back_most: Positive


class VerdictFrom(Struct, frozen=True, forbid_unknown_fields=True):
    """When an entry is suspect or an error: probability that a value meant differs by the factor `material` or more.

    `name_meant_from` is the error likelihood from which alternatives are worth naming.
    """

    material: Factor
    suspect: Share
    error: Share
    name_meant_from: Share


class Grades(Struct, frozen=True, forbid_unknown_fields=True):
    """Least ratio for each grade of harm."""

    low: Factor
    moderate: Factor
    high: Factor
    life_threatening: Factor


class HarmGrades(Struct, frozen=True, forbid_unknown_fields=True):
    """Grades for too much and for too little."""

    too_much: Grades
    too_little: Grades


class Parameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All figures of the model; `version` is the `model_version` of every score."""

    version: Name
    base_rate: Between
    after_correction: Positive
    after_same_slip: Factor
    shares: dict[str, Share]
    stepped: dict[str, Share]
    forms: Forms
    mistakes: Mistakes
    writing: Writing
    timing: Timing
    prior: PriorWeights
    learned: LearnedWeights
    verdict: VerdictFrom
    harm: HarmGrades


@cache
def load() -> Parameters:
    """The parameters that ship with Pumpwatch."""
    return parse(resources.files("streams.intent").joinpath("parameters.yaml").read_text("utf-8"), "parameters.yaml")


def read(path: Path) -> Parameters:
    """Parameters from a file of one's own. Raises ParametersError with the field at fault."""
    try:
        return parse(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ParametersError(f"{path}: cannot be read ({error})") from None


def parse(text: str, name: str) -> Parameters:
    """Parameters from YAML; `name` says in an error where it came from."""
    try:
        # YAML has numbers as keys where JSON has texts; not strict, so that a whole number may stand for a float.
        found = msgspec.yaml.decode(text, type=Parameters, strict=False)
    except msgspec.DecodeError as error:
        raise ParametersError(f"{name}: {error}") from None
    _check(found, name)
    return found


def _check(found: Parameters, name: str) -> None:
    known = {*Slip.__args__, "other"}  # type: ignore[attr-defined]
    for field, shares in (("shares", found.shares), ("stepped", found.stepped)):
        if unknown := set(shares) - known:
            raise ParametersError(f"{name}: field `{field}`: no such slip: {', '.join(sorted(unknown))}")
        if abs(sum(shares.values()) - 1) > 1e-6:
            raise ParametersError(f"{name}: field `{field}`: the shares sum to {sum(shares.values()):g}, not 1")
    if found.verdict.suspect > found.verdict.error:
        raise ParametersError(f"{name}: field `verdict.suspect`: is above `verdict.error`")
    if missing := set(Field.__args__) - set(found.prior.fields):  # type: ignore[attr-defined]
        raise ParametersError(f"{name}: field `prior.fields`: lacks {', '.join(sorted(missing))}")
    _check_mistakes(found.mistakes, name)
    for field, grades in (("too_much", found.harm.too_much), ("too_little", found.harm.too_little)):
        ratios = [grades.low, grades.moderate, grades.high, grades.life_threatening]
        if ratios != sorted(ratios):
            raise ParametersError(f"{name}: field `harm.{field}`: the ratios must rise with the grade")


def _check_mistakes(found: Mistakes, name: str) -> None:
    if lacking := set(PROFILES) - set(found.usual_kg):
        raise ParametersError(f"{name}: field `mistakes.usual_kg`: lacks {', '.join(sorted(lacking))}")
    for of, confused in found.confused_with.items():
        if of in confused or sum(confused.values()) > 1 + 1e-6:
            raise ParametersError(f"{name}: field `mistakes.confused_with.{of}`: names itself, or sums to more than 1")
