"""What infusing on battery takes, by flow and channels, and what each model of pump takes beside that.

The measure is the point: one percent of a new battery of the published pump. Alaris 8015: 6 h with one module at
25 mL/h, 3 h with four, 1 h with four at 999 mL/h; a plane through these three.
"""

from __future__ import annotations

from collections import deque
from math import exp, log
from statistics import median

BASE, PER_CHANNEL, PER_ML = 11.11, 5.13, 0.0171  # points an hour

# Judgements, until real fleets are measured.
TYPICAL_CAPACITY = 0.93  # what a battery in service believes to have of its design capacity
REMEMBERED = 201  # discharges of one model
IMAGINED = 7  # discharges at the published figure before any is heard


def points_an_hour(rate_ml_h: float, channels: int) -> float:
    """What the published pump takes at this flow with so many channels running."""
    return BASE + PER_CHANNEL * channels + PER_ML * rate_ml_h


class Models:
    """How much more or less than the published pump each model takes: the median of its pumps' discharges.

    The median, because worn batteries are part of every fleet and must not become its measure.
    """

    def __init__(self) -> None:
        self._heard: dict[str, deque[float]] = {}
        self._scale: dict[str, float] = {}

    def hear(self, model: str, percent_a_point: float, capacity: float | None) -> None:
        """Take the slope of one discharge, and the capacity that the gauge reported, as a share of design."""
        heard = self._heard.get(model)
        if heard is None:
            heard = self._heard[model] = deque([0.0] * IMAGINED, REMEMBERED)
        heard.append(log(percent_a_point * (capacity or TYPICAL_CAPACITY)))
        self._scale[model] = exp(median(heard))

    def scale(self, model: str) -> float:
        """Percent of a new battery of this model that one point is."""
        return self._scale.get(model, 1.0)
