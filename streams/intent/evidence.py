"""Why an entry was judged so, in short sentences for a nurse educator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.intent.keypad import written

if TYPE_CHECKING:
    from schemas.events import Limit, Meant, Slip
    from streams.intent.keypad import Layout, Typed
    from streams.intent.posterior import Expected
    from streams.intent.prior import Context
    from streams.intent.timing import Interval

_SLIPS: dict[Slip, str] = {
    "adjacent_key": "{typed} is {meant} with a neighbouring key pressed",
    "wrong_digit": "{typed} is {meant} with one wrong digit",
    "missing_digit": "{typed} is {meant} with a digit left out",
    "extra_digit": "{typed} is {meant} with a digit too many",
    "repeated_key": "{typed} is {meant} with a key pressed twice",
    "key_bounce": "{typed} is {meant} with a key that bounced",
    "missing_decimal": "{typed} is {meant} without its decimal point",
    "extra_decimal": "{typed} is {meant} with a decimal point too many",
    "misplaced_decimal": "{typed} is {meant} with the decimal point in the wrong place",
    "transposition": "{typed} is {meant} with two digits swapped",
    "wrong_unit": "{typed} {unit} would be {meant} {unit} if it was meant in another unit",
    "wrong_field": "{typed} looks like the number of another field of this programme, {meant} {unit} is likelier here",
    "wrong_concentration": "{typed} {unit} would be {meant} {unit} with another usual concentration",
    "stale_value": "{typed} is what stood there before, {meant} {unit} is likelier",
    "overshoot": "{typed} is {meant} stepped too far",
}
_LIMITS: dict[Limit, str] = {
    "soft_low": "below the soft minimum",
    "soft_high": "above the soft maximum",
    "hard_low": "below the hard minimum",
    "hard_high": "above the hard maximum",
}
_JUMP = 1.8
"""Changes by less than this need no mention: p95 of real changes is 2.0."""


def of_limit(context: Context, limit: Limit) -> str:
    """Which limit of the library the typed value crosses."""
    bound = getattr(context.row, limit)
    return f"{_LIMITS[limit]} of {written(bound)} {context.unit} of the library"


def of_keys(typed: Typed | None, layout: Layout, value: float, *, pressed_any: bool) -> list[str]:
    """What is odd about the keys themselves, whatever the verdict."""
    said = []
    if not layout.known:
        said.append(f"the keypad of this pump is not known: {layout.title} was assumed")
    if typed is not None and typed.value != value:
        said.append(f"the keys give {typed.text}, the pump took {written(value)}: the keys were left out of account")
    elif typed is None and pressed_any and layout.kind == "digits":
        said.append(f"the keys give no number, the pump took {written(value)}")
    elif typed is not None and typed.pressed != typed.text:
        key = "a decimal" if "." in typed.text else '"."'
        said.append(f"{key} was pressed and ignored by the pump: {typed.pressed} became {typed.text}")
    return said


def of_intervals(typed: Typed, found: tuple[Interval, ...], worth_naming_ms: float) -> list[str]:
    """Keys that came faster than a hand types."""
    said = []
    for one in found:
        gap = typed.gaps[one.place]
        if gap is None or gap >= (2 * worth_naming_ms if one.same else worth_naming_ms):
            continue
        first, second = typed.pressed[one.place - 1], typed.pressed[one.place]
        keys = f"{second} came twice within" if one.same else f"{first} and {second} were pressed"
        said.append(f"{keys} {gap} ms" + ("" if one.same else " apart"))
    return said


def of_value(
    context: Context, value: float, previous: float | None, meant: tuple[Meant, ...], expected: Expected
) -> list[str]:
    """Why the value is doubted: the slip, the jump, and what is usual."""
    said = []
    typed, unit = written(value), context.unit
    if meant and meant[0].slip is not None:
        said.append(_SLIPS[meant[0].slip].format(typed=typed, meant=written(meant[0].value), unit=unit))
    if previous and value and not 1 / _JUMP < value / previous < _JUMP:
        said.append(f"{typed} {unit} is {_times(value / previous)} the previous {written(previous)}")
    if expected.meant:
        said.append("the entry before this one was flagged too")
    fitted = context.fitted
    if fitted is not None:
        if not fitted.p5 <= value <= fitted.p95:
            said.append(
                f"9 in 10 entries of {context.drug} are between {written(fitted.p5)} and {written(fitted.p95)} {unit}"
            )
    elif context.field in {"rate", "dose"}:
        basis = "the library's limits" if context.row is not None else "other drugs in this unit"
        said.append(f"entries of {context.drug} in {unit} are not known well: judged by {basis}")
    return said


def _times(ratio: float) -> str:
    if ratio >= 1:
        return f"{ratio:.3g} times"
    return f"1/{1 / ratio:.3g} of"
