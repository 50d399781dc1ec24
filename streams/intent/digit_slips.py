"""Slips of the finger on a keypad of digits: a wrong key, one missing, one too many, two swapped.

Each function gives the texts that may have been meant where `text` was typed, with P(text | meant, some slip).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.events import Slip
    from streams.intent.keypad import Layout
    from streams.intent.parameters import Forms

DIGITS = "0123456789"
_ZEROS = re.compile("00+")

Meant = tuple[str, "Slip", float, int]
"""A text that may have been meant, the slip, its chance, and the place of the key too many where timing tells, or 0."""


class Pad(NamedTuple):
    """A keypad with the shares of slips on it and the forms they take."""

    layout: Layout
    shares: dict[str, float]
    forms: Forms

    def hits(self, aimed: str) -> dict[str, float]:
        """Keys that a finger hits which aims at a neighbour of theirs, by their share."""
        return _hits(self.layout, aimed, self.forms.diagonal_neighbour)


def substituted(pad: Pad, text: str) -> Iterator[Meant]:
    """Another key than the one meant: a neighbour, "." included, or any digit."""
    digits = len(text) - text.count(".")
    wrong = pad.shares["wrong_digit"] / (9 * digits)
    adjacent = pad.shares["adjacent_key"] / len(text)
    pointless = "." not in text
    beside_point = pad.hits(".")
    for place, typed in enumerate(text):
        before, behind = text[:place], text[place + 1 :]
        aimed = _aimed(pad.layout, typed, pad.forms.diagonal_neighbour)
        for key, hit in aimed:
            if hit:
                yield before + key + behind, "adjacent_key", adjacent * hit + (wrong if typed != "." else 0.0), 0
            elif typed != ".":
                yield before + key + behind, "wrong_digit", wrong, 0
        if pointless and place and behind and typed in beside_point:
            yield f"{before}.{behind}", "adjacent_key", adjacent * beside_point[typed], 0


def missing(pad: Pad, text: str) -> Iterator[Meant]:
    """A digit of a run may be any of the run, and one of a run of zeros goes missing more easily."""
    zero, share = pad.forms.zero_of_a_run, pad.shares["missing_digit"]
    digits = len(text) - text.count(".") + 1
    usual = share / digits
    runs = "00" in text
    for place in range(len(text) + 1):
        before, behind = text[:place], text[place:]
        last, first = text[place - 1 : place] if place else "", behind[:1]
        for key in DIGITS:
            if key == last or (key == "0" and not place and first != "."):
                continue
            meant = before + key + behind
            if key != first and not runs:
                yield meant, "missing_digit", usual, 0
                continue
            run = len(behind) - len(behind.lstrip(key)) + 1
            weight = zero if key == "0" and run > 1 else 1.0
            zeros = sum(map(len, _ZEROS.findall(meant)))
            yield meant, "missing_digit", share * run * weight / (digits + (zero - 1) * zeros), 0


def added(pad: Pad, text: str) -> Iterator[Meant]:
    """A digit too many: the same key again (it bounced, or was pressed twice), a neighbour hit as well, or any."""
    length = len(text)
    if length < 2:
        return
    forms, shares = pad.forms, pad.shares
    extra = shares["extra_digit"] / length
    for place, key in enumerate(text):
        if key == ".":
            continue
        before, behind = text[:place], text[place + 1 :]
        meant = before + behind
        if meant == ".":
            continue
        again = before[-1:] == key
        if again and behind[:1] != key:
            # Of a run of equal keys the last one came too many; which of them was doubled is all the same.
            run = place - len(before.rstrip(key))
            chance = run / (length - 1)
            yield meant, "key_bounce", shares["key_bounce"] * chance, place
            yield meant, "repeated_key", shares["repeated_key"] * chance, place
        elif not again:
            yield meant, "extra_digit", extra * (1 - forms.extra_beside) / 10, 0
        around = before[-1:] + behind[:1]
        beside = sum([pad.hits(one).get(key, 0.0) for one in around]) / len(around)
        if beside:
            yield meant, "extra_digit", extra * forms.extra_beside * beside, max(place, 1)


def swapped(pad: Pad, text: str) -> Iterator[Meant]:
    """Two keys beside each other in the wrong order; a digit and the point make a misplaced point."""
    pairs = [place for place in range(1, len(text)) if text[place] != text[place - 1]]
    for place in pairs:
        meant = text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]
        slip: Slip = "misplaced_decimal" if "." in text[place - 1 : place + 1] else "transposition"
        yield meant, slip, pad.shares["transposition"] / len(pairs), 0


@lru_cache(maxsize=512)
def _hits(layout: Layout, aimed: str, diagonal_weight: float) -> dict[str, float]:
    beside, diagonal = layout.beside.get(aimed, ""), layout.diagonal.get(aimed, "")
    total = len(beside) + diagonal_weight * len(diagonal)
    return dict.fromkeys(beside, 1 / total) | dict.fromkeys(diagonal, diagonal_weight / total)


@lru_cache(maxsize=512)
def _aimed(layout: Layout, typed: str, diagonal_weight: float) -> tuple[tuple[str, float], ...]:
    """Each digit that may have been aimed at where `typed` was hit, with the share of its misses that land there."""
    return tuple((key, _hits(layout, key, diagonal_weight).get(typed, 0.0)) for key in DIGITS if key != typed)
