"""Which slip a nurse took back within an entry: evidence about the keypad and the hands, and no error."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Union

from streams.intent.digit_slips import Pad
from streams.intent.display import type_keys
from streams.intent.timing import factors_of, intervals
from streams.intent.ways import texts_before

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.events import Slip
    from streams.intent.display import Typed
    from streams.intent.keypad import Layout
    from streams.intent.parameters import Parameters

TakenBack = Union["Slip", Literal["something"], None]
"""What was taken back in an entry: a slip, something that no slip explains, or nothing."""
_CORRECTS = ("BACK", "CLEAR")
_OPPOSITE = {"UP": "DOWN", "DOWN": "UP"}
LONGEST = 12


def corrected_slip(layout: Layout, keys: Sequence[tuple[int, str]], parameters: Parameters) -> Slip | None:
    """The slip that the first BACK or CLEAR among the keys (ms, key) undid; None where none explains it.

    What stood there before is compared with as much of what was entered in the end. On a keypad that steps, a step
    back is an overshoot taken back.
    """
    if layout.kind != "digits":
        ways = [key.removesuffix("_FAST") for _, key in keys]
        turned = any(after == _OPPOSITE.get(before) for before, after in pairwise(ways))
        return "overshoot" if turned else None
    first = next((number for number, (_, key) in enumerate(keys) if key in _CORRECTS), None)
    if first is None:
        return None
    wrong, entered = type_keys(layout, keys[:first], None), type_keys(layout, keys, None)
    if wrong is None or entered is None or len(wrong.pressed) > LONGEST:
        return None
    text, length = wrong.pressed, len(wrong.pressed)
    if entered.pressed.startswith(text):
        return None
    begun = {entered.pressed[:size] for size in (length - 1, length, length + 1)}
    pad = Pad(layout, parameters.shares, parameters.forms)
    found = [(slip, chance, gap) for meant, slip, chance, gap in texts_before(pad, text, exact=True) if meant in begun]
    if not found:
        return None
    timed = factors_of([(slip, gap) for slip, _, gap in found], intervals(layout, wrong), parameters.timing)
    chances = [chance * timed.get(number, 1.0) for number, (_, chance, _) in enumerate(found)]
    return found[chances.index(max(chances))][0]


def taken_back(layout: Layout, keys: Sequence[tuple[int, str]], typed: Typed, parameters: Parameters) -> TakenBack:
    """What was taken back among the keys that gave `typed`."""
    if not typed.corrections:
        return None
    return corrected_slip(layout, keys, parameters) or "something"


def again(slips: Sequence[Slip], taken: TakenBack, parameters: Parameters) -> list[tuple[int, float]]:
    """Each way by the slip that was just taken back, with the factor by which it is likelier to have come again."""
    return [(way, parameters.after_same_slip) for way, slip in enumerate(slips) if slip == taken]
