"""The prior of one hospital: what it was seen to enter, over what all hospitals enter, over the shipped figures.

The thinner a level's own entries are, the more the next one counts: n entries weigh n / (n + `trust`).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

from streams.intent import grid
from streams.intent.bounded import Bounded
from streams.intent.prior import Density

if TYPE_CHECKING:
    from schemas.drugs.care_areas import Profile
    from schemas.events import Slip
    from streams.intent.learned import Learned, LearnedOf
    from streams.intent.parameters import Parameters
    from streams.intent.prior import Context

OF_THE_MIND = frozenset({"wrong_unit", "wrong_field", "wrong_concentration", "stale_value"})
"""Slips that nobody takes back while typing: the number is the one she had in mind."""
KEPT = 8192
"""Densities of hospitals kept, about 7 KB each: 57 MB; as many of all hospitals together."""
KEPT_HOSPITALS = 8192
"""Hospitals whose shares of slips are kept, about 1.5 KB each: 12 MB."""
NEWS = 0.12
"""A context is made anew when its entries have changed by this share: then its figures move by less than they err."""


class Own(NamedTuple):
    """What the evidence says of a hospital's own entries: how many, and between which values 98 in 100 lie."""

    entries: float
    p1: float
    p99: float


class _Made(NamedTuple):
    density: Density
    slips: dict[Slip, float]
    own: Own | None
    entries: float
    everywhere: float


class _Everywhere(NamedTuple):
    density: Density
    version: int


class _Slips(NamedTuple):
    factors: dict[Slip, float]
    as_of: tuple[int, int]


class Taught:
    """Contexts of hospitals that something was learned of; bounded, what was made longest ago goes first."""

    def __init__(self, parameters: Parameters, learned: Learned) -> None:
        self._weights = parameters.learned
        self._shares = parameters.shares
        self._learned = learned
        self._made: Bounded[tuple[Density, Profile, str], _Made] = Bounded(KEPT)
        self._everywhere: Bounded[tuple[Density, Profile], _Everywhere] = Bounded(KEPT)
        self._slips: Bounded[str, _Slips] = Bounded(KEPT_HOSPITALS)

    def context(self, context: Context, hospital: str) -> Context:
        """The context at a hospital; the given one where nothing was learned of its drug."""
        own = self._learned.of(hospital, context.drug, context.unit, context.profile)
        everywhere = self._learned.everywhere(context.drug, context.unit, context.profile)
        if own is None and everywhere is None:
            return context
        entries = own.entries if own else 0.0
        elsewhere = everywhere.entries if everywhere else 0.0
        # By density and not by context: care areas with the same limits share what is made.
        place = (context.density, context.profile, hospital)
        made = self._made.get(place)
        if made is None or _news(made.entries, entries) or _news(made.everywhere, elsewhere):
            density = context.density
            if everywhere is not None:
                density = self._over_all(density, context.profile, everywhere)
            if own is not None:
                density = _over(density, own, self._weights.trust_hospital)
            made = _Made(density, self._slips_of(hospital), None if own is None else _own(own), entries, elsewhere)
            self._made.put(place, made)
        return context.of_hospital(made.density, made.slips, made.own)

    def _over_all(self, below: Density, profile: Profile, everywhere: LearnedOf) -> Density:
        """What all hospitals enter, over what ships: the same for each of them."""
        made = self._everywhere.get((below, profile))
        if made is None or made.version != everywhere.version:
            made = _Everywhere(_over(below, everywhere, self._weights.trust_all_hospitals).flat(), everywhere.version)
            self._everywhere.put((below, profile), made)
        return made.density

    def _slips_of(self, hospital: str) -> dict[Slip, float]:
        """Factors on the shares of slips: the hospital's own ones, over the shipped shares."""
        as_of = self._learned.slips_as_of(hospital)
        known = self._slips.get(hospital)
        if known is None or known.as_of != as_of:
            known = _Slips(self._factors(hospital), as_of)
            self._slips.put(hospital, known)
        return known.factors

    def _factors(self, hospital: str) -> dict[Slip, float]:
        confirmed = self._learned.slips(hospital)
        taken_back = self._learned.taken_back(hospital)
        if not confirmed and not taken_back:
            return {}
        trust = self._weights.trust_slips
        total = trust + sum(confirmed.values())
        shares = {
            slip: (trust * share + confirmed.get(slip, 0.0)) / total for slip, share in self._shares.items() if share
        }
        self._share_out(shares, taken_back, total)
        return {cast("Slip", slip): share / self._shares[slip] for slip, share in shares.items() if slip != "other"}

    def _share_out(self, shares: dict[str, float], taken_back: dict[str, float], total: float) -> None:
        """Divide what slips of the finger have together by what was taken back, too; the others' shares stay.

        How often a slip is seen at once says nothing of how often one is made in all.
        """
        finger = {slip: share for slip, share in shares.items() if slip not in OF_THE_MIND and slip != "other"}
        seen = {slip: count for slip, count in taken_back.items() if slip in finger}
        count = sum(seen.values())
        if not count:
            return
        weight = min(self._weights.taken_back * count, self._weights.taken_back_most)
        together = sum(finger.values())
        for slip, share in finger.items():
            of_seen = together * seen.get(slip, 0.0) / count
            shares[slip] = (total * share + weight * of_seen) / (total + weight)


