"""Fits what changes start from: the values of the course, a usual ratio, or a value as for a new infusion.

By expectation and maximisation: each change is shared out among the explanations by how well each gives its value.
What is usual for a drug comes from other hospitals than the change itself, as it will when a new hospital joins.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from streams.intent.course import KEPT, next_of
from streams.intent.number import cell
from streams.intent.prior import AROUND_SD
from streams.intent.priors import Component, Course, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from streams.intent.fit import Value
    from streams.intent.priors import Kind

_ROUNDS = 40
_GROUPS = 4
_LEAST = 1e-12
_EXPLANATIONS = ("back", "around_back", "earlier", "step", "usual", "smooth")

Explained = dict[str, float]
"""P(value) by explanation; one that the course does not offer is absent. Titration stands as `ratio 0`, `ratio 1`, …"""


class Usual(NamedTuple):
    """What other hospitals enter: P(value) drawn from the smooth density, and from the usual values."""

    smooth: Callable[[Value, float], float]
    usual: Callable[[Value], float]


def groups_of(values: Iterable[Value]) -> list[frozenset[str]]:
    """Hospitals dealt into groups of about as many entries each; a very large one is a group of its own."""
    counts: dict[str, int] = defaultdict(int)
    for one in values:
        counts[one.hospital] += 1
    groups: list[tuple[int, list[str]]] = [(0, []) for _ in range(min(_GROUPS, len(counts)))]
    for hospital, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        least = min(range(len(groups)), key=lambda number: groups[number][0])
        total, hospitals = groups[least]
        groups[least] = (total + count, [*hospitals, hospital])
    return [frozenset(hospitals) for _, hospitals in groups]


def explained(
    values: Sequence[Value],
    usual: dict[str, Usual],
    class_shares: Callable[[Kind, float | None], tuple[float, ...]],
    ratios: Sequence[Component],
) -> Iterator[tuple[bool, Explained]]:
    """For each value in a unit that other hospitals use: whether it is a change, and what explains it.

    `usual` is by hospital.
    """
    for one, course in with_courses(values):
        digits, distance, _ = cell(one.value)
        width = class_shares(kind_of(one.unit), one.previous)[digits] * distance
        of_others = usual[one.hospital]
        smooth = of_others.smooth(one, width)
        if not smooth:
            continue  # of a unit that no other hospital uses there is nothing to compare with
        found = {"smooth": smooth}
        often = of_others.usual(one)
        if often >= 0:
            found["usual"] = often
        if one.previous:
            coming = next_of(one.previous, course)
            if coming.back is not None:
                found["back"] = float(one.value == coming.back)
                found["around_back"] = width * normal(one.value / coming.back, Component(1.0, 0.0, AROUND_SD))
                if coming.earlier:
                    found["earlier"] = (one.value in coming.earlier) / len(coming.earlier)
            if coming.step is not None:
                found["step"] = float(one.value == coming.step)
            for number, ratio in enumerate(ratios):
                found[f"ratio {number}"] = width * normal(one.value / one.previous, ratio)
        yield bool(one.previous), found


def with_courses(values: Iterable[Value]) -> Iterator[tuple[Value, tuple[float, ...]]]:
    """Each value with those entered before in the same infusion, the latest last."""
    courses: dict[tuple[str, str, str, str], tuple[float, ...]] = {}
    for one in values:
        place = (one.hospital, one.stay, one.drug, one.unit)
        course = courses.get(place, ()) if one.previous else ()
        yield one, course
        courses[place] = (*course, one.value)[-KEPT:]


def fit_course(found: Iterable[tuple[bool, Explained]], ratios: Sequence[Component]) -> tuple[Course, list[Component]]:
    """The shares of the explanations, and the ratios with their weights as changes have them."""
    rows = list(found)
    changes = [row for is_change, row in rows if is_change]
    first = _shares([row for is_change, row in rows if not is_change], ("usual", "smooth"))
    names = (*_EXPLANATIONS, *(f"ratio {number}" for number in range(len(ratios))))
    shares = _shares(changes, names)
    titration = sum(shares[f"ratio {number}"] for number in range(len(ratios)))
    drawn = shares["usual"] + shares["smooth"]
    course = Course(
        changes=len(changes),
        back=_round(shares["back"]),
        around_back=_round(shares["around_back"]),
        earlier=_round(shares["earlier"]),
        step=_round(shares["step"]),
        titration=_round(titration),
        drawn=_round(drawn),
        usual_of_drawn=_round(shares["usual"] / drawn),
        usual_of_first=_round(first["usual"]),
    )
    weighted = [
        Component(_round(shares[f"ratio {number}"] / titration), ratio.mean, ratio.sd)
        for number, ratio in enumerate(ratios)
    ]
    return course, [ratio for ratio in weighted if ratio.weight]


def _shares(rows: Sequence[Explained], names: Sequence[str]) -> dict[str, float]:
    """Shares that sum to 1. An explanation that a row does not offer keeps its share there, as nothing is known."""
    shares = {name: 1 / len(names) for name in names}
    for _ in range(_ROUNDS):
        sums = dict.fromkeys(names, 1.0)  # one each: no share is ever nothing
        for row in rows:
            offered = [name for name in names if name in row]
            scale = sum(shares[name] for name in offered)
            parts = [shares[name] * row[name] for name in offered]
            total = sum(parts) + _LEAST
            for name, part in zip(offered, parts, strict=True):
                sums[name] += scale * part / total
            for name in names:
                if name not in row:
                    sums[name] += shares[name]
        everything = sum(sums.values())
        shares = {name: part / everything for name, part in sums.items()}
    return shares


def normal(value: float, component: Component) -> float:
    """Density of a component at the base-10 logarithm of a value or ratio; the weight is left out."""
    apart = (math.log10(value) - component.mean) / component.sd
    return math.exp(-0.5 * min(apart * apart, 1000.0)) / (component.sd * math.sqrt(2 * math.pi))


def _round(value: float) -> float:
    return float(f"{value:.4g}")
