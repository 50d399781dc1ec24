"""What a value is likely to be before any key is seen: anew, by titration, by the course, or as a correction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from streams.intent import grid
from streams.intent.course import Values, next_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.intent.course import Next
    from streams.intent.grid import OfPlaces
    from streams.intent.parameters import PriorWeights
    from streams.intent.prior import Context
    from streams.intent.priors import Course

_ANYWHERE = [1.0] * grid.SIZE


class Expected(NamedTuple):
    """What earlier entries of the same channel and field say of this one.

    `course` are the values entered before, the latest last. `meant` are the values the entry just before was flagged
    for, with the probability that this entry restores them.
    """

    course: Values = ()
    meant: tuple[tuple[float, float], ...] = ()


NOTHING_EXPECTED = Expected()


class Coming(NamedTuple):
    """P(value) in parts that sum to 1.

    `smooth` is spread as the context's density, `titrated` around the previous value and `around` the one before that;
    `usual` is a factor on the shares of usual values, `single` are values with a probability of their own. `ratios` and
    `near` are densities over the grid for the change from the previous value and from the one before.
    """

    smooth: float
    usual: float
    single: dict[float, float]
    titrated: float = 0.0
    around: float = 0.0
    ratios: Sequence[float] = ()
    near: Sequence[float] = ()
    within: Sequence[float] = _ANYWHERE

    def spread(self, context: Context, masses: Sequence[float], of_places: OfPlaces) -> list[float]:
        """The spread part for each mass (chance x width) in its place: the usual and single values are to be added."""
        smooth, titrated, around = self.smooth, self.titrated, self.around
        anew = context.density.picked(of_places)
        if not self.ratios:
            return [mass * smooth * cell for mass, cell in zip(masses, anew, strict=True)]
        changed = zip(masses, anew, of_places(self.within), of_places(self.ratios), strict=True)
        if not around:
            return [mass * (smooth * cell + titrated * ratio * within) for mass, cell, within, ratio in changed]
        return [
            mass * (smooth * cell + (titrated * ratio + around * near) * within)
            for (mass, cell, within, ratio), near in zip(changed, of_places(self.near), strict=True)
        ]


def coming(context: Context, previous: float | None, expected: Expected, shares: PriorWeights) -> Coming:
    """What this entry is likely to be, by the value before it and what earlier ones say."""
    density = context.density
    anew = 1 - shares.zero
    single: dict[float, float] = {}
    for value, share in expected.meant:
        _add(single, value, share)
        anew -= share
    if not previous:
        usual_share = anew * density.usual_share
        return Coming(anew - usual_share, _each(usual_share, density.usual_share), single)
    course = context.course
    after = next_of(previous, expected.course)
    scale = anew / (shares.same_again + _present(course, after))
    _add(single, previous, shares.same_again * scale)
    if after.step is not None:
        _add(single, after.step, course.step * scale)
    if after.back is not None:
        _add(single, after.back, course.back * scale)
        for value in after.earlier:
            _add(single, value, course.earlier * scale / len(after.earlier))
    drawn = course.drawn * scale
    # Who draws a value anew in mid-course takes a usual one more often than who starts.
    odds = density.usual_share / (1 - density.usual_share) * context.usual_odds
    usual_share = drawn * odds / (1 + odds)
    before = grid.index(previous)
    return Coming(
        drawn - usual_share,
        _each(usual_share, density.usual_share),
        single,
        course.titration * scale,
        0.0 if after.back is None else course.around_back * scale,
        context.titration.since(before),
        () if after.back is None else context.around.since(grid.index(after.back)),
        # Who is beyond a limit already may be titrated there; who is not, hardly ever.
        density.within if density.within[before] == 1 else _ANYWHERE,
    )


def _present(course: Course, after: Next) -> float:
    """The shares of what can come after this course."""
    present = course.titration + course.drawn
    if after.back is not None:
        present += course.back + course.around_back
        if after.earlier:
            present += course.earlier
    return present + (course.step if after.step is not None else 0.0)


def _add(single: dict[float, float], value: float, share: float) -> None:
    single[value] = single.get(value, 0.0) + share


def _each(usual_share: float, of_shares: float) -> float:
    return usual_share / of_shares if usual_share else 0.0
