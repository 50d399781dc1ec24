"""What a drug may run at and what is usual of it: the hospital's library and the model's expectation of a first entry.

The libraries are those that the workers use, followed from the same topic. The expectation is the shipped one: what a
hospital's own entries have taught the workers since is with them (docs/learning.md).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from schemas.drugs.care_areas import PROFILES, Profile
from schemas.events import Field  # noqa: TC001 (msgspec reads the annotations)
from streams.intent import grid, parameters, priors
from streams.intent.prior import Prior
from streams.libraries import EVERY_HOSPITAL, Libraries, LibraryFollower

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.events import LibraryRow
    from schemas.library import Library
    from streams.intent.prior import Context, Density

# Cells with less than this share of the densest are not drawn.
_LEAST_SHARE = 0.004
_OUTER = (0.05, 0.95)


class Limits(Struct, frozen=True, kw_only=True):
    """The limits that hold in a care area, in `unit`; those that the library does not set are null.

    `profile` is the kind of care area whose row holds, `own` whether the library is the hospital's own.
    """

    profile: Profile
    field: Field
    unit: str
    soft_low: float | None
    soft_high: float | None
    hard_low: float | None
    hard_high: float | None
    high_alert: bool
    source: str
    version: str
    own: bool


class Distribution(Struct, frozen=True, kw_only=True):
    """What a first entry is expected to be: a density over the base-10 logarithm of the value, drawn at `values`.

    `usual` are numbers entered most often, with their shares of first entries. Nine in ten lie from `low` to `high`.
    `entries` counts the real entries that it rests on, 0 where it rests on the library's limits alone.
    """

    unit: str
    values: list[float]
    density: list[float]
    usual: list[tuple[float, float]]
    low: float
    high: float
    entries: int


class Doses:
    """Limits and distributions by hospital, drug, care area, field and unit; starts with `start`."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        self._connection = connection
        self._follower: LibraryFollower | None = None
        self._loading: asyncio.Task[_Loaded] | None = None

    def start(self) -> None:
        """Read the shipped library and priors in the background, and follow the published libraries."""
        self._loading = asyncio.create_task(self._load())

    async def of(
        self, hospital: str, drug: str, care_area: str, field: Field, unit: str
    ) -> tuple[Limits | None, Distribution]:
        """The limits that hold there, None where the library has none, and what is expected."""
        loaded = await self._loaded()
        library = loaded.libraries(hospital)
        context = await asyncio.to_thread(loaded.prior.context, library, drug, care_area, field, unit)
        row = context.row
        return None if row is None else limits(row, library), distribution(context)

    async def rows(self, hospital: str, drug: str) -> list[Limits]:
        """All limits of a drug at a hospital, by care area."""
        library = (await self._loaded()).libraries(hospital)
        name = library.canonical_drug(drug) or drug
        return [
            limits(row, library)
            for profile in PROFILES
            for row in library.rows_of(name, profile)
            if row.care_area == profile
        ]

    async def libraries(self) -> Libraries:
        """The libraries in force."""
        return (await self._loaded()).libraries

    async def name(self, hospital: str, drug: str) -> str:
        """The name of a drug in the library of a hospital; its own where the library does not know it."""
        return (await self._loaded()).libraries(hospital).canonical_drug(drug) or drug

    def stop(self) -> None:
        """Follow the libraries no longer."""
        if self._loading is not None:
            self._loading.cancel()
        if self._follower is not None:
            self._follower.stop()

    async def _loaded(self) -> _Loaded:
        if self._loading is None:
            self.start()
        assert self._loading is not None  # noqa: S101 - just started
        return await asyncio.shield(self._loading)

    async def _load(self) -> _Loaded:
        loaded = await asyncio.to_thread(_shipped)
        if self._connection:
            self._follower = LibraryFollower(self._connection, loaded.libraries)
            self._follower.start()
        return loaded


class _Loaded(NamedTuple):
    libraries: Libraries
    prior: Prior


def _shipped() -> _Loaded:
    return _Loaded(Libraries(), Prior(parameters.load(), priors.load()))


def limits(row: LibraryRow, library: Library) -> Limits:
    """A row of a library as limits."""
    return Limits(
        profile=row.care_area,
        field=row.field,
        unit=row.unit,
        soft_low=row.soft_low,
        soft_high=row.soft_high,
        hard_low=row.hard_low,
        hard_high=row.hard_high,
        high_alert=row.high_alert,
        source=row.source,
        version=library.version,
        own=library.hospital != EVERY_HOSPITAL,
    )


def distribution(context: Context) -> Distribution:
    """What the model expects of a first entry, as far as it is worth drawing."""
    density = context.density
    least = _LEAST_SHARE * max(density.cells)
    drawn = [cell for cell in range(grid.SIZE) if density.cells[cell] >= least]
    cells = range(drawn[0], drawn[-1] + 1)
    low, high = (_quantile(density, share) for share in _OUTER)
    worth = [(value, share) for value, share in sorted(density.usual.items()) if share >= _LEAST_SHARE]
    return Distribution(
        unit=context.unit,
        values=[float(f"{10 ** grid.logarithm(cell):.4g}") for cell in cells],
        density=[round(density.cells[cell], 5) for cell in cells],
        usual=[(value, round(share, 4)) for value, share in worth],
        low=low,
        high=high,
        entries=0 if context.fitted is None else context.fitted.entries,
    )


def _quantile(density: Density, wanted: float) -> float:
    """The value below which a share of first entries lies, to two digits."""
    usual = sorted(density.usual.items())
    below, number = 0.0, 0
    for cell, height in enumerate(density.cells):
        value = 10 ** grid.logarithm(cell)
        below += (1 - density.usual_share) * height / grid.CELLS_A_DECADE
        while number < len(usual) and usual[number][0] <= value:
            below += usual[number][1]
            number += 1
        if below >= wanted:
            return float(f"{value:.2g}")
    return grid.MAX_VALUE
