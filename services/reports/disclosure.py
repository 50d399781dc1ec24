"""What of other hospitals may be published: figures of at least six, none of which stands out, each blurred for good.

Three rules decide whether a figure is published, and two change it. All of them see a hospital's events only after
they were multiplied by its own secret factor, so nothing that is published, in whatever number, over whatever periods
and groups, tells a hospital's figure from another one that is 22 to 50% higher or lower. docs/benchmarks.md gives the
reasons and sources.
"""

from __future__ import annotations

import hmac
from math import exp, log
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

LEAST_OTHERS = 5
"""Hospitals besides the one that asks (issue 7); so a figure needs one more of them."""
LEAST_HOSPITALS = LEAST_OTHERS + 1
LARGEST_SHARE = 1 / 3
THREE_LARGEST_SHARE = 0.8
"""Dominance rules (1, 33%) and (3, 80%): together at least as strict as the p% rule with p = 60 against any two
hospitals that pool what they know. Judgement; p = 10 against one is common."""
NEARLY_ALL = 0.95
"""A share of nearly all says of each hospital that it is nearly all: judgement."""
BLUR_LEAST, BLUR_MOST = 0.1, 0.2
"""A hospital's factor is off by 10 to 20%, for good (Evans, Zayatz and Slanta 1998): judgement."""
ROUNDING = 0.05
"""Published rates lie on a grid of steps of 5%, so that they do not look finer than they are: judgement."""
_BANDS = (50, 20, 10, LEAST_HOSPITALS)

BLUR_VARIANCE = (BLUR_MOST**3 - BLUR_LEAST**3) / (3 * (BLUR_MOST - BLUR_LEAST))
"""Variance of a factor around 1, which the spread between hospitals is freed from again."""


class Contribution(NamedTuple):
    """What one hospital adds to a figure: events in so much exposure, in the units of the measure."""

    hospital: str
    events: float
    exposure: float


class Pooled(NamedTuple):
    """A published rate, and of how many hospitals at least."""

    rate: float
    hospitals: int


def blur(key: bytes) -> Callable[[str, str], float]:
    """The secret factor of a hospital and measure: the same in every period, group and care area.

    It is drawn evenly from 0.8-0.9 and 1.1-1.2. Being the same always, it cannot be averaged away; being another one
    for each measure, it does not cancel in a ratio of two.
    """

    def factor(hospital: str, measure: str) -> float:
        digest = hmac.digest(key, f"{hospital}\0{measure}".encode(), "sha256")
        share = int.from_bytes(digest[:8]) / 2**64
        by = BLUR_LEAST + (BLUR_MOST - BLUR_LEAST) * share
        return 1 + by if digest[8] % 2 else 1 - by

    return factor


def blurred(of: Iterable[Contribution], measure: str, factor: Callable[[str, str], float]) -> list[Contribution]:
    """The contributions as all that follows may see them, in the order of their names."""
    return [one._replace(events=one.events * factor(one.hospital, measure)) for one in sorted(of)]


def pooled(of: Sequence[Contribution], *, proportion: bool) -> Pooled | None:
    """The rate of blurred contributions, rounded; None where it would say too much of one of them."""
    events = [one.events for one in of if one.events > 0]
    if len(events) < LEAST_HOSPITALS or dominated(events) or dominated([one.exposure for one in of]):
        return None
    rate = sum(events) / sum(one.exposure for one in of)
    if proportion and rate >= NEARLY_ALL:
        return None
    return Pooled(rounded(rate), at_least(len(events)))


def dominated(amounts: Sequence[float]) -> bool:
    """Whether the largest of these amounts, or the three largest, make up too much of their sum."""
    whole = sum(amounts)
    largest = sorted(amounts, reverse=True)
    return largest[0] > LARGEST_SHARE * whole or sum(largest[:3]) > THREE_LARGEST_SHARE * whole


def at_least(hospitals: int) -> int:
    """The lower end of the band of a number of hospitals: who joins or leaves is not told."""
    return next(band for band in _BANDS if hospitals >= band)


def rounded(rate: float) -> float:
    """The rate on the grid of steps of 5%, to three digits."""
    step = log(1 + ROUNDING)
    return float(f"{exp(round(log(rate) / step) * step):.3g}")
