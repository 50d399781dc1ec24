"""The channel: which values may have been meant, and how probable it is that they come out as what was typed.

For each slip the ways back from the text on the display to a text that may have been meant. What depends on the
keypad and the text alone is worked out once and kept; the drug and the previous value come in with the prior.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from streams.intent.grid import MAX_VALUE, MIN_VALUE, index
from streams.intent.keypad import written
from streams.intent.roundness import digit_class, spacing

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.events import Slip
    from streams.intent.keypad import Layout
    from streams.intent.parameters import Parameters, Writing

KEPT_TEXTS = 8192
"""Texts whose ways are kept: about 8 KB each, 64 MB together."""
KEPT_WAYS = 2048
LEAST_WIDTH = 1e-9
LEAST_MASS = 5e-3
LEAST_ODDS = 2e-3
_ALONE = tuple((number,) for number in range(512))  # shared: most values have one way
_DIGITS = "0123456789"
_ZEROS = re.compile("00+")


Way = tuple[float, "Slip", int, bool]
"""One way from a value that may have been meant to the text that was typed: the value, the slip, the place in the text
of the key that came too many where its interval tells something (else 0), and whether the number typed is the number
meant, in another unit."""


class Weighed(NamedTuple):
    """A way with its chance and what its value is on its own: roundness class, distance to the next, place."""

    value: float
    slip: Slip
    gap: int
    same_number: bool
    chance: float
    digits: int
    distance: float
    place: int


class Alternatives(NamedTuple):
    """The ways to one text as parallel columns; the last of `chances` and `weighed` is the typed value itself.

    `chances` are P(text | value meant, some slip), 1 for the typed value: its own P(text | value), which all of its
    probability shares, is `typed_chance`. `weighed` are pairs of chance x width and the place of the value's logarithm
    on the grid, where the width is the part of its neighbourhood that a value stands for (the share of its roundness
    class x the spacing there). `timed` are the indices of ways whose chance an interval changes, `of_value` those
    that lead to one value. `other` is the share of slips that no way describes.
    """

    typed_chance: float
    values: tuple[float, ...]
    slips: tuple[Slip, ...]
    chances: tuple[float, ...]
    weighed: tuple[tuple[float, int], ...]
    gaps: tuple[int, ...]
    timed: tuple[int, ...]
    of_value: dict[float, tuple[int, ...]]
    other: float


class Channel:
    """The ways back from a text, by keypad."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self.alternatives: Callable[[Layout, str, float, bool, bool, tuple[float, ...]], Alternatives]
        self.alternatives = lru_cache(KEPT_TEXTS)(self._alternatives)
        self._ways = lru_cache(KEPT_WAYS)(self._ways_to)

    def _ways_to(self, layout: Layout, text: str, value: float, exact: bool, weight: bool) -> WaysTo:  # noqa: FBT001
        return WaysTo(self._parameters, layout, text, value, exact=exact, weight=weight)

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
        digits, distance, place = _cell(value) if value else (0, 0.0, 0)
        typed_width = class_shares[digits] * distance
        found = _worth_weighing(ways.weighed, typed_width, class_shares)
        return Alternatives(
            ways.typed_chance,
            tuple([way.value for way, _ in found]),
            tuple([way.slip for way, _ in found]),
            (*[way.chance for way, _ in found], 1.0),
            (*[(mass, way.place) for way, mass in found], (max(typed_width, LEAST_WIDTH), place)),
            tuple([way.gap for way, _ in found]),
            tuple([number for number, (way, _) in enumerate(found) if way.gap]),
            _of_value(found) | {value: (len(found),)},
            ways.shares["other"],
        )


def _worth_weighing(
    ways: list[Weighed], typed_width: float, class_shares: tuple[float, ...]
) -> list[tuple[Weighed, float]]:
    """Each way with its chance x width, without those that only a prior of thousands to one could bring up.

    With these two bounds the sensitivity on held-out values stays the same to the third digit, at half the time.
    """
    masses = [
        way.chance * (typed_width if way.same_number and typed_width else class_shares[way.digits] * way.distance)
        for way in ways
    ]
    least = LEAST_MASS * max(masses, default=0.0)
    if typed_width:
        least = min(least, LEAST_ODDS * typed_width)
    return [(way, mass) for way, mass in zip(ways, masses, strict=True) if mass >= least]


def _of_value(ways: list[tuple[Weighed, float]]) -> dict[float, tuple[int, ...]]:
    found: dict[float, tuple[int, ...]] = {}
    for number, (way, _) in enumerate(ways):
        earlier = found.get(way.value)
        found[way.value] = _ALONE[number] if earlier is None else (*earlier, number)
    return found


