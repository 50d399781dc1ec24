"""What units can be taught, as typed configuration: which slips or habit each lesson is about, and what it says."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from schemas.events import Harm, Slip
from services.reports.intervals import Count

if TYPE_CHECKING:
    from services.readmodel.rollups import RollupSums

Weight = Annotated[float, Meta(ge=0, le=1_000)]
Words = Annotated[str, Meta(min_length=1, max_length=400)]
_MINUTES = 60.0


class LessonsError(ValueError):
    """Lessons that cannot be used; one line that names the field."""


class Lesson(Struct, forbid_unknown_fields=True, frozen=True):
    """One lesson: counted by its slips or by its habit; rates are told for `per` of exposure."""

    title: Words
    per: Annotated[float, Meta(gt=0)]
    of: Words
    words: Words
    avoids: Words
    slips: list[Slip] = []
    habit: Literal["overrides", "left_unplugged"] | None = None

    def __post_init__(self) -> None:
        if bool(self.slips) == (self.habit is not None):
            raise ValueError("a lesson has either `slips` or a `habit`")

    def count(self, of: RollupSums) -> Count:
        """What the lesson is about, in these sums."""
        if self.habit == "overrides":
            return Count(of.overridden, of.soft_warnings + of.hard_warnings)
        if self.habit == "left_unplugged":
            return Count(of.causes.get("practice", 0), of.infusing_minutes / _MINUTES)
        return Count(sum(of.corrected_slips.get(slip, 0) for slip in self.slips), of.entries)


class Lessons(Struct, forbid_unknown_fields=True, frozen=True):
    """All lessons by name, and what a case of each grade of harm weighs against the others."""

    grades: dict[Harm, Weight]
    low_alarm: Weight
    lessons: dict[str, Lesson]

    def __post_init__(self) -> None:
        slips = [slip for lesson in self.lessons.values() for slip in lesson.slips]
        if twice := sorted({slip for slip in slips if slips.count(slip) > 1}):
            raise ValueError(f"{twice[0]} is in two lessons")

    def points(self, lesson: Lesson, whole: RollupSums) -> float:
        """Harm points of one event of a lesson, from the sums of the whole hospital.

        A slip weighs what a flagged entry weighs on average; an override, what its share of flagged entries does; a
        pump left unplugged, its share of avoidable low alarms.
        """
        flagged = sum(self.grades.get(grade, 0.0) * count for grade, count in _graded(whole))
        of_flagged = flagged / whole.flagged if whole.flagged else 0.0
        if lesson.habit == "overrides":
            return of_flagged * sum(whole.flagged_overrides.values()) / whole.overridden if whole.overridden else 0.0
        if lesson.habit == "left_unplugged":
            practice = whole.causes.get("practice", 0)
            return self.low_alarm * whole.avoidable_low_alarms / practice if practice else 0.0
        return of_flagged


def _graded(of: RollupSums) -> list[tuple[Harm, int]]:
    return msgspec.convert(list(of.harm.items()), list[tuple[Harm, int]])


@cache
def load_lessons() -> Lessons:
    """The lessons that come with Pumpwatch."""
    return parse_lessons(resources.files(__package__).joinpath("lessons.yaml").read_text("utf-8"))


def parse_lessons(text: str) -> Lessons:
    """The lessons in a YAML text. Raises LessonsError naming the field."""
    try:
        return msgspec.convert(yaml.safe_load(text), Lessons)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise LessonsError(f"lessons.yaml: {' '.join(str(error).split())}") from None
