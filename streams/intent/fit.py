"""Fits the priors to entered values: densities over log dose, usual values, titration, roundness."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from streams.intent.course import next_of
from streams.intent.fit_course import Usual, explained, fit_course, groups_of, normal, with_courses
from streams.intent.keypad import written
from streams.intent.priors import (
    AFTER,
    KINDS,
    After,
    Component,
    Fitted,
    Kind,
    Priors,
    Source,
    Titration,
    after,
    kind_of,
)
from streams.intent.roundness import CLASSES, digit_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FEWEST = 8
"""Fewer entries of a drug and unit than this are not fitted: the figures would be nearly the rows themselves."""
LEAST_SD = 0.06
"""A component is at least this wide (powers of ten), or it would be one patient's dose."""
USUAL_AT_LEAST = 5
MOST_USUAL = 12
MOST_USUAL_OF_UNIT = 24
TRUST_AFTER = 20
"""Entries of a drug and unit that weigh as much as all of the unit."""
_ROUNDS = 60
_RATIOS = 4


class Value(NamedTuple):
    """One entered value: canonical drug and unit, and the value before it in the same infusion, if any."""

    hospital: str
    stay: str
    drug: str
    unit: str
    value: float
    previous: float | None


def fit(values: Iterable[Value], sources: Sequence[Source], version: str) -> Priors:
    """Priors from entered values above zero."""
    entered = [one for one in values if one.value > 0]
    classes: dict[tuple[Kind, After], Counter[int]] = defaultdict(Counter)
    for one in entered:
        classes[kind_of(one.unit), after(one.previous)][digit_class(written(one.value))] += 1
    digits = {kind: {before: _digits(classes[kind, before]) for before in AFTER} for kind in KINDS}
    shares = {kind: {before: tuple(digits[kind][before].values()) for before in AFTER} for kind in KINDS}
    ratios = _mixture(_new_ratios(entered), _RATIOS, least_sd=0.04)
    usual: dict[str, Usual] = {}
    for group in groups_of(entered):
        of_others = _Tables([one for one in entered if one.hospital not in group])
        usual |= dict.fromkeys(group, Usual(of_others.smooth, of_others.often))
    course, ratios = fit_course(
        explained(entered, usual, lambda kind, before: shares[kind][after(before)], ratios), ratios
    )
    tables = _Tables(entered)
    return Priors(
        version=version,
        sources=list(sources),
        digits=digits,
        titration=Titration(course.changes, ratios),
        course=course,
        units=tables.units,
        drugs=tables.drugs,
    )


class _Tables:
    """What is entered by unit, and by drug and unit."""

    def __init__(self, values: Iterable[Value]) -> None:
        of_drug: dict[tuple[str, str], list[Value]] = defaultdict(list)
        of_unit: dict[str, list[Value]] = defaultdict(list)
        for one in values:
            of_drug[one.drug, one.unit].append(one)
            of_unit[one.unit].append(one)
        self.drugs: dict[str, dict[str, Fitted]] = {}
        for (drug, unit), some in sorted(of_drug.items()):
            if len(some) >= FEWEST:
                self.drugs.setdefault(drug, {})[unit] = _fitted(some)
        self.units = {
            unit: _fitted(some, MOST_USUAL_OF_UNIT) for unit, some in sorted(of_unit.items()) if len(some) >= FEWEST
        }

    def smooth(self, one: Value, width: float) -> float:
        """P(value) from the densities of its drug and unit; `width` is the part of its neighbourhood it stands for."""
        return width * sum(
            share * ratio.weight * normal(one.value, ratio)
            for share, known in self._known(one)
            for ratio in known.density
        )

    def often(self, one: Value) -> float:
        """Share of the value among the usual ones of its drug and unit; -1 where none are known."""
        known = self._known(one)
        total = sum(share * sum(fitted.usual.values()) for share, fitted in known)
        return sum(share * fitted.usual.get(one.value, 0.0) for share, fitted in known) / total if total else -1.0

    def _known(self, one: Value) -> list[tuple[float, Fitted]]:
        of_drug = self.drugs.get(one.drug, {}).get(one.unit)
        of_unit = self.units.get(one.unit)
        trust = of_drug.entries / (of_drug.entries + TRUST_AFTER) if of_drug else 0.0
        return [(share, known) for share, known in ((trust, of_drug), (1 - trust, of_unit)) if known]


def _new_ratios(values: Iterable[Value]) -> list[float]:
    """Logarithms of value / value before, of changes that the course itself does not explain."""
    found = []
    for one, course in with_courses(values):
        if not one.previous or one.value == one.previous:
            continue
        coming = next_of(one.previous, course)
        if one.value not in (coming.back, coming.step, *coming.earlier):
            found.append(math.log10(one.value / one.previous))
    return found


def _digits(classes: Counter[int]) -> dict[str, float]:
    total = sum(classes.values()) + len(CLASSES)
    return {name: _round((classes[place] + 1) / total) for place, name in enumerate(CLASSES)}


def _fitted(some: list[Value], most_usual: int = MOST_USUAL) -> Fitted:
    ordered = sorted(one.value for one in some)
    logs = [math.log10(value) for value in ordered]
    stays = defaultdict(set)
    for one in some:
        stays[one.value].add((one.hospital, one.stay))
    counts = Counter(ordered)
    # A value of one patient is not a usual value, however often it was charted for him.
    usual = [
        (value, count) for value, count in counts.most_common() if count >= USUAL_AT_LEAST and len(stays[value]) > 2
    ]
    components = 1 if len(logs) < 30 else 2 if len(logs) < 150 else 3
    return Fitted(
        entries=len(some),
        hospitals=len({one.hospital for one in some}),
        p5=_round(_quantile(ordered, 0.05)),
        p95=_round(_quantile(ordered, 0.95)),
        density=_mixture(logs, components, LEAST_SD),
        usual={value: _round(count / len(some)) for value, count in sorted(usual[:most_usual])},
    )


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _mixture(points: list[float], components: int, least_sd: float) -> list[Component]:
    """A mixture of normal densities by expectation and maximisation, started from the quantiles."""
    if not points:
        return []
    counted = sorted(Counter(round(point, 3) for point in points).items())
    ordered = sorted(points)
    mean = sum(points) / len(points)
    spread = math.sqrt(sum((point - mean) ** 2 for point in points) / len(points)) or least_sd
    found = [
        (1 / components, _quantile(ordered, (place + 0.5) / components), max(spread / (1 + place % 2), least_sd))
        for place in range(components)
    ]
    for _ in range(_ROUNDS):
        sums = [[1e-9, 0.0, 0.0] for _ in found]
        for point, count in counted:
            parts = [
                weight / sd * math.exp(-0.5 * ((point - centre) / sd) ** 2) + 1e-12 for weight, centre, sd in found
            ]
            total = sum(parts)
            for into, part in zip(sums, parts, strict=True):
                share = count * part / total
                into[0] += share
                into[1] += share * point
                into[2] += share * point * point
        found = [
            (
                weight / len(points),
                first / weight,
                max(math.sqrt(max(0.0, second / weight - (first / weight) ** 2)), least_sd),
            )
            for weight, first, second in sums
        ]
    return [
        Component(_round(weight), round(centre, 4), _round(sd))
        for weight, centre, sd in sorted(found)
        if weight > 0.005
    ]


def _round(value: float) -> float:
    return float(f"{value:.4g}")
