"""How bad a slip would be for the patient: by how far typed is from meant, which way, and the drug."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.events import Field, Harm
    from streams.intent.parameters import Grades, HarmGrades

_GRADES: tuple[Harm, ...] = ("none", "low", "moderate", "high", "life_threatening")
# Twice the duration is half the dose, and so is twice the concentration that the pump believes in.
_INVERSE = ("duration", "concentration")


def harm(typed: float, meant: float, field: Field, grades: HarmGrades, *, high_alert: bool) -> Harm:
    """The grade of harm if `typed` ran where `meant` was intended."""
    if typed == meant:
        return "none"
    if field in _INVERSE:
        typed, meant = meant, typed
    too_much = typed > meant
    more, less = (typed, meant) if too_much else (meant, typed)
    grade = _grade(more / less if less else float("inf"), grades.too_much if too_much else grades.too_little)
    if high_alert and grade:
        grade = min(grade + 1, len(_GRADES) - 1)
    return _GRADES[grade]


def _grade(ratio: float, grades: Grades) -> int:
    steps = (grades.low, grades.moderate, grades.high, grades.life_threatening)
    return sum(ratio >= least for least in steps)
