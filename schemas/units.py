"""Units of infusion: one spelling for each, what each measures, and how one converts into another.

A unit is an amount (`mg`), an amount per body weight or surface (`mg/kg`, `mg/m2`), either of them per time
(`mcg/kg/min`), an amount per volume (`mg/mL`), a time or a body weight. The canonical spelling follows ISMP's
list of error-prone abbreviations (2021): `mcg` never `ug`, `units` never `U`, `mL` never `cc`.

Milliequivalents, millimoles and units convert into nothing else: the factor depends on the substance.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal, NamedTuple

Measure = Literal["mass", "units", "moles", "equivalents", "volume", "time"]

# Size of each name in the base of its quantity: mg, units, mmol, mEq, mL, h.
_SIZES: dict[str, tuple[Measure, float]] = {
    "ng": ("mass", 1e-6),
    "mcg": ("mass", 1e-3),
    "mg": ("mass", 1.0),
    "g": ("mass", 1e3),
    "kg": ("mass", 1e6),
    "lb": ("mass", 453_592.37),
    "milliunits": ("units", 1e-3),
    "units": ("units", 1.0),
    "million units": ("units", 1e6),
    "mcmol": ("moles", 1e-3),
    "mmol": ("moles", 1.0),
    "mEq": ("equivalents", 1.0),
    "mL": ("volume", 1.0),
    "L": ("volume", 1e3),
    "s": ("time", 1 / 3600),
    "min": ("time", 1 / 60),
    "h": ("time", 1.0),
    "day": ("time", 24.0),
}
_BODY_WEIGHTS = ("kg", "lb")
_SPELLINGS = {
    "ng": "ng nanogram nanograms",
    "mcg": "mcg ug μg microg mcgs microgram micrograms",
    "mg": "mg mgs milligram milligrams",
    "g": "g gm gms gram grams",
    "kg": "kg kgs kilo kilos kilogram kilograms",
    "lb": "lb lbs pound pounds",
    "milliunits": "milliunits milliunit munits munit mu miu",
    "units": "units unit u iu iunit iunits",
    "million units": "millionunits millionunit millionu millioniu",
    "mcmol": "mcmol umol μmol micromol micromole micromoles",
    "mmol": "mmol mmols millimol millimole millimoles",
    "mEq": "meq meqs milliequivalent milliequivalents",
    "mL": "ml mls cc ccs milliliter milliliters millilitre millilitres",
    "L": "l liter liters litre litres",
    "s": "s sec secs second seconds",
    "min": "min mins minute minutes",
    "h": "h hr hrs hour hours",
    "day": "day days d 24h 24hr 24hrs 24hour 24hours",
    "m2": "m2 m² sqm bsa",
}
_NAMES = {
    unicodedata.normalize("NFKC", spelling): name
    for name, spellings in _SPELLINGS.items()
    for spelling in spellings.split()
}


class Unit(NamedTuple):
    """A unit taken apart: `size` is in the base of its quantity, per base time where it is per time."""

    name: str
    family: str
    size: float


def canonical(text: str) -> str | None:
    """The one spelling of a unit, or None for what is not a unit: `ml/hr` and `mL/hour` are `mL/h`."""
    unit = _parse(text)
    return unit.name if unit else None


def family(unit: str) -> str | None:
    """What a unit measures, for example `mass/weight/time`, `volume/time`, `equivalents`, `time` or `weight`.

    Units of one family convert into each other by a constant. None for what is not a unit.
    """
    parsed = _parse(unit)
    return parsed.family if parsed else None


def ratio(a: str, b: str) -> float | None:
    """How many `b` one `a` is (`ratio("mg/h", "mcg/h")` is 1000), or None where no constant converts them."""
    one, other = _parse(a), _parse(b)
    if one is None or other is None or _dimension(one.family) != _dimension(other.family):
        return None
    return 1.0 if one.name == other.name else one.size / other.size


def _dimension(of: str) -> str:
    """A body weight is a mass: neonates are weighed in g."""
    return "mass" if of == "weight" else of


@lru_cache(maxsize=2048)
def _parse(text: str) -> Unit | None:
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = re.sub(r"\bper\b", "/", plain)
    parts = [_NAMES.get(re.sub(r"[\s.]", "", part)) for part in plain.split("/")]
    if None in parts or len(parts) > 3:
        return None
    first, *rest = [part for part in parts if part]
    if first not in _SIZES:
        return None
    quantity, size = _SIZES[first]
    if not rest:
        return Unit(first, "weight" if first in _BODY_WEIGHTS else quantity, size)
    if quantity == "time" or first in _BODY_WEIGHTS:
        return None
    return _per(first, quantity, size, rest)


def _per(first: str, quantity: Measure, size: float, rest: list[str]) -> Unit | None:
    """Put together `amount/kg/h`, also where the pump says `amount/h/kg`."""
    if rest == ["mL"] and quantity != "volume":
        return Unit(f"{first}/mL", f"{quantity}/volume", size)
    bodies = [part for part in rest if part in ("kg", "m2")]
    times = [part for part in rest if _SIZES.get(part, ("", 0))[0] == "time"]
    if len(bodies) > 1 or len(times) > 1 or len(bodies) + len(times) != len(rest):
        return None
    name, of = first, str(quantity)
    for body in bodies:
        name, of = f"{name}/{body}", f"{of}/{'weight' if body == 'kg' else 'area'}"
    for time in times:
        name, of, size = f"{name}/{time}", f"{of}/time", size / _SIZES[time][1]
    return Unit(name, of, size)
