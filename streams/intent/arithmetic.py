"""Weight and concentration: the factors between a dose per kg, a dose for the whole patient and a flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas import units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.drugs.care_areas import Profile
    from schemas.events import Concentration, Slip
    from schemas.library import Library
    from streams.intent.parameters import Mistakes

_SPREAD = ((0.0, 0.5), (-1.0, 0.25), (1.0, 0.25))
"""A weight that is not known: standard deviations from the usual one, and their shares."""


class Asked(NamedTuple):
    """What the factors of an entry depend on; `weight` is in kg and `concentration` in the pump's amount per mL."""

    library: Library
    drug: str
    profile: Profile
    unit: str
    weight: float | None
    concentration: float | None


class Factor(NamedTuple):
    """Meant = typed x `times`, with the chance of it given a slip of its kind.

    `same_number`: the number typed is the number meant, in another unit.
    """

    times: float
    slip: Slip
    chance: float
    same_number: bool


def factors(asked: Asked, figures: Mistakes) -> tuple[Factor, ...]:
    """All that weight and concentration can mistake for this drug in this unit; chances are given the slip."""
    return (*_by_weight(asked, figures), *_by_concentration(asked, figures), *_wrong_bag(asked))


def reckoned(asked: Asked, value: float, unit: str) -> float | None:
    """What a dose or flow in another field comes to in this one; None without the bag, or where units do not fit."""
    if not asked.concentration or unit == asked.unit:
        return None
    bags = _bags(asked)
    if not bags:
        return None
    if units.family(asked.unit) == "volume/time":
        per_flow = next(_dose_of_flow(asked, bags[0], unit), None)
        return value / per_flow if per_flow else None
    if units.family(unit) == "volume/time":
        per_flow = next(_dose_of_flow(asked, bags[0], asked.unit), None)
        return value * per_flow if per_flow else None
    return None


def _weights(asked: Asked, figures: Mistakes) -> list[tuple[float, float]]:
    if asked.weight:
        return [(asked.weight, 1.0)]
    usual = figures.usual_kg[asked.profile]
    return [(usual * 10 ** (apart * figures.kg_sd), share) for apart, share in _SPREAD]


def _by_weight(asked: Asked, figures: Mistakes) -> Iterator[Factor]:
    """0.5 mcg/min where 0.5 mcg/kg/min was meant, and the other way round; seldom weighed twice, or divided twice."""
    family = units.family(asked.unit) or ""
    if family.split("/")[0] not in {"mass", "units", "moles", "equivalents"} or "volume" in family or "area" in family:
        return
    per_kg = "weight" in family
    weights = _weights(asked, figures)
    once, twice = 1 - figures.weighed_twice, figures.weighed_twice
    for weight, share in weights:
        times = 1 / weight if per_kg else weight
        yield Factor(times, "wrong_unit", figures.by_weight * share * once, same_number=True)
    likeliest = weights[0][0]
    times = likeliest if per_kg else 1 / likeliest
    yield Factor(times, "wrong_unit", figures.by_weight * twice, same_number=False)


def _by_concentration(asked: Asked, figures: Mistakes) -> list[Factor]:
    """1000 units/h typed as 1000 mL/h, and the other way round."""
    bags = _bags(asked)
    if units.family(asked.unit) == "volume/time":
        # A pharmacy's label says how much an hour, in the bag's own amount.
        doses = [f"{bag.unit.split('/')[0]}/h" for bag in bags]
        doses += [row.unit for row in asked.library.rows_of(asked.drug, asked.profile) if row.field == "dose"]
        found = [1 / flow for dose in dict.fromkeys(doses) for bag in bags for flow in _dose_of_flow(asked, bag, dose)]
    else:
        found = [flow for bag in bags for flow in _dose_of_flow(asked, bag, asked.unit)]
    return [Factor(times, "wrong_unit", figures.by_concentration / len(found), same_number=True) for times in found]


def _dose_of_flow(asked: Asked, bag: Concentration, dose: str) -> Iterator[float]:
    """How much of `dose` 1 mL/h of a bag is; nothing where that cannot be told."""
    whole = "/".join(part for part in dose.split("/") if part != "kg")
    factor = units.ratio(f"{bag.unit.split('/')[0]}/h", whole)
    if factor is None:
        return
    if "kg" not in dose.split("/"):
        yield bag.value * factor
    elif asked.weight:
        yield bag.value * factor / asked.weight


def _wrong_bag(asked: Asked) -> list[Factor]:
    """The ratios of two concentrations: the library's among themselves, or the bag's to the library's."""
    bags = {one.value * factor for one in _library_bags(asked) if (factor := units.ratio(one.unit, _amount(asked)))}
    ratios: dict[float, None] = {}
    if asked.concentration:
        here = next((one.value for one in _bags(asked)), asked.concentration)
        for bag in sorted(bags):
            if not _same(bag, here):
                ratios |= {bag / here: None, here / bag: None}
    else:
        ratios = {one / other: None for one in sorted(bags) for other in sorted(bags) if one != other}
    return [Factor(ratio, "wrong_concentration", 1 / len(ratios), same_number=False) for ratio in ratios]


def _bags(asked: Asked) -> list[Concentration]:
    """The bag that hangs, if the pump knows it, else those of the library.

    A pump gives the concentration without its unit: that of the dose, or of the library where only a flow is given.
    """
    known = asked.concentration
    listed = _library_bags(asked)
    if not known:
        return listed
    for one in listed:
        factor = units.ratio(one.unit, _amount(asked)) or 1.0
        if _same(known, one.value * factor) or _same(known, one.value):
            return [one]
    return [type(one)(known, _amount(asked)) for one in listed[:1]]


def _amount(asked: Asked) -> str:
    if units.family(asked.unit) == "volume/time":
        return next((one.unit for one in _library_bags(asked)), "mg/mL")
    return f"{asked.unit.split('/')[0]}/mL"


def _library_bags(asked: Asked) -> list[Concentration]:
    rows = asked.library.rows_of(asked.drug, asked.profile)
    return list({(one.value, one.unit): one for row in rows for one in row.concentrations}.values())


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= 0.01 * other
