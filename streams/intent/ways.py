"""All ways back from a text to the values that may have been meant, on one keypad."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from streams.intent.digit_slips import Pad, added, missing, substituted, swapped
from streams.intent.double_slips import two_slips
from streams.intent.grid import MAX_VALUE, MIN_VALUE
from streams.intent.number import cell, roundest
from streams.intent.point_slips import point_missing, point_too_many
from streams.intent.spelling import spelling
from streams.intent.step_slips import one_digit_stepped, overshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from schemas.events import Slip
    from streams.intent.digit_slips import Meant
    from streams.intent.keypad import Layout
    from streams.intent.parameters import Parameters
    from streams.intent.spelling import Read, Reader

Way = tuple["Read", "Slip", float, int, bool]
"""One way: what may have been meant (its value and what that is on its own), the slip, P(text | value, some slip), the
place in the text of the key that came too many where its interval tells something (else 0), and whether the number
typed is the number meant, in another unit."""


KEPT_UNITS = 8192


class Ways(NamedTuple):
    """All ways to a text; `typed_chance` is P(text | the value it gives), `other` the share of slips of no way."""

    typed_chance: float
    found: tuple[Way, ...]
    other: float


def ways_to(
    parameters: Parameters, reader: Reader, layout: Layout, text: str, value: float, *, exact: bool, weight: bool
) -> Ways:
    """The ways to `text`, which the pump took as `value`. `reader` is to be as `exact` as the text.

    `exact`: the text is what the keys gave, not only the value's usual spelling. `weight`: the field is a body weight,
    which is mistaken for pounds and for no other unit.
    """
    shares = parameters.shares if layout.kind == "digits" else parameters.stepped
    pad = Pad(layout, shares, parameters.forms)
    typed_chance = spelling(text, parameters.writing) if exact else 1.0
    found: list[Way] = []
    if layout.kind == "digits":
        for meant, slip, chance, gap in texts_before(pad, text, exact=exact):
            read = reader[meant]
            if read is not None and read[0] != value:
                found.append((read, slip, chance * read[1], gap, False))
        if "." in text and value == float(text.replace(".", "")) != float(text):
            typed_chance, ignored = _ignored_point(parameters, text)
            found.append(ignored)
    else:
        steps = overshot if layout.kind == "chevrons" else one_digit_stepped
        found += _values(steps(pad, value), value, same_number=False)
    factors = parameters.forms.weight_factors if weight else parameters.forms.unit_factors
    found += _units(tuple(factors.items()), shares["wrong_unit"], value)
    return Ways(typed_chance, tuple(found), shares["other"])


def texts_before(pad: Pad, text: str, *, exact: bool) -> Iterator[Meant]:
    """The texts that slips of the finger make `text` of, on a keypad of digits."""
    point = point_too_many(pad, text) if "." in text else point_missing(pad, text, shown=not exact)
    return chain(
        substituted(pad, text), missing(pad, text), added(pad, text), point, swapped(pad, text), two_slips(pad, text)
    )


def _ignored_point(parameters: Parameters, text: str) -> tuple[float, Way]:
    """The text has a "." that the firmware ignored: the value is that of the digits without it.

    That is no slip of the hand: the chance is that of a correct entry by somebody who does not know that the pump takes
    no such number, so it outweighs the base rate. Somebody who meant the value would have pressed "." for nothing.
    """
    base_rate = parameters.base_rate
    meant = float(text)
    chance = parameters.forms.point_in_vain * (1 - base_rate) / base_rate
    way: Way = ((meant, 1.0, *cell(meant)), "missing_decimal", chance, 0, False)
    return base_rate * parameters.shares["extra_decimal"] / len(text), way


@lru_cache(maxsize=KEPT_UNITS)
def _units(factors: tuple[tuple[float, float], ...], share: float, value: float) -> tuple[Way, ...]:
    """Kept, as many texts on several keypads give one value."""
    ways: list[tuple[float, Slip, float]] = [
        (meant and roundest(meant, value), "wrong_unit", share * part / 2)
        for factor, part in factors
        for meant in (value * factor, value / factor)
    ]
    return tuple(_values(ways, value, same_number=True))


def _values(ways: Iterable[tuple[float, Slip, float]], typed: float, *, same_number: bool) -> Iterator[Way]:
    for meant, slip, chance in ways:
        if chance > 0 and meant != typed and MIN_VALUE <= meant <= MAX_VALUE:
            yield (meant, 1.0, *cell(meant)), slip, chance, 0, same_number
