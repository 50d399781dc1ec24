"""From a value to the keys that enter it on one keypad, with the times of a hand."""

from __future__ import annotations

from math import exp, log
from typing import TYPE_CHECKING, Literal, NamedTuple

from schemas.events import KeyPress
from streams.intent.display import type_keys
from streams.intent.keypad import Layout, written

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from schemas.events import KeyName
    from services.pumps.behaviour import TypingFigures

# Why a key comes when it does: the next one meant, the same key again by accident, a contact that bounced, one of
# several steps, or a correction after a look.
Gap = Literal["next", "same", "bounce", "step", "notice"]
MOST_PRESSES = 250  # schemas.events allows 256 keys in one event


class Press(NamedTuple):
    """One key, and why it comes when it does."""

    key: KeyName
    gap: Gap = "next"


def enterable(value: float, keypad: Layout | None = None) -> float:
    """The nearest value that a pump takes.

    Digits: three decimals below 1, two below 100, none from there up, where Spectrum and Alaris ignore the point.
    Chevrons: what their steps reach (at least one slow step for a value above 0). A charted value such as 0.0999998
    is 0.1: that is what was entered.
    """
    if keypad is None or keypad.kind == "digits":
        if value >= 99.995:
            return float(round(value))
        return round(value, 3 if value < 0.9995 else 2)
    step = keypad.step(value, fast=False)
    nearest = round(max(round(value / step), 1 if value else 0) * step, 6)
    coarser = keypad.step(nearest, fast=False)
    return nearest if coarser <= step else round(round(nearest / coarser) * coarser, 6)


def presses_for(value: float, keypad: Layout, previous: float | None, *, naked_point: bool = False) -> list[Press]:
    """The keys that enter an enterable `value`; `naked_point` leaves the 0 of 0.5 away.

    Empty where the keypad steps to the value in more than MOST_PRESSES, or cannot reach it.
    """
    if keypad.kind == "digits":
        return presses_of(written(value).removeprefix("0") if naked_point and 0 < value < 1 else written(value))
    return _steps(value, keypad, previous or 0.0)


def presses_of(text: str) -> list[Press]:
    """The keys of a text of digits and points."""
    return [Press(key) for key in text]  # type: ignore[arg-type]


def taken(presses: Sequence[Press], keypad: Layout, previous: float | None) -> float | None:
    """The value that the pump makes of these keys, None if none."""
    typed = type_keys(keypad, list(enumerate(press.key for press in presses)), previous)
    if typed is not None:
        return typed.value
    return stepped(presses, keypad, previous or 0.0) if presses and keypad.kind == "cursor" else None


def stepped(presses: Sequence[Press], keypad: Layout, value: float) -> float:
    """Where steps lead from a value, on chevrons and on a cursor keypad whose cursor does not move."""
    for press in presses:
        change = keypad.step(value, fast=press.key.endswith("FAST"))
        value = round(max(0.0, value + (change if press.key.startswith("UP") else -change)), 6)
    return value


def _steps(target: float, keypad: Layout, value: float) -> list[Press]:
    presses: list[Press] = []
    while abs(target - value) > 1e-9:
        if len(presses) == MOST_PRESSES:
            return []
        left = abs(target - value)
        slow: KeyName = "UP" if target > value else "DOWN"
        fast: KeyName = "UP_FAST" if target > value else "DOWN_FAST"
        key = fast
        after = stepped([Press(fast)], keypad, value)
        # A fast step over 100 from 99.7 would end between the steps there, and never reach a whole number.
        if abs(after - value) > left + 1e-9 or after != enterable(after, keypad):
            key = slow
            after = stepped([Press(slow)], keypad, value)
            if abs(after - value) > left + 1e-9:
                return []
        presses.append(Press(key, "step" if presses and presses[-1].key == key else "next"))
        value = after
    return presses


class Hand:
    """The timing of one nurse's keys: log-normal intervals around a pace of her own."""

    def __init__(self, figures: TypingFigures, dice: Random) -> None:
        self._figures = figures
        self._dice = dice
        self._next = log(figures.interval_ms) + dice.gauss(0, figures.log_sd_between)
        self._hold = log(figures.hold_ms)

    def time(self, presses: Sequence[Press]) -> list[KeyPress]:
        """The keys with ms since the first of them, and how long each was held."""
        at = 0.0
        keys: list[KeyPress] = []
        for press in presses:
            if keys:
                at += self._interval(press.gap)
            hold = exp(self._dice.gauss(self._hold, self._figures.hold_log_sd))
            keys.append(KeyPress(press.key, round(at), round(hold)))
        return keys

    def confirm_ms(self) -> int:
        """From the last key to the confirmation."""
        return round(self._spread(log(self._figures.confirm_ms)))

    def _interval(self, gap: Gap) -> float:
        figures = self._figures
        if gap == "next":
            return self._spread(self._next)
        if gap == "same":
            return self._dice.uniform(*figures.same_key_ms)
        if gap == "bounce":
            return self._dice.uniform(*figures.bounce_ms)
        return self._spread(log(figures.step_ms if gap == "step" else figures.notice_ms))

    def _spread(self, centre: float) -> float:
        return exp(self._dice.gauss(centre, self._figures.log_sd_within))