class WaysTo:
    """All ways to one text on one keypad: `chances` is P(text | value meant, some slip) for each."""

    def __init__(
        self, parameters: Parameters, layout: Layout, text: str, value: float, *, exact: bool, weight: bool
    ) -> None:
        self.shares = parameters.shares if layout.kind == "digits" else parameters.stepped
        self.chances: dict[Way, float] = {}
        self.typed_chance = _spelling(text, parameters.writing) if exact else 1.0
        self._parameters = parameters
        self._forms = parameters.forms
        self._layout = layout
        self._text = text
        self._value = value
        self._exact = exact
        if "." in text and float(text) != value:
            self._ignored_point()
            return
        if layout.kind == "digits":
            self._substituted()
            self._missing()
            self._added()
            if "." in text:
                self._point_too_many()
            else:
                self._point_missing()
            self._swapped()
        elif layout.kind == "chevrons":
            self._overshot()
        else:
            self._one_digit_stepped()
        self._units(parameters.forms.weight_factors if weight else parameters.forms.unit_factors)

    @cached_property
    def weighed(self) -> list[Weighed]:
        """The ways with what their values are on their own."""
        return [Weighed(*way, chance, *_cell(way[0])) for way, chance in self.chances.items()]

    def _add(self, meant: str, slip: Slip, chance: float, gap: int = 0) -> None:
        if meant[0] in "0." or "." in meant:
            spelled = _spelling(meant, self._parameters.writing)
            if not self._exact and meant[0] == ".":
                spelled = 1.0  # the display says 5 for 05 too, so .5 and 0.5 are one
        else:
            spelled = 1 - self._parameters.writing.trailing_zero
        if spelled > self._parameters.writing.odd:
            self._add_value(float(meant), slip, chance * spelled, gap)

    def _add_value(self, value: float, slip: Slip, chance: float, gap: int = 0, *, same_number: bool = False) -> None:
        if chance > 0 and value != self._value and MIN_VALUE <= value <= MAX_VALUE:
            way = (value, slip, gap, same_number)
            self.chances[way] = self.chances.get(way, 0.0) + chance

    def _ignored_point(self) -> None:
        """The text has a "." that the firmware ignored: the value is that of the digits without it.

        That is no slip of the hand: the chance is that of a correct entry, so it outweighs the base rate. Somebody
        who meant the value would have pressed "." for nothing.
        """
        base_rate = self._parameters.base_rate
        self.typed_chance = base_rate * self.shares["extra_decimal"] / len(self._text)
        self._add_value(float(self._text), "missing_decimal", (1 - base_rate) / base_rate)

    def _hits(self, meant: str) -> dict[str, float]:
        return _hits(self._layout, meant, self._forms.diagonal_neighbour)

    def _substituted(self) -> None:
        text = self._text
        digits = len(text) - ("." in text)
        wrong = self.shares["wrong_digit"] / (9 * digits)
        adjacent = self.shares["adjacent_key"] / digits
        for place, typed in enumerate(text):
            if typed == ".":
                continue
            before, behind = text[:place], text[place + 1 :]
            for key in _DIGITS:
                if key == typed:
                    continue
                meant = before + key + behind
                hit = self._hits(key).get(typed)
                if hit is None:
                    self._add(meant, "wrong_digit", wrong)
                else:
                    self._add(meant, "adjacent_key", adjacent * hit + wrong)

    def _missing(self) -> None:
        """A digit of a run may be any of the run, and one of a run of zeros goes missing more easily."""
        text, zero = self._text, self._forms.zero_of_a_run
        digits = len(text) - ("." in text) + 1
        for place in range(len(text) + 1):
            before, behind = text[:place], text[place:]
            for key in _DIGITS:
                if before[-1:] == key or (key == "0" and not place and behind[:1] != "."):
                    continue
                meant = before + key + behind
                run = len(behind) - len(behind.lstrip(key)) + 1
                weight = zero if key == "0" and run > 1 else 1.0
                zeros = sum(map(len, _ZEROS.findall(meant))) if "00" in meant else 0
                self._add(
                    meant, "missing_digit", self.shares["missing_digit"] * run * weight / (digits + (zero - 1) * zeros)
                )

    def _added(self) -> None:
        text = self._text
        length = len(text)
        if length < 2:
            return
        extra = self.shares["extra_digit"] / length
        for place, key in enumerate(text):
            if key == ".":
                continue
            before, behind = text[:place], text[place + 1 :]
            meant = before + behind
            if meant == ".":
                continue
            if before[-1:] == key:
                # Of a run of equal keys the last one came too many; which of them was doubled is all the same.
                if behind[:1] != key:
                    run = len(meant[:place]) - len(meant[:place].rstrip(key))
                    chance = run / (length - 1)
                    self._add(meant, "key_bounce", self.shares["key_bounce"] * chance, place)
                    self._add(meant, "repeated_key", self.shares["repeated_key"] * chance, place)
                continue
            around = before[-1:] + behind[:1]
            beside = sum(self._hits(one).get(key, 0.0) for one in around) / len(around)
            self._add(meant, "extra_digit", extra * (1 - self._forms.extra_beside) / 10)
            if beside:
                self._add(meant, "extra_digit", extra * self._forms.extra_beside * beside, max(place, 1))

    def _point_missing(self) -> None:
        text, hit_beside = self._text, self._forms.point_hit_beside
        share = self.shares["missing_decimal"]
        hits = self._hits(".")
        for place in range(len(text) + 1):
            self._add(f"{text[:place]}.{text[place:]}", "missing_decimal", share * (1 - hit_beside))
            hit = hits.get(text[place : place + 1])
            if hit and 0 < place < len(text) - 1:
                self._add(f"{text[:place]}.{text[place + 1 :]}", "missing_decimal", share * hit_beside * hit)

    def _point_too_many(self) -> None:
        text, hit_beside = self._text, self._forms.neighbour_is_point
        share = self.shares["extra_decimal"]
        at = text.index(".")
        whole = text[:at] + text[at + 1 :]
        self._add(whole, "extra_decimal", share * (1 - hit_beside) / max(1, len(whole) - 1))
        for key in _DIGITS:
            hit = self._hits(key).get(".")
            if hit:
                self._add(
                    text[:at] + key + text[at + 1 :], "extra_decimal", share * hit_beside * hit / (len(whole) + 1)
                )
        for place in (at - 1, at + 1):
            if 0 <= place < len(whole):
                self._add(f"{whole[:place]}.{whole[place:]}", "misplaced_decimal", self.shares["misplaced_decimal"] / 2)

    def _swapped(self) -> None:
        text = self._text
        pairs = [
            place
            for place in range(1, len(text))
            if text[place] != text[place - 1] and "." not in text[place - 1 : place + 1]
        ]
        for place in pairs:
            meant = text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]
            self._add(meant, "transposition", self.shares["transposition"] / len(pairs))

    def _overshot(self) -> None:
        slow = self._forms.overshoot_slow
        for fast, part in ((False, slow), (True, 1 - slow)):
            step = self._layout.step(self._value, fast=fast)
            for meant in (self._value - step, self._value + step):
                self._add_value(round(meant, 6), "overshoot", self.shares["overshoot"] * part / 2)

    def _one_digit_stepped(self) -> None:
        """On a cursor keypad one digit is stepped too far, or the cursor stood one place off."""
        value, lowest = self._value, -self._layout.max_decimals
        steps = [10.0**power for power in range(lowest, 6) if 10.0**power <= max(value, 1.0)]
        for step in steps:
            for meant in (value - step, value + step):
                self._add_value(round(meant, 6), "overshoot", self.shares["overshoot"] / (2 * len(steps)))
        for meant in (value / 10, value * 10):
            self._add_value(float(f"{meant:.6g}"), "misplaced_decimal", self.shares["misplaced_decimal"] / 2)

    def _units(self, factors: dict[float, float]) -> None:
        for factor, part in factors.items():
            for meant in (self._value * factor, self._value / factor):
                chance = self.shares["wrong_unit"] * part / 2
                self._add_value(float(f"{meant:.3g}"), "wrong_unit", chance, same_number=True)


