"""Limits by the hospital's own library, and what is expected of a first entry within them."""

import msgspec
import pytest

from schemas.codec import encode
from schemas.library import load_default
from services.board.doses import Doses


@pytest.fixture
def doses() -> Doses:
    return Doses({})


async def own_library(doses: Doses, hospital: str, hard_high: float) -> None:
    """Give a hospital a library of its own with another hard limit on insulin."""
    shipped = load_default()
    rows = [
        msgspec.structs.replace(row, hard_high=hard_high) if row.drug == "insulin regular" else row
        for row in shipped.rows
        if row.drug == "insulin regular" and row.care_area == "adult_icu" and row.unit == "units/h"
    ]
    (await doses._loaded()).libraries.put(
        encode(msgspec.structs.replace(shipped, hospital=hospital, version="own-7", rows=rows))
    )


async def test_a_hospitals_own_library_comes_before_the_shipped_one(doses):
    await own_library(doses, "North", 25.0)
    own, _ = await doses.of("North", "Insulin regular", "MICU", "rate", "units/h")
    shipped, _ = await doses.of("South", "Insulin regular", "MICU", "rate", "units/h")
    assert own is not None
    assert shipped is not None
    assert (own.hard_high, own.version, own.own) == (25.0, "own-7", True)
    assert (shipped.hard_high, shipped.own) == (50.0, False)
    assert [row.hard_high for row in await doses.rows("North", "insulin")] == [25.0]


async def test_the_distribution_is_a_density_that_sums_to_one_as_drawn(doses):
    _, usual = await doses.of("North", "Insulin regular", "MICU", "rate", "units/h")
    assert sum(usual.density) / 50 == pytest.approx(1, abs=0.02)
    assert usual.values == sorted(usual.values)
    inside = sum(
        each for value, each in zip(usual.values, usual.density, strict=True) if usual.low <= value <= usual.high
    )
    assert inside / sum(usual.density) == pytest.approx(0.9, abs=0.05)
    assert {value for value, _ in usual.usual} >= {1.0, 2.0, 4.0}
    assert usual.entries > 100


async def test_a_drug_that_no_library_knows_has_no_limits_and_is_expected_as_its_unit(doses):
    limits, usual = await doses.of("North", "An unheard-of drug", "MICU", "concentration", "mg/mL")
    assert limits is None
    assert usual.entries == 0
    assert usual.low < usual.high
    assert await doses.rows("North", "An unheard-of drug") == []