def _news(before: float, now: float) -> bool:
    return abs(now - before) > NEWS * before + 1e-9


def _over(below: Density, view: LearnedOf, trust: float) -> Density:
    """What was learned, over the density below it."""
    total = sum(view.values.values())
    if not total:
        return below
    weight = view.entries / (view.entries + trust)
    # Once is no habit: what came once is spread over its neighbourhood (absolute discounting), and the more of all
    # values came once, the likelier is a new one.
    often = {value: count - ONCE for value, count in view.values.items() if count > ONCE}
    again = sum(often.values())
    usual_weight = weight * again / total
    return Density(
        below.cells,
        below.within,
        below.broad,
        below.usual,
        usual_weight + (1 - weight) * below.usual_share,
        1 - weight,
        _spread(view.values, weight / total),
        {value: usual_weight * count / again for value, count in often.items()},
    )


def _spread(values: dict[float, float], per_count: float) -> list[float]:
    """A triangle around each value, the narrower the more values there are, as a table over the grid."""
    cells = [0.0] * grid.SIZE
    places = [(grid.index(value), count) for value, count in values.items()]
    total = sum(values.values())
    mean = sum(place * count for place, count in places) / total
    sd = math.sqrt(sum(count * (place - mean) ** 2 for place, count in places) / total)
    half = round(2.45 * max(LEAST_SD * grid.CELLS_A_DECADE, BANDWIDTH * sd * total**-0.2))
    reach = half - 1
    kernel = _triangle(half)
    for place, count in places:
        first, behind = max(0, place - reach), min(grid.SIZE, place + reach + 1)
        height = count * per_count
        parts = kernel[first - place + reach :]
        cells[first:behind] = [cell + height * part for cell, part in zip(cells[first:behind], parts, strict=False)]
    return cells


@lru_cache(maxsize=512)
def _triangle(half: int) -> list[float]:
    """The parts of one count in the cells around it, from so far below to so far above."""
    return [(half - abs(offset)) / half**2 * grid.CELLS_A_DECADE for offset in range(1 - half, half)]


LEAST_SD = 0.06
BANDWIDTH = 1.06
ONCE = 0.75


def _own(view: LearnedOf) -> Own:
    left = sum(view.values.values())
    least, most = 0.01 * left, 0.99 * left
    seen, p1, p99 = 0.0, 0.0, 0.0
    for value, count in sorted(view.values.items()):
        if seen <= least:
            p1 = value
        if seen < most:
            p99 = value
        seen += count
    return Own(view.entries, p1, p99)
