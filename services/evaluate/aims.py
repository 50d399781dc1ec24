"""What was aimed at, beside what is reached and what the two bounds reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from services.evaluate.figures import Figures

SENSITIVITY = {"cold": {"2x": 0.75, "5x": 0.88}, "warm": {"2x": 0.85, "5x": 0.95}}
"""Share of slips found at 1 false alarm in 200 entries, by how much they change the value at least."""
RECOVERY = 0.85
CALIBRATION_ERROR = 0.01
OF_THE_ORACLE = 0.95
"""Average precision, as a share of the oracle's."""
ORACLE, BOUND = "oracle", "of_slips"
"""Knows how slips are made and each hospital's future; knows how slips are made, and learns the hospital as ours."""


class Aim(Struct, frozen=True):
    """An aim, and what our model and the bounds come to; the aim is the most allowed where `at_most`, else the least.

    None where there was nothing to divide by.
    """

    name: str
    aim: float
    ours: float | None
    of_slips: float | None
    oracle: float | None
    at_most: bool = False

    def reached(self, found: float | None) -> bool:
        """Whether a figure reaches the aim."""
        return found is not None and (found <= self.aim if self.at_most else found >= self.aim)


def aims(cold: Mapping[str, Figures], warm: Mapping[str, Figures], second_half: Mapping[str, Figures]) -> list[Aim]:
    """All aims, with the figures of the models by name; warm also for the second half of the streams."""
    runs = {"cold": cold, "warm": warm, "warm, second half": second_half}
    return [one for name, models in runs.items() for one in _of_run(name, models)]


def _of_run(name: str, models: Mapping[str, Figures]) -> Iterator[Aim]:
    for least, aim in SENSITIVITY[name.split(",", maxsplit=1)[0]].items():
        found = {of: one.at["1_in_200"].found[least] for of, one in models.items()}
        yield _aim(f"{name}: slips >={least} found", aim, found)
    yield _aim(f"{name}: top-1", RECOVERY, {of: one.recovery for of, one in models.items()})
    errors = {of: one.calibration_error for of, one in models.items()}
    yield _aim(f"{name}: ECE", CALIBRATION_ERROR, errors, at_most=True)
    precision = {of: one.average_precision or 0.0 for of, one in models.items()}
    shares = {of: one / precision[ORACLE] if precision[ORACLE] else None for of, one in precision.items()}
    yield _aim(f"{name}: AP, share of the oracle's", OF_THE_ORACLE, shares)


def _aim(name: str, aim: float, found: Mapping[str, float | None], *, at_most: bool = False) -> Aim:
    return Aim(name, aim, found["ours"], found[BOUND], found[ORACLE], at_most)
