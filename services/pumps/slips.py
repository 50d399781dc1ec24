"""Slips of the hand and of the mind, as keys: what is pressed when something else was meant.

The kinds and their shares stand in `behaviour.yaml`. A slip always changes the value that the pump takes; where a kind
cannot (no point in the number, no previous value), another is drawn.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from services.pumps.dice import pick
from services.pumps.keystrokes import Press, enterable, presses_for, presses_of, taken
from streams.intent.keypad import written

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from schemas.events import Slip
    from services.pumps.behaviour import SlipFigures
    from streams.intent.keypad import Layout

MOST_DIGITS = 7  # schemas.events takes values up to 10,000,000
_TRIES = 12


class Meant(NamedTuple):
    """What the nurse wants to enter, and the numbers she could confuse it with.

    `others` are values of other fields of the programme; `ratios` those of two usual concentrations of the drug.
    """

    value: float
    previous: float | None = None
    others: tuple[float, ...] = ()
    ratios: tuple[float, ...] = ()


class Slipped(NamedTuple):
    """A slip: its kind, the keys pressed (none where the value before was kept) and the value the pump takes."""

    kind: Slip
    presses: list[Press]
    value: float


class Slips:
    """Draws slips for one configuration."""

    def __init__(self, figures: SlipFigures) -> None:
        self._figures = figures
        self._shares = dict(figures.shares)
        of_mind: tuple[Slip, ...] = ("wrong_unit", "wrong_field", "stale_value")
        rest = {kind: self._shares.get(kind, 0.0) for kind in of_mind}
        scale = (1 - figures.overshoot) / (sum(rest.values()) or 1)
        self._stepped: dict[Slip, float] = {kind: share * scale for kind, share in rest.items()}
        self._stepped["overshoot"] = figures.overshoot
        bounce = figures.faulty_bounce
        self._faulty = {
            kind: bounce if kind == "key_bounce" else share * (1 - bounce) for kind, share in self._shares.items()
        }

    def rate(self, base: float, *, faulty: bool) -> float:
        """Share of entries that slip, given the share on sound keypads."""
        return min(base * (self._figures.faulty_factor if faulty else 1), 1.0)

    def bounces(self, dice: Random) -> bool:
        """Whether a wrong key on a faulty keypad is a bounce."""
        return dice.random() < self._figures.faulty_bounce

    def draw(self, meant: Meant, keypad: Layout, dice: Random, *, faulty: bool = False) -> Slipped | None:
        """A slip by its share, or None where nothing that was drawn changes the value."""
        shares = self._stepped if keypad.kind != "digits" else self._faulty if faulty else self._shares
        for _ in range(_TRIES):
            slipped = self.make(pick(dice, shares), meant, keypad, dice)
            if slipped is not None:
                return slipped
        return None

    def make(self, kind: Slip, meant: Meant, keypad: Layout, dice: Random) -> Slipped | None:
        """A slip of one kind, or None where it cannot happen to this value on this keypad."""
        if kind == "stale_value":
            if meant.previous is None or meant.previous == meant.value:
                return None
            return Slipped(kind, [], meant.previous)
        presses = self._presses(kind, meant, keypad, dice)
        if not presses:
            return None
        value = taken(presses, keypad, meant.previous)
        digits = sum(len(press.key) == 1 and press.key != "." for press in presses)
        # At 0 no pump starts: that slip is seen at once.
        if not value or value == meant.value or digits > MOST_DIGITS:
            return None
        return Slipped(kind, presses, value)

    def _presses(self, kind: Slip, meant: Meant, keypad: Layout, dice: Random) -> list[Press]:
        if kind == "overshoot":
            return _overshoot(meant, keypad, dice)
        factors: tuple[float, ...] = ()
        if kind == "wrong_unit":
            factors = tuple(self._figures.unit_factors)
        elif kind == "wrong_concentration":
            factors = meant.ratios
        elif kind == "wrong_field":
            factors = tuple(other / meant.value for other in meant.others) if meant.value else ()
        if kind in ("wrong_unit", "wrong_concentration", "wrong_field"):
            value = enterable(meant.value * dice.choice(factors), keypad) if factors else 0.0
            return presses_for(value, keypad, meant.previous) if value else []
        edit = _EDITS.get(kind)
        return edit(written(meant.value), keypad, dice, self._figures) if edit and keypad.kind == "digits" else []


def _overshoot(meant: Meant, keypad: Layout, dice: Random) -> list[Press]:
    """One press more in the direction gone, mostly of the last key; sometimes the fast chevron instead."""
    if keypad.kind == "digits":
        return []
    presses = presses_for(meant.value, keypad, meant.previous)
    if not presses:
        return []
    last = presses[-1].key
    fast = dice.random() < 0.3 and not last.endswith("FAST")
    return [*presses, Press(f"{last}_FAST" if fast else last, "step")]  # type: ignore[arg-type]


def _adjacent_key(text: str, keypad: Layout, dice: Random, _figures: SlipFigures) -> list[Press]:
    at = dice.randrange(len(text))
    return _replaced(text, at, _neighbour(keypad, text[at], dice))


def _wrong_digit(text: str, _keypad: Layout, dice: Random, _figures: SlipFigures) -> list[Press]:
    at = dice.choice([at for at, key in enumerate(text) if key != "."])
    return _replaced(text, at, dice.choice([digit for digit in "0123456789" if digit != text[at]]))


def _missing_digit(text: str, _keypad: Layout, dice: Random, figures: SlipFigures) -> list[Press]:
    if len(text) < 2:
        return []
    runs, start = [], 0
    for key, group in groupby(text):
        length = len(list(group))
        if key == "0" and length > 1:
            runs.append(start)
        start += length
    digits = [at for at, key in enumerate(text) if key != "."]
    at = dice.choice(runs if runs and dice.random() < figures.run_of_zeros else digits)
    return presses_of(text[:at] + text[at + 1 :])


def _extra_digit(text: str, keypad: Layout, dice: Random, _figures: SlipFigures) -> list[Press]:
    """A neighbour of a key is touched with it."""
    at = dice.randrange(len(text))
    digits = [key for key in keypad.beside[text[at]] if key != "."]
    if not digits:
        return []
    presses = presses_of(text)
    presses.insert(at + dice.randrange(2), Press(dice.choice(digits), "bounce"))  # type: ignore[arg-type]
    return presses


def _repeated_key(text: str, _keypad: Layout, dice: Random, _figures: SlipFigures) -> list[Press]:
    return _twice(text, dice, Press("0", "same"))


def _key_bounce(text: str, _keypad: Layout, dice: Random, _figures: SlipFigures) -> list[Press]:
    return _twice(text, dice, Press("0", "bounce"))


def _missing_decimal(text: str, _keypad: Layout, _dice: Random, _figures: SlipFigures) -> list[Press]:
    return presses_of(text.replace(".", "")) if "." in text else []


def _misplaced_decimal(text: str, _keypad: Layout, dice: Random, _figures: SlipFigures) -> list[Press]:
    if "." not in text:
        return []
    at, digits = text.index("."), text.replace(".", "")
    places = [place for place in (at - 1, at + 1) if 0 <= place < len(digits)]
    place = dice.choice(places) if places else at
    return presses_of(f"{digits[:place]}.{digits[place:]}")


def _extra_decimal(text: str, _keypad: Layout, dice: Random, _figures: SlipFigures) -> list[Press]:
    if "." in text or len(text) < 2:
        return []
    at = dice.randrange(1, len(text))
    return presses_of(f"{text[:at]}.{text[at:]}")


def _transposition(text: str, _keypad: Layout, dice: Random, _figures: SlipFigures) -> list[Press]:
    pairs = [at for at in range(len(text) - 1) if text[at] != text[at + 1]]
    if not pairs:
        return []
    at = dice.choice(pairs)
    return presses_of(text[:at] + text[at + 1] + text[at] + text[at + 2 :])


_EDITS: dict[str, Callable[[str, Layout, Random, SlipFigures], list[Press]]] = {
    "adjacent_key": _adjacent_key,
    "wrong_digit": _wrong_digit,
    "missing_digit": _missing_digit,
    "extra_digit": _extra_digit,
    "repeated_key": _repeated_key,
    "key_bounce": _key_bounce,
    "missing_decimal": _missing_decimal,
    "misplaced_decimal": _misplaced_decimal,
    "extra_decimal": _extra_decimal,
    "transposition": _transposition,
}


def _neighbour(keypad: Layout, key: str, dice: Random) -> str:
    """A key beside or, half as often, diagonal to one."""
    beside, diagonal = keypad.beside[key], keypad.diagonal[key]
    return dice.choices(beside + diagonal, [2] * len(beside) + [1] * len(diagonal))[0]


def _replaced(text: str, at: int, key: str) -> list[Press]:
    return presses_of(text[:at] + key + text[at + 1 :])


def _twice(text: str, dice: Random, again: Press) -> list[Press]:
    at = dice.choice([at for at, key in enumerate(text) if key != "."])
    presses = presses_of(text)
    presses.insert(at + 1, again._replace(key=presses[at].key))
    return presses


def taken_back(presses: list[Press], keypad: Layout, dice: Random, *, bounces: bool = False) -> list[Press]:
    """The same entry with a wrong key in it that the nurse saw at once: BACK, CLEAR and anew, or a step back.

    On digits the wrong key is a neighbour, or with `bounces` the right one that came twice.
    """
    if not presses:
        return presses
    if keypad.kind != "digits":
        last = presses[-1].key
        back = last.replace("UP", "DOWN") if last.startswith("UP") else last.replace("DOWN", "UP")
        return [*presses, Press(last, "step"), Press(back, "notice")]  # type: ignore[arg-type]
    at = dice.randrange(len(presses))
    if bounces:
        wrong = Press(presses[at].key, "bounce")
        at += 1
    else:
        wrong = Press(_neighbour(keypad, presses[at].key, dice))  # type: ignore[arg-type]
    if dice.random() < 0.5:
        return [*presses[:at], wrong, Press("BACK", "notice"), *presses[at:]]
    return [*presses[:at], wrong, Press("CLEAR", "notice"), *presses]
