"""The channel: which values may have been meant, and how probable it is that they come out as what was typed.

For each slip the ways back from the text on the display to a text that may have been meant. What depends on the
keypad and the text alone is worked out once and kept; the drug and the previous value come in with the prior, the
other fields and the library with `mistaken`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from streams.intent.grid import picker
from streams.intent.number import cell
from streams.intent.spelling import Reader
from streams.intent.ways import Ways, ways_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.events import Slip
    from streams.intent.grid import OfPlaces
    from streams.intent.keypad import Layout
    from streams.intent.parameters import Parameters

KEPT_TEXTS = 8192
"""Texts whose alternatives are kept: about 10 KB each, 80 MB together."""
KEPT_WAYS = 8192
"""Texts whose ways are kept, for other roundness: about 8.5 KB each, 70 MB together."""
LEAST_WIDTH = 1e-9
LEAST_MASS = 5e-3
LEAST_ODDS = 2e-3
_ALONE = tuple((number,) for number in range(512))  # shared: most values have one way


class Alternatives(NamedTuple):
    """The ways to one text as parallel columns; the last of `chances` and `masses` is the typed value itself.

    `chances` are P(text | value meant, some slip), 1 for the typed value: its own P(text | value), which all of its
    probability shares, is `typed_chance`. `masses` are chance x width, where the width is the part of its neighbourhood
    that a value stands for (the share of its roundness class x the spacing there); `of_places` picks their places from
    a table over the grid, and `place` is that of the typed value. `timed` are the indices of ways whose chance an
    interval changes, `of_value` those that lead to one value. `other` is the share of slips that no way describes,
    `close` the indices of ways whose value hardly differs from the typed one.
    """

    typed_chance: float
    values: tuple[float, ...]
    slips: tuple[Slip, ...]
    chances: tuple[float, ...]
    masses: tuple[float, ...]
    of_places: OfPlaces
    place: int
    gaps: tuple[int, ...]
    timed: tuple[int, ...]
    of_value: dict[float, tuple[int, ...]]
    other: float
    close: tuple[int, ...]


class Channel:
    """The ways back from a text, by keypad; bounded caches."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._readers = {exact: Reader(parameters.writing, exact=exact) for exact in (True, False)}
        self.alternatives: Callable[[Layout, str, float, bool, bool, tuple[float, ...]], Alternatives]
        self.alternatives = lru_cache(KEPT_TEXTS)(self._alternatives)
        self._ways = lru_cache(KEPT_WAYS)(self._ways_to)

    def _ways_to(self, layout: Layout, text: str, value: float, exact: bool, weight: bool) -> Ways:  # noqa: FBT001
        return ways_to(self._parameters, self._readers[exact], layout, text, value, exact=exact, weight=weight)

    def _alternatives(
        self,
        layout: Layout,
        text: str,
        value: float,
        exact: bool,  # noqa: FBT001 - positional, so that the cache's key is cheap
        weight: bool,  # noqa: FBT001
        class_shares: tuple[float, ...],
    ) -> Alternatives:
        """All ways to a text. `exact`: the text is what the keys gave, not only the value's usual spelling.

        `weight`: the field is a body weight, which is mistaken for pounds and for no other unit. `class_shares`: the
        shares of the roundness classes.
        """
        ways = self._ways(layout, text, value, exact, weight)
        digits, distance, place = cell(value) if value else (0, 0.0, 0)
        typed_width = class_shares[digits] * distance
        masses = _masses(ways, typed_width, class_shares)
        # What only a prior of thousands to one could bring up is left out: with these two bounds the sensitivity on
        # held-out values stays the same to the third digit, at half the time.
        least = LEAST_MASS * max(masses, default=0.0)
        if typed_width:
            least = min(least, LEAST_ODDS * typed_width)
        found = [
            (read[0], slip, chance, gap, mass, read[4])
            for mass, (read, slip, chance, gap, _) in zip(masses, ways.found, strict=True)
            if mass >= least
        ]
        values, slips, chances, gaps, kept, places = zip(*found, strict=True) if found else ((),) * 6
        of_value: dict[float, tuple[int, ...]] = {}
        for number, meant in enumerate(values):
            earlier = of_value.get(meant)
            of_value[meant] = _ALONE[number] if earlier is None else (*earlier, number)
        of_value[value] = (len(found),)
        material = self._parameters.verdict.material
        least_close, most_close = value / material, value * material
        return Alternatives(
            ways.typed_chance,
            values,
            slips,
            (*chances, 1.0),
            (*kept, max(typed_width, LEAST_WIDTH)),
            picker((*places, place)),
            place,
            gaps,
            tuple([number for number, gap in enumerate(gaps) if gap]),
            of_value,
            ways.other,
            tuple([number for number, meant in enumerate(values) if least_close < meant < most_close]),
        )


def _masses(ways: Ways, typed_width: float, class_shares: tuple[float, ...]) -> list[float]:
    """Each way's chance x the width its value stands for.

    A number meant in another unit is as round as what was typed, or as what it is in the field's unit: half each.
    """
    return [
        chance * (class_shares[digits] * distance + typed_width) / 2
        if same_number and typed_width
        else chance * class_shares[digits] * distance
        for (_, _, digits, distance, _), _, chance, _, same_number in ways.found
    ]
