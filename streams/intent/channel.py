"""The channel: which values may have been meant, and how probable it is that they come out as what was typed.

For each slip the ways back from the text on the display to a text that may have been meant. What depends on the
keypad and the text alone is worked out once and kept; the drug and the previous value come in with the prior.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from streams.intent.grid import MAX_VALUE, MIN_VALUE, index
from streams.intent.keypad import written
from streams.intent.roundness import CLASSES, digit_class, spacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from schemas.events import Slip
    from streams.intent.keypad import Layout
    from streams.intent.parameters import Parameters, Writing

KEPT_TEXTS = 8192
LEAST_MASS = 5e-3
LEAST_ODDS = 2e-3


class Way(NamedTuple):
    """One way from a value that may have been meant to the text that was typed.

    `chance` is P(text | value meant, some slip). `gap` is the place in the text of the key that came too many, where
    its interval tells something.
    """

    value: float
    slip: Slip
    chance: float
    gap: int = 0
    same_number: bool = False


class Alternatives(NamedTuple):
    """The ways to one text as parallel columns, with the typed value's own figures.

    `weighed` are pairs of chance x width and the place of the value's logarithm on the grid, where the width is the
    part of its neighbourhood that a value stands for (the share of its roundness class x the spacing there).
    `timed` are the indices of ways whose chance an interval changes, `of_value` those that lead to one value.
    """

    typed_chance: float
    typed_place: int
    typed_width: float
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
        ways = _Ways(self._parameters, layout, text, value, exact)
        all_ways = [(way, _mass(way, value, class_shares)) for way in _merged(ways.all(weight=weight))]
        typed_width = width(value, class_shares) if value else 0.0
        found = _worth_weighing(all_ways, typed_width)
        typed_chance = _spelling(text, self._parameters.writing) if exact else 1.0
        return Alternatives(
            typed_chance * ways.typed_share(),
            index(value) if value else -1,
            typed_width,
            tuple(way.value for way, _ in found),
            tuple(way.slip for way, _ in found),
            tuple(way.chance for way, _ in found),
            tuple((mass, index(way.value)) for way, mass in found),
            tuple(way.gap for way, _ in found),
            tuple(place for place, (way, _) in enumerate(found) if way.gap),
            _of_value([way for way, _ in found]),
            ways.shares["other"],
        )


def _mass(way: Way, typed: float, class_shares: tuple[float, ...]) -> float:
    """In a wrong unit the number typed is the number meant, and so is how round it is."""
    return way.chance * width(typed if way.same_number and typed else way.value, class_shares)


def _worth_weighing(ways: list[tuple[Way, float]], typed_width: float) -> list[tuple[Way, float]]:
    """Leave out ways that only a prior of thousands to one could bring up: they cost time on every entry.

    With these two bounds the sensitivity on held-out values stays the same to the third digit, at half the time.
    """
    least = LEAST_MASS * max((mass for _, mass in ways), default=0.0)
    if typed_width:
        least = min(least, LEAST_ODDS * typed_width)
    return [(way, mass) for way, mass in ways if mass >= least]


def _of_value(ways: list[Way]) -> dict[float, tuple[int, ...]]:
    found: dict[float, list[int]] = {}
    for place, way in enumerate(ways):
        found.setdefault(way.value, []).append(place)
    return {value: tuple(places) for value, places in found.items()}


def _merged(ways: Iterator[Way]) -> list[Way]:
    """One way for each value and slip and interval, likeliest first."""
    sums: dict[tuple[float, Slip, int, bool], float] = {}
    for way in ways:
        if MIN_VALUE <= way.value <= MAX_VALUE and way.chance > 0:
            key = (way.value, way.slip, way.gap, way.same_number)
            sums[key] = sums.get(key, 0.0) + way.chance
    found = [Way(value, slip, chance, gap, same) for (value, slip, gap, same), chance in sums.items()]
    return sorted(found, key=lambda way: (-way.chance, way.value, way.slip, way.gap))


class _Ways:
    def __init__(self, parameters: Parameters, layout: Layout, text: str, value: float, exact: bool) -> None:
        self.shares = parameters.shares if layout.kind == "digits" else parameters.stepped
        self._parameters = parameters
        self._forms = parameters.forms
        self._layout = layout
        self._text = text
        self._value = value
        self._exact = exact
        # The text has a "." that the firmware ignored: the value is that of the digits without it.
        self._ignored = "." in text and float(text) != value

    def typed_share(self) -> float:
        """P(text | value meant): with an ignored ".", somebody who meant the value pressed "." for nothing."""
        if self._ignored:
            return self._parameters.base_rate * self.shares["extra_decimal"] / len(self._text)
        return 1.0

    def all(self, *, weight: bool) -> Iterator[Way]:
        if self._ignored:
            # No slip of the hand: the chance is that of a correct entry, so it outweighs the base rate.
            yield Way(float(self._text), "missing_decimal", (1 - self._parameters.base_rate) / self._parameters.base_rate)
            return
        if self._layout.kind == "digits":
            for way in (
                *self._substituted(),
                *self._missing(),
                *self._added(),
                *self._points(),
                *self._swapped(),
            ):
                if way.value != self._value:
                    yield way
        else:
            yield from self._stepped()
        yield from self._units(weight=weight)

    def _way(self, meant: str, slip: Slip, chance: float, gap: int = 0) -> Iterator[Way]:
        spelled = _spelling(meant, self._parameters.writing)
        if not self._exact and meant.startswith("."):
            spelled = 1.0  # the display says 5 for 05 too, so .5 and 0.5 are one
        if spelled > self._parameters.writing.odd:
            yield Way(float(meant), slip, chance * spelled, gap)

    def _hits(self, meant: str) -> dict[str, float]:
        """Keys hit by a finger that aims at a key, by their share."""
        beside, diagonal = self._layout.beside.get(meant, ""), self._layout.diagonal.get(meant, "")
        total = len(beside) + self._forms.diagonal_neighbour * len(diagonal)
        return {key: 1 / total for key in beside} | {
            key: self._forms.diagonal_neighbour / total for key in diagonal
        }

    def _substituted(self) -> Iterator[Way]:
        text = self._text
        digits = sum(key != "." for key in text)
        for place, typed in enumerate(text):
            if typed == ".":
                continue
            for key in "0123456789":
                if key == typed:
                    continue
                meant = text[:place] + key + text[place + 1 :]
                hit = self._hits(key).get(typed, 0.0)
                if hit:
                    yield from self._way(meant, "adjacent_key", self.shares["adjacent_key"] * hit / digits)
                yield from self._way(meant, "wrong_digit", self.shares["wrong_digit"] / (9 * digits))

    def _missing(self) -> Iterator[Way]:
        text = self._text
        for meant in {text[:place] + key + text[place:] for place in range(len(text) + 1) for key in "0123456789"}:
            weights = [self._loss(meant, place) for place in range(len(meant))]
            lost = sum(
                weight for place, weight in enumerate(weights) if weight and meant[:place] + meant[place + 1 :] == text
            )
            yield from self._way(meant, "missing_digit", self.shares["missing_digit"] * lost / sum(weights))

    def _loss(self, meant: str, place: int) -> float:
        key = meant[place]
        if key == ".":
            return 0.0
        in_run = key == "0" and "0" in (meant[place - 1 : place], meant[place + 1 : place + 2])
        return self._forms.zero_of_a_run if in_run else 1.0

    def _added(self) -> Iterator[Way]:
        text = self._text
        if len(text) < 2:
            return
        for place, key in enumerate(text):
            if key == ".":
                continue
            meant = text[:place] + text[place + 1 :]
            if not meant.strip("."):
                continue
            if place and text[place - 1] == key:
                run = len(meant) - len(meant.rstrip(key)) if place == len(text) - 1 else 1
                chance = max(1, run) / len(meant)
                yield from self._way(meant, "key_bounce", self.shares["key_bounce"] * chance, place)
                yield from self._way(meant, "repeated_key", self.shares["repeated_key"] * chance, place)
                continue
            around = [one for one in (text[place - 1 : place], text[place + 1 : place + 2]) if one]
            beside = sum(self._hits(one).get(key, 0.0) for one in around) / len(around)
            positions = len(text)
            extra = self.shares["extra_digit"] / positions
            anywhere = extra * (1 - self._forms.extra_beside) / 10
            gap = place if place and beside else 1 if beside else 0
            yield from self._way(meant, "extra_digit", anywhere)
            if beside:
                yield from self._way(meant, "extra_digit", extra * self._forms.extra_beside * beside, gap)

    def _points(self) -> Iterator[Way]:
        text, forms = self._text, self._forms
        missing, extra = self.shares["missing_decimal"], self.shares["extra_decimal"]
        if "." not in text:
            for place in range(len(text) + 1):
                yield from self._way(
                    f"{text[:place]}.{text[place:]}", "missing_decimal", missing * (1 - forms.point_hit_beside)
                )
            if text.endswith("0"):
                return
            for place, key in enumerate(text):
                hit = self._hits(".").get(key, 0.0)
                if hit and place:
                    meant = f"{text[:place]}.{text[place + 1 :]}"
                    yield from self._way(meant, "missing_decimal", missing * forms.point_hit_beside * hit)
            return
        at = text.index(".")
        whole = text[:at] + text[at + 1 :]
        yield from self._way(whole, "extra_decimal", extra * (1 - forms.neighbour_is_point) / max(1, len(whole) - 1))
        for key in "0123456789":
            hit = self._hits(key).get(".", 0.0)
            if hit:
                meant = text[:at] + key + text[at + 1 :]
                yield from self._way(meant, "extra_decimal", extra * forms.neighbour_is_point * hit / len(meant))
        for place in (at - 1, at + 1):
            if 0 <= place < len(whole):
                meant = f"{whole[:place]}.{whole[place:]}"
                yield from self._way(meant, "misplaced_decimal", self.shares["misplaced_decimal"] / 2)

    def _swapped(self) -> Iterator[Way]:
        text = self._text
        pairs = [
            place
            for place in range(1, len(text))
            if text[place] != text[place - 1] and "." not in text[place - 1 : place + 1]
        ]
        for place in pairs:
            meant = text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]
            yield from self._way(meant, "transposition", self.shares["transposition"] / len(pairs))

    def _stepped(self) -> Iterator[Way]:
        value, share = self._value, self.shares["overshoot"]
        if self._layout.kind == "chevrons":
            for fast, part in ((False, self._forms.overshoot_slow), (True, 1 - self._forms.overshoot_slow)):
                step = self._layout.step(value, fast=fast)
                for meant in (value - step, value + step):
                    yield Way(round(meant, 6), "overshoot", share * part / 2)
            return
        places = [10.0**power for power in range(-self._layout.max_decimals, 6) if 10.0**power <= max(value, 1.0)]
        for step in places:
            for meant in (value - step, value + step):
                yield Way(round(meant, 6), "overshoot", share / (2 * len(places)))
        for meant in (value / 10, value * 10):
            yield Way(float(f"{meant:.6g}"), "misplaced_decimal", self.shares["misplaced_decimal"] / 2)

    def _units(self, *, weight: bool) -> Iterator[Way]:
        factors = self._forms.weight_factors if weight else self._forms.unit_factors
        for factor, part in factors.items():
            for meant in (self._value * factor, self._value / factor):
                chance = self.shares["wrong_unit"] * part / 2
                yield Way(float(f"{meant:.3g}"), "wrong_unit", chance, same_number=True)


@lru_cache(maxsize=65536)
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


@lru_cache(maxsize=65536)
def width(value: float, class_shares: tuple[float, ...]) -> float:
    """The part of its neighbourhood a number stands for, in powers of ten: a round one stands for more of it."""
    digits = digit_class(written(value))
    if digits < 0 or not math.isfinite(value):
        return 0.0
    return class_shares[min(digits, len(CLASSES) - 1)] * spacing(value, digits)
