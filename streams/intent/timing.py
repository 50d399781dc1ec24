"""What the intervals between keys tell: a key that bounced, one pressed twice, two hit at once."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.events import Slip
    from streams.intent.channel import Alternatives
    from streams.intent.display import Typed
    from streams.intent.keypad import Layout
    from streams.intent.parameters import Spread, Timing

_STEPS = 6
"""Intervals are told apart in steps of e^(1/6), 18%: finer ones would only fill caches."""
_AT_ONCE_MS = 110
"""Two neighbouring keys further apart than this were two presses."""


class Interval(NamedTuple):
    """A telling interval: the place in the text of its second key, its step, and whether both keys are the same.

    `long`: the key before it was held long.
    """

    place: int
    step: int
    same: bool
    long: bool = False


def intervals(layout: Layout, typed: Typed) -> tuple[Interval, ...]:
    """The telling intervals of the keys pressed; none where the pump gives no times (all keys at once)."""
    gaps = typed.gaps
    if len(gaps) < 2:
        return ()
    places = _telling(layout, typed.pressed)
    if not places or not any(gaps):
        return ()
    found = []
    for place, same in places:
        gap = gaps[place]
        if gap is not None and (same or gap < _AT_ONCE_MS):
            found.append(Interval(place, int(math.log(max(5, gap)) * _STEPS), same, same and place in typed.long))
    return tuple(found)


@lru_cache(maxsize=8192)
def _telling(layout: Layout, text: str) -> tuple[tuple[int, bool], ...]:
    """Where an interval may tell something: the place of its second key, and whether both keys are the same."""
    return tuple(
        (place, first == second)
        for place, (first, second) in enumerate(pairwise(text), 1)
        if first == second or second in layout.beside.get(first, "")
    )


def factors(alternatives: Alternatives, found: tuple[Interval, ...], timing: Timing) -> list[tuple[int, float]]:
    """For each way that an interval bears on: its index and P(interval | the slip) / P(interval | meant so)."""
    timed = alternatives.timed
    changed = factors_of([(alternatives.slips[way], alternatives.gaps[way]) for way in timed], found, timing)
    return [(timed[number], factor) for number, factor in changed.items()]


def factors_of(ways: Sequence[tuple[Slip, int]], found: tuple[Interval, ...], timing: Timing) -> dict[int, float]:
    """The same for slips with the places of their keys too many."""
    by_place = {one.place: one for one in found}
    changed = {}
    for number, (slip, place) in enumerate(ways):
        interval = by_place.get(place)
        if interval is not None:
            held = timing.long_hold_bounces if interval.long and slip == "key_bounce" else 1.0
            changed[number] = held * factor(slip, interval.step, timing)
    return changed


@lru_cache(maxsize=4096)
def factor(slip: Slip, step: int, timing: Timing) -> float:
    """How much likelier an interval is if this slip made it."""
    gap_ms = math.exp((step + 0.5) / _STEPS)
    if slip == "key_bounce":
        ratio = _density(gap_ms, timing.bounce) / _density(gap_ms, timing.same_key)
    elif slip == "repeated_key":
        ratio = _density(gap_ms, timing.repeated) / _density(gap_ms, timing.same_key)
    else:
        at_once = _density(gap_ms, timing.two_keys_at_once) / _density(gap_ms, timing.between_keys)
        ratio = 1 - timing.at_once_share + timing.at_once_share * at_once
    return min(max(ratio, 1 / timing.most_evidence), timing.most_evidence)


def _density(gap_ms: float, spread: Spread) -> float:
    apart = math.log(gap_ms / spread.median_ms) / spread.log_sd
    return math.exp(-0.5 * min(apart * apart, 1000.0)) / spread.log_sd
