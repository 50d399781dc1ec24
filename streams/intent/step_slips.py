"""Slips on keypads that step a value: a step too many, or the cursor one digit off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.events import Slip
    from streams.intent.digit_slips import Pad

_HIGHEST_DIGIT = 6


def overshot(pad: Pad, value: float) -> Iterator[tuple[float, Slip, float]]:
    """Chevrons: one press too many, slow or fast; the step is that of the value it was pressed at."""
    slow = pad.forms.overshoot_slow
    for fast, part in ((False, slow), (True, 1 - slow)):
        for step in {steps[1 + fast] for steps in pad.layout.steps}:
            for meant in (round(value - step, 6), round(value + step, 6)):
                if meant >= 0 and pad.layout.step(meant, fast=fast) == step:
                    yield meant, "overshoot", pad.shares["overshoot"] * part / 2


def one_digit_stepped(pad: Pad, value: float) -> Iterator[tuple[float, Slip, float]]:
    """Five keys: one digit is stepped too far, 9 carrying into the next, or the cursor stood one place off."""
    lowest = -pad.layout.max_decimals
    steps = [10.0**power for power in range(lowest, _HIGHEST_DIGIT) if 10.0**power <= max(value, 1.0)]
    for step in steps:
        for meant in (value - step, value + step):
            yield round(meant, 6), "overshoot", pad.shares["overshoot"] / (2 * len(steps))
    for meant in (value / 10, value * 10):
        yield float(f"{meant:.6g}"), "misplaced_decimal", pad.shares["misplaced_decimal"] / 2
