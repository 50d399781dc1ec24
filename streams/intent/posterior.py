"""The posterior: of all values that may have been meant, how probable each is, given keys and context.

The typed value, each way back from it, and "something else" that no way names share one total, so they sum to 1.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

from schemas.events import Meant
from streams.intent.expected import coming

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schemas.events import Slip
    from streams.intent.channel import Alternatives
    from streams.intent.expected import Expected
    from streams.intent.mistaken import Mistaken
    from streams.intent.parameters import Parameters, PriorWeights
    from streams.intent.prior import Context

MOST_NAMED = 3


class Posterior(NamedTuple):
    """`error_likelihood` is 1 - P(typed was meant), `material` the part of it whose value differs enough to matter."""

    error_likelihood: float
    material: float
    meant: tuple[Meant, ...]


def posterior(
    context: Context,
    alternatives: Alternatives,
    mistaken: Mistaken,
    value: float,
    previous: float | None,
    expected: Expected,
    evidence: Sequence[tuple[int, float]],
    base_rate: float,
    parameters: Parameters,
    named: Callable[[], Mistaken] | None = None,
) -> Posterior:
    """Weigh the typed value against every way back from it.

    `evidence` are the indices of ways whose chance the timing of the keys changes, each with its factor. `named` finds
    more of what is mistaken, which is only worth it in doubt.
    """
    weights, typed = weigh(context, alternatives, mistaken, previous, expected, parameters.prior)
    if not value:
        typed = parameters.prior.zero
    for place, factor in evidence:
        weights[place] *= factor
    if context.slips:
        factors = context.slips
        slips = alternatives.slips
        weights = [
            weight * factors.get(slip, 1.0)
            for weight, slip in zip(weights, [*slips, *[way.slip for way in mistaken.ways]], strict=True)
        ]
    unnamed = 0.0
    if value:
        unnamed = alternatives.other * alternatives.masses[-1] * context.density.broad[alternatives.place]
    if mistaken.unseen:
        unnamed += _unseen(mistaken, weights[len(alternatives.values) :])
    errors = base_rate * (sum(weights) + unnamed)
    total = (1 - base_rate) * typed * alternatives.typed_chance + errors
    likelihood = errors / total
    scale = base_rate / total
    small = sum([weights[way] for way in alternatives.close])
    if mistaken.ways:
        first = len(alternatives.values)
        least, most = value / parameters.verdict.material, value * parameters.verdict.material
        small += sum([weights[first + way] for way, one in enumerate(mistaken.ways) if least < one.value < most])
    material = max(0.0, likelihood - scale * small)
    if likelihood < parameters.verdict.name_meant_from:
        return Posterior(likelihood, material, ())
    if named is not None and mistaken.unseen:
        return posterior(
            context, alternatives, named(), value, previous, expected, evidence, base_rate, parameters
        )  # fmt: skip
    return Posterior(likelihood, material, _likeliest(alternatives, mistaken, weights, scale))


def weigh(
    context: Context,
    alternatives: Alternatives,
    mistaken: Mistaken,
    previous: float | None,
    expected: Expected,
    shares: PriorWeights,
) -> tuple[list[float], float]:
    """P(value) x P(text | value) for each way back (of the text, then of the mind), and P(value) of the typed value."""
    parts = coming(context, previous, expected, shares)
    weights = parts.spread(context, alternatives.masses, alternatives.of_places)
    of_value, chances = alternatives.of_value, alternatives.chances
    density, usual_share, single = context.density, parts.usual, parts.single
    # The layers one after the other: a dictionary of both would have to be made for each hospital.
    for layer, values in (
        (usual_share * density.below, density.usual),
        (usual_share, density.own_usual),
        (1.0, single),
    ):
        if layer and values:
            for value in of_value.keys() & values.keys():
                share = layer * values[value]
                for way in of_value[value]:
                    weights[way] += chances[way] * share
    typed = weights.pop()
    if mistaken.ways:
        spread = parts.spread(context, mistaken.masses, mistaken.of_places)
        for one, weight in zip(mistaken.ways, spread, strict=True):
            share = single.get(one.value, 0.0) + usual_share * density.share(one.value)
            weights.append(one.chance if one.whole else weight + one.chance * share)
    return weights, typed


def _unseen(mistaken: Mistaken, weights: Sequence[float]) -> float:
    """What is left of slips that give the typed number whatever was meant, beyond the values named for them."""
    if not mistaken.ways or not mistaken.ways[-1].part:
        return sum([chance for _, chance in mistaken.unseen])
    left = 0.0
    for slip, chance in mistaken.unseen:
        named = sum(weight for weight, way in zip(weights, mistaken.ways, strict=True) if way.part and way.slip == slip)
        left += max(0.0, chance - named)
    return left


def _likeliest(alternatives: Alternatives, mistaken: Mistaken, weights: list[float], scale: float) -> tuple[Meant, ...]:
    """The values of most weight, each with the likelier of the slips that lead to it."""
    totals: dict[float, float] = {}
    best: dict[float, tuple[float, Slip]] = {}
    ways = [*zip(alternatives.values, alternatives.slips, strict=True)]
    ways += [(way.value, way.slip) for way in mistaken.ways]
    for (value, slip), weight in zip(ways, weights, strict=True):
        totals[value] = totals.get(value, 0.0) + weight
        if value not in best or weight > best[value][0]:
            best[value] = (weight, slip)
    named = heapq.nlargest(MOST_NAMED, totals.items(), key=lambda one: one[1])
    return tuple(Meant(value, weight * scale, best[value][1]) for value, weight in named if weight)
