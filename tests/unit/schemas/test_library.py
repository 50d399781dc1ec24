"""Looking up rows and limits in a library."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.drugs.care_areas import profile_of
from schemas.events import Concentration, DrugLibrary, LibraryRow
from schemas.library import Library

ORDER = ["hard_low", "soft_low", None, "soft_high", "hard_high"]


def row(drug="heparin", care_area="adult_icu", field="dose", unit="units/h", **rest):
    return LibraryRow(drug=drug, care_area=care_area, field=field, unit=unit, source="judgement of this test", **rest)


def library(*rows, **rest):
    return DrugLibrary(
        id="library/1", hospital="h1", at=datetime(2026, 11, 23, tzinfo=UTC), version="1", rows=list(rows), **rest
    )


HEPARIN = row(aliases=["hep"], soft_low=300, soft_high=2500, hard_high=4000)
MORPHINE = row("morphine", "ward", unit="mg/h", soft_high=6, hard_high=30)
PUMP = row("*", "adult_icu", "vtbi", "mL", hard_high=9999)
INDEX = Library(library(HEPARIN, MORPHINE, PUMP, care_areas={"Tower 5": "neonatal"}))


def test_a_row_is_found_by_any_name_care_area_and_spelling_of_the_unit():
    assert INDEX.row("HEPARIN sodium 25,000 units", "Med-Surg ICU", "dose", "Units/hr") is HEPARIN
    assert INDEX.version == "1"


def test_the_unit_says_whether_a_number_is_a_flow_or_a_dose():
    """Pumps and charts call units/h a rate as well."""
    assert INDEX.row("heparin", "MICU", "rate", "units/h") is HEPARIN
    flow = row(field="rate", unit="mL/h", soft_high=40)
    assert Library(library(flow)).row("heparin", "MICU", "dose", "ml/hr") is flow


def test_a_row_in_another_unit_of_the_family_is_converted():
    found = INDEX.row("heparin", "MICU", "dose", "units/min")
    assert (found.unit, found.soft_low, found.soft_high, found.hard_low) == (
        "units/min",
        5,
        pytest.approx(41.6666667),
        None,
    )
    assert found.source.endswith("(converted from units/h)")


def test_without_a_constant_there_is_no_conversion():
    assert INDEX.row("heparin", "MICU", "dose", "units/kg/h") is None


def test_ward_and_adult_icu_stand_in_for_each_other_but_never_for_children():
    assert INDEX.row("heparin", "Medical ward", "dose", "units/h") is HEPARIN
    assert INDEX.row("morphine", "MICU", "dose", "mg/h") is MORPHINE
    assert INDEX.row("heparin", "PICU", "dose", "units/h") is None
    assert INDEX.row("heparin", "NICU", "dose", "units/h") is None


def test_what_holds_for_any_drug_holds_where_the_drug_has_no_row():
    assert INDEX.row("heparin", "MICU", "vtbi", "mL") is PUMP
    assert INDEX.row("never heard of", "MICU", "vtbi", "L").hard_high == pytest.approx(9.999)
    assert INDEX.row("never heard of", "MICU", "dose", "mg/h") is None


def test_an_unknown_unit_has_no_row():
    assert INDEX.row("heparin", "MICU", "dose", "Unknown") is None


@pytest.mark.parametrize(
    ("care_area", "profile"),
    [
        ("Tower 5", "neonatal"),
        ("  tower   5 ", "neonatal"),
        ("Med-Surg ICU", "adult_icu"),
        ("CSRU", "adult_icu"),
        ("CCU-CTICU", "adult_icu"),
        ("Cardiac ICU", "adult_icu"),
        ("Neuro ICU", "adult_icu"),
        ("Emergency", "adult_icu"),
        ("NICU", "neonatal"),
        ("Neonatal ICU", "neonatal"),
        ("Special care nursery", "neonatal"),
        ("PICU", "paediatric"),
        ("Pediatric ward", "paediatric"),
        ("adult_icu", "adult_icu"),
        ("paediatric", "paediatric"),
        ("Med/Surg", "ward"),
        ("Labor and delivery", "ward"),
        ("7 West", "ward"),
        ("", "ward"),
    ],
)
def test_a_hospitals_care_area_has_a_profile(care_area, profile):
    assert INDEX.profile(care_area) == profile


def test_a_hospitals_own_map_comes_before_the_words_of_the_name():
    assert profile_of("NICU", {"nicu": "adult_icu"}) == "adult_icu"


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        (0, "hard_low"),
        (0.5, "hard_low"),
        (1, "soft_low"),
        (2, None),
        (10, None),
        (10.1, "soft_high"),
        (50, "soft_high"),
        (51, "hard_high"),
    ],
)
def test_the_hard_limit_is_named_before_the_soft_and_a_value_on_a_limit_is_within(value, limit):
    assert Library.limit(row(hard_low=1, soft_low=2, soft_high=10, hard_high=50), value) == limit


@given(
    st.lists(st.floats(0, 1e7), min_size=4, max_size=4).map(sorted),
    st.tuples(*[st.booleans()] * 4),
    st.lists(st.floats(0, 1e7), min_size=2, max_size=12).map(sorted),
)
def test_a_larger_value_never_crosses_a_lower_limit(limits, given_limits, values):
    """Over rising values the limit only moves from hard low to hard high."""
    names = ["hard_low", "soft_low", "soft_high", "hard_high"]
    one = row(**{name: limit for name, limit, there in zip(names, limits, given_limits, strict=True) if there})
    places = [ORDER.index(Library.limit(one, value)) for value in values]
    assert places == sorted(places)


def test_a_row_keeps_what_the_scorer_reads():
    usual = [Concentration(100, "units/mL")]
    one = row(concentrations=usual, high_alert=True, half_life_min=90)
    found = Library(library(one)).row("heparin", "MICU", "dose", "units/min")
    assert (found.concentrations, found.high_alert, found.half_life_min) == (usual, True, 90)