@lru_cache(maxsize=512)
def _hits(layout: Layout, meant: str, diagonal_weight: float) -> dict[str, float]:
    """Keys that a finger hits which aims at a neighbour of theirs, by their share."""
    beside, diagonal = layout.beside.get(meant, ""), layout.diagonal.get(meant, "")
    total = len(beside) + diagonal_weight * len(diagonal)
    return dict.fromkeys(beside, 1 / total) | dict.fromkeys(diagonal, diagonal_weight / total)


@lru_cache(maxsize=32768)
def _spelling(text: str, writing: Writing) -> float:
    """P(text | its value): how usual it is to write a number so."""
    usual = written(float(text)) if text.strip(".") else ""
    if text == usual:
        return 1 - writing.naked_point if text.startswith("0.") else 1 - writing.trailing_zero
    if text.startswith(".") and "0" + text == usual:
        return writing.naked_point
    if text == usual + (".0" if "." not in usual else "0"):
        return writing.trailing_zero
    return writing.odd


@lru_cache(maxsize=32768)
def _cell(value: float) -> tuple[int, float, int]:
    """A number's roundness class, how far it is to the next of it, and its place on the grid.

    What a display shows as 0 stands for nothing of its neighbourhood.
    """
    digits = digit_class(written(value))
    return (digits, spacing(value, digits), index(value)) if digits >= 0 else (0, 0.0, index(value))
