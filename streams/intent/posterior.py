"""The posterior: of all values that may have been meant, how probable each is, given keys and context.

The typed value, each way back from it, and "something else" that no way names share one total, so they sum to 1.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

from schemas.events import Meant
from streams.intent import grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.events import Slip
    from streams.intent.channel import Alternatives
    from streams.intent.parameters import Parameters, PriorWeights
    from streams.intent.prior import Context

MOST_NAMED = 3
_SAME_CELL = grid.SIZE - 1
_ANYWHERE = [1.0] * grid.SIZE


class Expected(NamedTuple):
    """What the entry just before on this field says of this one.

    `back` is the value that stood before that entry; it counts where there is a previous value. `meant` are the
    values it was flagged for, with the probability that this entry restores them.
    """

    back: float | None = None
    meant: tuple[tuple[float, float], ...] = ()


class Posterior(NamedTuple):
    """`error_likelihood` is 1 - P(typed was meant); `other` the part of it that no value explains."""

    error_likelihood: float
    meant: tuple[Meant, ...]
    other: float


NOTHING_EXPECTED = Expected()


def posterior(
    context: Context,
    alternatives: Alternatives,
    value: float,
    previous: float | None,
    expected: Expected,
    evidence: Sequence[tuple[int, float]],
    base_rate: float,
    parameters: Parameters,
) -> Posterior:
    """Weigh the typed value against every way back from it.

    `evidence` are the indices of ways whose chance the timing of the keys changes, each with its factor.
    """
    weights = weigh(context, alternatives, previous, expected, parameters.prior)
    typed = weights.pop()
    if not value:
        typed = parameters.prior.zero
    for place, factor in evidence:
        weights[place] *= factor
    width, place = alternatives.weighed[-1]
    other = base_rate * alternatives.other * width * context.density.broad[place] if value else 0.0
    errors = base_rate * sum(weights)
    total = (1 - base_rate) * typed * alternatives.typed_chance + errors + other
    likelihood = (errors + other) / total
    if likelihood < parameters.verdict.name_meant_from:
        return Posterior(likelihood, (), other / total)
    return Posterior(likelihood, _likeliest(alternatives, weights, base_rate / total), other / total)


def weigh(
    context: Context,
    alternatives: Alternatives,
    previous: float | None,
    expected: Expected,
    shares: PriorWeights,
) -> list[float]:
    """P(value) x P(text | value) for each way back, and last P(value) for the typed value."""
    density = context.density
    cells, ratios = density.cells, context.titration
    atoms = expected.meant
    anew = 1 - shares.zero
    if atoms:
        anew -= sum(share for _, share in atoms)
    if previous:
        back = shares.back if expected.back else 0.0
        anew -= shares.same_again + back
        titrated = anew * shares.titration
        anew -= titrated
        smooth = anew * density.smooth_share
        before = grid.index(previous)
        shift = _SAME_CELL - before
        # Who is beyond a limit already may be titrated there; who is not, hardly ever.
        within = density.within if density.within[before] == 1 else _ANYWHERE
        if back:
            behind = _SAME_CELL - grid.index(expected.back or previous)
            weights = [
                mass
                * (
                    smooth * cells[place]
                    + titrated * ratios[place + shift] * within[place]
                    + back * ratios[place + behind]
                )
                for mass, place in alternatives.weighed
            ]
        else:
            weights = [
                mass * (smooth * cells[place] + titrated * ratios[place + shift] * within[place])
                for mass, place in alternatives.weighed
            ]
        atoms = (*atoms, (previous, shares.same_again))
    else:
        smooth = anew * density.smooth_share
        weights = [mass * smooth * cells[place] for mass, place in alternatives.weighed]
    of_value, chances = alternatives.of_value, alternatives.chances
    for usual, share in density.usual:
        if usual in of_value:
            for way in of_value[usual]:
                weights[way] += chances[way] * anew * share
    for atom, share in atoms:
        for way in of_value.get(atom, ()):
            weights[way] += chances[way] * share
    return weights


def _likeliest(alternatives: Alternatives, weights: list[float], scale: float) -> tuple[Meant, ...]:
    """The values of most weight, each with the likelier of the slips that lead to it."""
    totals: dict[float, float] = {}
    best: dict[float, tuple[float, Slip]] = {}
    for value, slip, weight in zip(alternatives.values, alternatives.slips, weights, strict=True):
        totals[value] = totals.get(value, 0.0) + weight
        if value not in best or weight > best[value][0]:
            best[value] = (weight, slip)
    named = heapq.nlargest(MOST_NAMED, totals.items(), key=lambda one: one[1])
    return tuple(Meant(value, weight * scale, best[value][1]) for value, weight in named if weight)
