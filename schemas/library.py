"""The drug library as the scorer asks it: which drug is this, which row holds, which limit is crossed.

A library is one hospital's policy, not a norm. `Library` answers in constant time; what it has worked out
once it keeps in caches of fixed size.
"""

from __future__ import annotations

import difflib
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

from schemas import units
from schemas.drugs.care_areas import Profile, plain, profile_of
from schemas.drugs.checks import check
from schemas.drugs.hospital_file import load_yaml, parse
from schemas.drugs.names import ANY_DRUG, DrugNames
from schemas.drugs.yaml_nodes import LibraryFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.events import DrugLibrary, LibraryRow, Limit

__all__ = ["ANY_DRUG", "Library", "LibraryFileError", "check", "load_default", "load_yaml"]

_CACHED_NAMES = 8192
_CACHED_ROWS = 32768

# An adult drug is programmed alike on a ward and in an ICU where only one of them has a row. A child is never
# given an adult's row, nor a neonate a child's.
_FALLBACK: dict[Profile, Profile] = {"ward": "adult_icu", "adult_icu": "ward"}


@cache
def load_default() -> DrugLibrary:
    """The library that ships with Pumpwatch, for hospitals that have none of their own (hospital `*`)."""
    text = resources.files("schemas.drugs").joinpath("default.yaml").read_text(encoding="utf-8")
    return parse(text, "default.yaml")


class Library:
    """An index over one hospital's library."""

    def __init__(self, library: DrugLibrary) -> None:
        self.hospital = library.hospital
        self.version = library.version
        self.canonical_drug = lru_cache(_CACHED_NAMES)(DrugNames(_names(library)).resolve)
        self.profile = lru_cache(_CACHED_NAMES)(self._profile)
        self.row = lru_cache(_CACHED_ROWS)(self._row)
        self.rows_of = lru_cache(_CACHED_NAMES)(self._rows_of)
        self.aliases = _aliases(library)
        self._known = tuple(dict.fromkeys(name for _, name in _names(library)))
        self._care_areas = {plain(name): profile for name, profile in library.care_areas.items()}
        self._rows: dict[tuple[str, str, str], dict[str, LibraryRow]] = {}
        for row in library.rows:
            drug = self.canonical_drug(row.drug) or row.drug
            unit = units.canonical(row.unit) or row.unit
            by_unit = self._rows.setdefault((drug, row.care_area, _flow_or_dose(row.field, unit)), {})
            by_unit.setdefault(unit, row)

    @staticmethod
    def limit(row: LibraryRow, value: float) -> Limit | None:
        """The limit that a value in the row's unit crosses, hard before soft; on a limit is within."""
        if row.hard_high is not None and value > row.hard_high:
            return "hard_high"
        if row.hard_low is not None and value < row.hard_low:
            return "hard_low"
        if row.soft_high is not None and value > row.soft_high:
            return "soft_high"
        if row.soft_low is not None and value < row.soft_low:
            return "soft_low"
        return None

    def nearest(self, name: str) -> str | None:
        """The known name that looks most like another one: a hint for a person, never a match."""
        plain_names = {known.casefold(): known for known in self._known}
        close = difflib.get_close_matches(name.casefold(), plain_names, n=1)
        return plain_names[close[0]] if close else None

    def _profile(self, care_area: str) -> Profile:
        return profile_of(care_area, self._care_areas)

    def _row(self, drug: str, care_area: str, field: str, unit: str) -> LibraryRow | None:
        """The row that holds, in the unit asked for, or None.

        The drug's own row comes before the row for any drug (`*`); a row in another unit of the same family
        is converted. A flow in mL/h is looked up as `rate` and any other as `dose`, whichever of the two the
        pump calls it.
        """
        wanted = units.canonical(unit)
        if wanted is None:
            return None
        field = _flow_or_dose(field, wanted)
        profile = self.profile(care_area)
        profiles = [profile, _FALLBACK.get(profile)]
        for name in (self.canonical_drug(drug), ANY_DRUG):
            for area in profiles:
                row = self._in_unit(self._rows.get((name or "", area or "", field), {}), wanted)
                if row is not None:
                    return row
        return None

    def _rows_of(self, drug: str, profile: Profile) -> tuple[LibraryRow, ...]:
        """All rows of a drug, by its canonical name, in one profile or, without any there, its fallback."""
        for area in (profile, _FALLBACK.get(profile)):
            found = [
                row
                for (name, of, _), by_unit in self._rows.items()
                if name == drug and of == area
                for row in by_unit.values()
            ]
            if found:
                return tuple(found)
        return ()

    @staticmethod
    def _in_unit(rows: dict[str, LibraryRow], wanted: str) -> LibraryRow | None:
        if wanted in rows:
            return rows[wanted]
        for unit, row in rows.items():
            factor = units.ratio(unit, wanted)
            if factor is not None:
                return _converted(row, wanted, factor)
        return None


def _flow_or_dose(field: str, unit: str) -> str:
    """Pumps and hospitals differ in calling mcg/h a rate or a dose; the unit says which it is."""
    if field not in ("rate", "dose"):
        return field
    return "rate" if units.family(unit) == "volume/time" else "dose"


def _names(library: DrugLibrary) -> Iterator[tuple[str, str]]:
    """Every drug with each of its names; a drug's own name comes before anybody's alias."""
    for row in library.rows:
        yield row.drug, row.drug
    for row in library.rows:
        for alias in row.aliases:
            yield row.drug, alias


def _aliases(library: DrugLibrary) -> dict[str, list[str]]:
    """Each drug with its further names; what holds for every drug is none."""
    names: dict[str, list[str]] = {}
    for drug, name in _names(library):
        others = names.setdefault(drug, [])
        if name not in {drug, *others}:
            others.append(name)
    names.pop(ANY_DRUG, None)
    return names


def _converted(row: LibraryRow, unit: str, factor: float) -> LibraryRow:
    """The same limits in another unit; twelve digits keep 0.1 from becoming 0.10000000000000002."""

    def times(value: float | None) -> float | None:
        return None if value is None else float(f"{value * factor:.12g}")

    return msgspec.structs.replace(
        row,
        unit=unit,
        soft_low=times(row.soft_low),
        soft_high=times(row.soft_high),
        hard_low=times(row.hard_low),
        hard_high=times(row.hard_high),
        source=f"{row.source} (converted from {row.unit})",
    )
