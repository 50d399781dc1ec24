"""What was entered in real infusions, as fitted figures: `priors.yaml`, made by `pumpwatch intent train`."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from schemas.events import Share  # noqa: TC001 - msgspec reads the annotations
from streams.intent.keypad import written
from streams.intent.roundness import CLASSES, FINE, digit_class

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal["volume", "dose"]
After = Literal["none", "round", "fine"]
KINDS: tuple[Kind, ...] = ("volume", "dose")
AFTER: tuple[After, ...] = ("none", "round", "fine")


class PriorsError(Exception):
    """Priors that cannot be used; one line that names the field."""


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """Where figures come from; `entries` is how many of its rows were taken for entered values."""

    name: str
    doi: str
    licence: str
    rows: int
    entries: int


class Component(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A normal density over the base-10 logarithm of the value."""

    weight: Share
    mean: float
    sd: Annotated[float, Meta(gt=0)]


class Fitted(Struct, frozen=True, forbid_unknown_fields=True):
    """What is entered for a drug in a unit: `usual` are the values entered most often, with their shares."""

    entries: Annotated[int, Meta(ge=1)]
    hospitals: Annotated[int, Meta(ge=1)]
    p5: float
    p95: float
    density: Annotated[list[Component], Meta(min_length=1, max_length=4)]
    usual: dict[float, Share] = {}


class Titration(Struct, frozen=True, forbid_unknown_fields=True):
    """The ratio of an entry to the one before: density over its base-10 logarithm, no-change left out."""

    changes: int
    density: list[Component]


class Course(Struct, frozen=True, forbid_unknown_fields=True):
    """What changes start from: shares that sum to one, where the course of the infusion offers all of them.

    `back`: the value before the previous one again; `around_back`: near it; `earlier`: any other value of the course;
    `step`: the step just made once more; `titration`: a change by a usual ratio; `drawn`: a value as for a new
    infusion. `usual_of_drawn` and `usual_of_first` are the shares of usual values among the drawn and the first ones.
    """

    changes: int
    back: Share
    around_back: Share
    earlier: Share
    step: Share
    titration: Share
    drawn: Share
    usual_of_drawn: Annotated[float, Meta(gt=0, lt=1)]
    usual_of_first: Annotated[float, Meta(gt=0, lt=1)]

    @property
    def usual_odds(self) -> float:
        """How much likelier a usual value is against any other where a value is drawn anew in mid-course."""
        drawn, first = self.usual_of_drawn, self.usual_of_first
        return drawn * (1 - first) / ((1 - drawn) * first)


class Priors(Struct, frozen=True, forbid_unknown_fields=True):
    """All fitted figures.

    `drugs` is by canonical drug, then canonical unit; `units` over all drugs of a unit; `digits` apart for mL/h
    (volume) and doses, which are rounder.
    """

    version: str
    sources: list[Source]
    digits: dict[Kind, dict[After, dict[str, Share]]]
    titration: Titration
    course: Course
    units: dict[str, Fitted]
    drugs: dict[str, dict[str, Fitted]]

    def class_shares(self, kind: Kind, before: After) -> tuple[float, ...]:
        """The shares of the roundness classes, in their order, after a value of this roundness."""
        shares = self.digits[kind][before]
        return tuple(shares[name] for name in CLASSES)


def kind_of(unit: str) -> Kind:
    """Is a canonical unit one of volume by time, or of dose?"""
    return "volume" if unit == "mL/h" else "dose"


def after(previous: float | None) -> After:
    """How round the value before was: who works out one number works out the next."""
    if not previous:
        return "none"
    return "fine" if digit_class(written(previous)) >= FINE else "round"


@cache
def load() -> Priors:
    """The priors that ship with Pumpwatch."""
    return parse(resources.files("streams.intent").joinpath("priors.yaml").read_text("utf-8"), "priors.yaml")


def read(path: Path) -> Priors:
    """Priors from a file of one's own. Raises PriorsError with the field at fault."""
    try:
        return parse(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise PriorsError(f"{path}: cannot be read ({error})") from None


def parse(text: str, name: str) -> Priors:
    """Priors from YAML; `name` says in an error where it came from."""
    try:
        found = msgspec.yaml.decode(text, type=Priors, strict=False)
    except msgspec.DecodeError as error:
        raise PriorsError(f"{name}: {error}") from None
    for kind in KINDS:
        if kind not in found.digits:
            raise PriorsError(f"{name}: field `digits`: lacks `{kind}`")
        for before in AFTER:
            if missing := set(CLASSES) - set(found.digits[kind].get(before, {})):
                raise PriorsError(f"{name}: field `digits.{kind}.{before}`: lacks {', '.join(sorted(missing))}")
    return found
