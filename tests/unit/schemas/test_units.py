"""Units: one spelling for each, what each measures, what converts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.units import canonical, family, ratio

AMOUNTS = ["ng", "mcg", "mg", "g", "units", "milliunits", "million units", "mmol", "mEq"]
BODIES = ["", "/kg", "/m2"]
TIMES = ["", "/min", "/h", "/day"]
UNITS = [f"{amount}{body}{time}" for amount in AMOUNTS for body in BODIES for time in TIMES]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ml/hr", "mL/h"),
        ("mL/hour", "mL/h"),
        ("mEq./hour", "mEq/h"),
        ("grams/hour", "g/h"),
        ("µg/kg/min", "mcg/kg/min"),
        ("μg/min", "mcg/min"),
        ("mcg/min/kg", "mcg/kg/min"),
        ("Units per hour", "units/h"),
        ("mU/min", "milliunits/min"),
        ("IU/kg/hr", "units/kg/h"),
        ("cc/hr", "mL/h"),
        ("mg/24h", "mg/day"),
        ("mg/ML", "mg/mL"),
        (" mg / kg / hr ", "mg/kg/h"),
    ],
)
def test_spellings_of_pumps_and_charts_have_one_canonical_form(written, meant):
    assert canonical(written) == meant


@pytest.mark.parametrize(
    "written",
    ["", " ", "Unknown", "%", "mg/", "/h", "mL/mL", "h/h", "kg/h", "mg/kg/h/min", "units/min/h", "mg mL", "drops"],
)
def test_what_is_no_unit_is_not_guessed(written):
    assert (canonical(written), family(written)) == (None, None)


@pytest.mark.parametrize(
    ("unit", "measures"),
    [
        ("mcg/kg/min", "mass/weight/time"),
        ("mL/h", "volume/time"),
        ("mL/kg/h", "volume/weight/time"),
        ("mEq/h", "equivalents/time"),
        ("mg/m2", "mass/area"),
        ("units/mL", "units/volume"),
        ("kg", "weight"),
        ("g", "mass"),
        ("min", "time"),
    ],
)
def test_a_unit_belongs_to_a_family(unit, measures):
    assert family(unit) == measures


@pytest.mark.parametrize(
    ("one", "other", "factor"),
    [
        ("mg/h", "mcg/h", 1000),
        ("mg/h", "mcg/min", 1000 / 60),
        ("units/min", "units/h", 60),
        ("mg/kg/h", "mcg/kg/min", 1000 / 60),
        ("kg", "g", 1000),
        ("lb", "kg", 0.45359237),
        ("million units", "units", 1_000_000),
        ("day", "min", 1440),
    ],
)
def test_units_of_one_family_convert(one, other, factor):
    assert ratio(one, other) == pytest.approx(factor)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mg/h", "mg/kg/h"),
        ("mmol/h", "mEq/h"),
        ("mg/h", "mL/h"),
        ("units", "mg"),
        ("mg/m2", "mg/kg"),
        ("mg", "nonsense"),
    ],
)
def test_what_depends_on_the_patient_or_the_substance_does_not_convert(one, other):
    assert ratio(one, other) is None


@given(st.sampled_from(UNITS))
def test_the_canonical_form_is_its_own_canonical_form(unit):
    assert canonical(unit) == unit
    assert canonical(unit.upper()) == unit
    assert ratio(unit, unit) == 1


@given(st.sampled_from(UNITS), st.sampled_from(UNITS))
def test_converting_there_and_back_is_the_identity(one, other):
    there, back = ratio(one, other), ratio(other, one)
    assert (there is None) == (back is None) == (family(one) != family(other))
    if there is not None and back is not None:
        assert there * back == pytest.approx(1)


@given(st.text(max_size=64))
def test_any_text_is_a_unit_or_none(text):
    found = canonical(text)
    assert found is None or canonical(found) == found
