"""Why an entry was judged so, in short sentences for a nurse educator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.intent.keypad import written

if TYPE_CHECKING:
    from schemas.events import Field, Limit, Meant, Slip
    from streams.intent.display import Typed
    from streams.intent.expected import Expected
    from streams.intent.keypad import Layout
    from streams.intent.prior import Context
    from streams.intent.programme import Programme
    from streams.intent.taken_back import TakenBack
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
    "wrong_unit": "{typed} may have been meant in another unit, that is {meant} {unit}",
    "wrong_field": "{typed} may belong in another field; {meant} {unit} is usual here",
    "wrong_concentration": "{typed} {unit} is {meant} {unit} reckoned for another concentration",
    "stale_value": "{typed} stood there before and may have been kept by mistake; {meant} {unit} is usual here",
    "overshoot": "{typed} is {meant} stepped too far",
}
_TAKEN_BACK: dict[TakenBack, str] = {
    "adjacent_key": "a neighbouring key",
    "wrong_digit": "a wrong digit",
    "missing_digit": "a number with a digit missing",
    "extra_digit": "a digit too many",
    "repeated_key": "a key pressed twice",
    "key_bounce": "a key that bounced",
    "missing_decimal": "a number without its decimal point",
    "extra_decimal": "a decimal point too many",
    "misplaced_decimal": "a misplaced decimal point",
    "transposition": "two swapped digits",
    "overshoot": "a step too far",
}
_LIMITS: dict[Limit, str] = {
    "soft_low": "below the soft minimum",
    "soft_high": "above the soft maximum",
    "hard_low": "below the hard minimum",
    "hard_high": "above the hard maximum",
}
_FIELDS: dict[Field, str] = {
    "rate": "rate",
    "dose": "dose",
    "bolus": "bolus",
    "vtbi": "volume to be infused",
    "duration": "duration",
    "weight": "weight",
    "concentration": "concentration",
}
_ENOUGH = 30
"""Entries of a hospital from which its own 99% mean more than other hospitals' (judgement)."""
_PERCENT_FROM = 0.2
_WHOLE_FROM = 20
_NEARLY = 0.05
_DOUBTED = 0.03
"""From this chance on that an entry puts the one before right, that one was flagged (half of the least likelihood)."""
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


def of_correction(taken: TakenBack) -> list[str]:
    """A slip of the same hands that was seen and taken back in this entry."""
    return [f"{_TAKEN_BACK[taken]} was taken back in this entry already"] if taken in _TAKEN_BACK else []


def of_value(
    context: Context,
    value: float,
    previous: float | None,
    meant: tuple[Meant, ...],
    expected: Expected,
    programme: Programme | None = None,
) -> list[str]:
    """Why the value is doubted: the slip, the jump, what the other fields hold, and what is usual."""
    said = []
    typed, unit = written(value), context.unit
    slip = meant[0].slip if meant else None
    same = [one for one in programme.others if one.value == value] if programme is not None else []
    if slip == "wrong_field" and same:
        said.append(f"{typed} is the {_FIELDS[same[0].field]} of this programme ({typed} {same[0].unit})")
    elif slip is not None:
        said.append(_SLIPS[slip].format(typed=typed, meant=written(meant[0].value), unit=unit))
    if previous and value and not 1 / _JUMP < value / previous < _JUMP:
        said.append(f"{typed} {unit} is {times(value / previous)} the previous {written(previous)}")
    if sum(share for _, share in expected.meant) >= _DOUBTED:
        said.append("the entry before this one was flagged too")
    return said + of_usual(context, value)


def of_usual(context: Context, value: float) -> list[str]:
    """What is usual for the drug: at this hospital if it entered enough, else at those the priors were fitted to."""
    drug, unit, own, fitted = context.drug, context.unit, context.own, context.fitted
    if own is not None and own.entries >= _ENOUGH:
        side, bound = ("below", own.p99) if value > own.p99 else ("above", own.p1)
        if own.p1 <= value <= own.p99:
            return []
        return [f"{drug} at this hospital is {side} {written(bound)} {unit} in 99% of entries"]
    if fitted is not None:
        if fitted.p5 <= value <= fitted.p95:
            return []
        return [f"9 in 10 entries of {drug} are between {written(fitted.p5)} and {written(fitted.p95)} {unit}"]
    if context.field in {"rate", "dose"}:
        basis = "the library's limits" if context.row is not None else "other drugs in this unit"
        return [f"entries of {drug} in {unit} are not known well: judged by {basis}"]
    return []


def times(ratio: float) -> str:
    """A ratio in words: `10 times`, `2.5 times`, `45% of`, `1/12 of`."""
    if ratio >= 1:
        return f"{_round(ratio)} times"
    return f"1/{_round(1 / ratio)} of" if ratio <= _PERCENT_FROM else f"{ratio:.0%} of"


def _round(ratio: float) -> str:
    whole = round(ratio)
    return f"{whole:,}" if ratio >= _WHOLE_FROM or abs(ratio - whole) < _NEARLY else f"{ratio:.1f}"
