"""What may be wrong with a drug library before it reaches a pump: one sentence a problem, naming the row."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from schemas import units
from schemas.drugs.care_areas import plain
from schemas.drugs.names import ANY_DRUG, key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.events import DrugLibrary, LibraryRow

_LIMITS = ("hard_low", "soft_low", "soft_high", "hard_high")
_AMOUNTS = ("mass", "units", "moles", "equivalents")
_DOSED = (*_AMOUNTS, "volume")
_BODIES = ("", "/weight", "/area")

# The families of unit that each field may have.
_FITTING: dict[str, frozenset[str]] = {
    "rate": frozenset({"volume/time", "volume/weight/time"}),
    "dose": frozenset(
        f"{amount}{body}{time}"
        for amount in _DOSED
        for body in _BODIES
        for time in ("", "/time")
        if (amount, body) != ("volume", "")
    ),
    "bolus": frozenset(f"{amount}{body}" for amount in _DOSED for body in _BODIES),
    "vtbi": frozenset({"volume"}),
    "duration": frozenset({"time"}),
    "weight": frozenset({"weight", "mass"}),
    "concentration": frozenset(f"{amount}/volume" for amount in _AMOUNTS),
}
_WEIGHTS = ("kg", "g", "lb")


def check(library: DrugLibrary) -> list[str]:
    """The problems of a library, in the order of its rows; empty when it may be published."""
    problems: list[str] = []
    for row in library.rows:
        problems.extend(_row_problems(row))
    problems.extend(_duplicates(library))
    problems.extend(_names(library))
    problems.extend(_drugs(library))
    problems.extend(_care_areas(library))
    return problems


def _label(row: LibraryRow) -> str:
    return f"{row.drug}, {row.care_area}, {row.field} {row.unit}"


def _row_problems(row: LibraryRow) -> Iterator[str]:
    label = _label(row)
    yield from (f"{label}: {problem}" for problem in _limit_problems(row))
    unit, family = units.canonical(row.unit), units.family(row.unit)
    if family is None:
        yield f"{label}: the unit `{row.unit}` is unknown."
    elif family not in _FITTING[row.field] or (row.field == "weight" and unit not in _WEIGHTS):
        yield f"{label}: a {row.field} cannot be in {row.unit} ({family})."
    for usual in row.concentrations:
        of = units.family(usual.unit)
        if of not in _FITTING["concentration"]:
            yield f"{label}: the concentration {usual.value:g} {usual.unit} is not an amount per mL."
    if len(key(row.source)) < 4:
        yield f"{label}: the source is missing; say where the limits come from."


def _limit_problems(row: LibraryRow) -> Iterator[str]:
    """Limits must rise from hard low over soft low and soft high to hard high."""
    given = [(name, limit) for name in _LIMITS if (limit := getattr(row, name)) is not None]
    for name, limit in given:
        if not 0 <= limit < float("inf"):
            yield f"{name} is {limit}, which is no quantity."
    for (lower, low), (upper, high) in pairwise(given):
        if low > high:
            yield f"{lower} {low:g} is above {upper} {high:g}."


def _duplicates(library: DrugLibrary) -> Iterator[str]:
    places = Counter(
        (key(row.drug) or row.drug, row.care_area, row.field, units.canonical(row.unit) or row.unit)
        for row in library.rows
    )
    for (drug, area, field, unit), count in places.items():
        if count > 1:
            yield f"{drug}, {area}, {field} {unit}: stands {count} times."


def _names(library: DrugLibrary) -> Iterator[str]:
    """A name must mean one drug."""
    owners: defaultdict[str, dict[str, str]] = defaultdict(dict)  # key → drug → how it writes the name
    for row in library.rows:
        if row.drug == ANY_DRUG:
            continue
        for name in (row.drug, *row.aliases):
            if not key(name):
                yield f"{_label(row)}: the name `{name}` has no letter or digit."
            owners[key(name)].setdefault(row.drug, name)
    for drugs in owners.values():
        if len(drugs) > 1:
            claims = " and ".join(sorted(drugs))
            yield f"the name `{next(iter(drugs.values()))}` is ambiguous: it is claimed by {claims}."


def _drugs(library: DrugLibrary) -> Iterator[str]:
    """What concerns a drug as a whole must be the same in all its rows."""
    alert: defaultdict[str, set[bool]] = defaultdict(set)
    amounts: defaultdict[str, set[str]] = defaultdict(set)
    usual: dict[str, str] = {}
    for row in library.rows:
        alert[row.drug].add(row.high_alert)
        amounts[row.drug].add((units.family(row.unit) or "").split("/")[0])
        for concentration in row.concentrations:
            usual.setdefault(row.drug, (units.family(concentration.unit) or "").split("/")[0])
    for drug, flags in alert.items():
        if len(flags) > 1:
            yield f"{drug}: high_alert is true in some rows and false in others."
    for drug, amount in usual.items():
        dosed = amounts[drug] & set(_AMOUNTS)
        if dosed and amount not in dosed:
            yield f"{drug}: its concentrations are in {amount}, its doses in {' and '.join(sorted(dosed))}."


def _care_areas(library: DrugLibrary) -> Iterator[str]:
    profiles: defaultdict[str, set[str]] = defaultdict(set)
    for name, profile in library.care_areas.items():
        profiles[plain(name)].add(profile)
    for name, found in profiles.items():
        if len(found) > 1:
            yield f"care area `{name}` is mapped to {' and '.join(sorted(found))}."
