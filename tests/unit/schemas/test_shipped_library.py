"""The library that ships: its size, its soundness, and that real charts find their drugs and units in it.

The charts stand in `../shared/data` beside the project, or where PUMPWATCH_DATA says. Only counts leave them.
"""

import csv
import gzip
from collections import Counter

import pytest

from schemas import codec, units
from schemas.drugs.care_areas import PROFILES
from schemas.events import DrugLibrary
from schemas.library import ANY_DRUG, Library, check, load_default
from tests.real_logs import FOLDER

SHIPPED = load_default()
INDEX = Library(SHIPPED)


@pytest.fixture(
    scope="module", params=[("mimic3-demo", "care_unit", "entered_rate"), ("eicu-demo", "unit_type", "rate")]
)
def charted(request):
    """Drug, care area, unit and value of every row of one of the two real logs."""
    name, care_area, value = request.param
    with gzip.open(FOLDER / f"{name}-infusions.csv.gz", "rt", encoding="utf-8", newline="") as log:
        return [(row["drug"], row[care_area], row["unit"], row[value] or row["rate"]) for row in csv.DictReader(log)]


def drugs_in(profile):
    return {row.drug for row in SHIPPED.rows if row.care_area == profile} - {ANY_DRUG}


def test_it_is_sound():
    assert check(SHIPPED) == []


def test_it_has_at_least_sixty_drugs_in_four_care_areas():
    assert len({row.drug for row in SHIPPED.rows} - {ANY_DRUG}) >= 150
    assert {profile: len(drugs_in(profile)) >= 60 for profile in PROFILES} == dict.fromkeys(PROFILES, True)


def test_it_survives_the_topic():
    assert codec.decode(DrugLibrary, codec.encode(SHIPPED)) == SHIPPED
    assert SHIPPED.hospital == "*"


def test_every_row_has_a_limit_and_a_source_that_says_what_was_judged():
    for row in SHIPPED.rows:
        assert any(limit is not None for limit in (row.soft_low, row.soft_high, row.hard_low, row.hard_high)), row
        assert len(row.source) > 8, row
        assert row.hard_high is None or row.hard_high >= (row.soft_high or 0), row


def test_no_hard_limit_lets_a_hundredfold_dose_through():
    """Ten times the soft maximum is caught by the hard one, but for a few drugs with a far loading dose."""
    wide = {
        (row.drug, row.unit)
        for row in SHIPPED.rows
        if row.field in ("dose", "rate", "bolus")
        and row.soft_high
        and row.hard_high
        and row.hard_high > 8.4 * row.soft_high
    }
    assert {drug for drug, _ in wide} <= {"procainamide", "midazolam"}


def test_doses_by_weight_and_by_time_agree_at_seventy_kilograms():
    """The same drug in mcg/min and in mcg/kg/min must not have two meanings."""
    compared = 0
    for row in SHIPPED.rows:
        if "/kg" not in row.unit or row.care_area not in ("adult_icu", "ward") or row.field == "rate":
            continue
        plain = INDEX.row(row.drug, row.care_area, row.field, row.unit.replace("/kg", ""))
        if plain is None or plain.drug == ANY_DRUG or None in (plain.soft_high, row.soft_high):
            continue
        compared += 1
        assert 0.3 <= plain.soft_high / (row.soft_high * 70) <= 3, (row.drug, row.unit, row.soft_high, plain.soft_high)
    assert compared >= 15


@pytest.mark.parametrize(
    "drug",
    [
        "norepinephrine",
        "heparin",
        "insulin regular",
        "fentanyl",
        "morphine",
        "potassium chloride",
        "vincristine",
        "magnesium sulfate",
        "oxytocin",
        "propofol",
        "cisatracurium",
        "parenteral nutrition",
    ],
)
def test_drugs_of_ismps_list_are_high_alert(drug):
    assert {row.high_alert for row in SHIPPED.rows if row.drug == drug} == {True}


@pytest.mark.parametrize(
    ("drug", "care_area", "unit", "usual", "tenfold"),
    [
        ("heparin", "Med-Surg ICU", "units/hr", 1200, "hard_high"),
        ("Norepinephrine", "MICU", "mcg/min", 8, "soft_high"),
        ("Norepinephrine", "MICU", "mcg/kg/min", 0.1, "soft_high"),
        ("Insulin", "MICU", "units/hr", 4, "soft_high"),
        ("Fentanyl", "MICU", "mcg/hr", 75, "hard_high"),
        ("Propofol", "MICU", "mcg/kg/min", 30, "hard_high"),
        ("Morphine", "ward 7", "mg/h", 4, "hard_high"),
        ("potassium chloride", "ward 7", "mEq/h", 10, "hard_high"),
        ("dopamine", "NICU", "mcg/kg/min", 5, "hard_high"),
        ("morphine", "NICU", "mcg/kg/h", 10, "hard_high"),
        ("insulin", "PICU", "units/kg/h", 0.1, "hard_high"),
        ("vincristine", "oncology", "mg", 2, "hard_high"),
        ("Oxytocin", "Labor", "milliunits/min", 6, "hard_high"),
        ("sterile water", "MICU", "mL/h", 30, "soft_high"),
    ],
)
def test_usual_doses_are_within_and_ten_times_as_much_is_not(drug, care_area, unit, usual, tenfold):
    row = INDEX.row(drug, care_area, "dose", unit)
    assert (INDEX.limit(row, usual), INDEX.limit(row, usual * 10)) == (None, tenfold)


def test_pumps_limits_hold_for_drugs_that_it_does_not_know():
    row = INDEX.row("a new antibody", "Tower 5", "rate", "mL/h")
    assert (INDEX.limit(row, 100), INDEX.limit(row, 1000)) == (None, "hard_high")
    assert INDEX.row("a new antibody", "NICU", "weight", "g").hard_high == 8000
    assert INDEX.row("a new antibody", "Tower 5", "duration", "h").soft_high == 24


def test_real_charts_find_their_drugs(charted):
    """All but a handful of names resolve: 100% of 7,335 rows, 99.99% of 19,519."""
    found = sum(INDEX.canonical_drug(drug) is not None for drug, *_ in charted)
    assert found / len(charted) > 0.999


def test_real_charts_find_a_row_for_drug_and_unit(charted):
    """Of the rows with a unit, 99.9% have a row of their own drug, all have one."""
    rows = [INDEX.row(drug, area, "rate", unit) for drug, area, unit, _ in charted if units.canonical(unit)]
    assert all(row is not None for row in rows)
    assert sum(row.drug != ANY_DRUG for row in rows) / len(rows) > 0.999


def test_real_doses_are_mostly_within_the_limits(charted):
    """In dose units; of mL/h many charted values are volume totals. Zero is a pause."""
    crossed = Counter()
    for drug, area, unit, text in charted:
        canonical = units.canonical(unit)
        if canonical is None or canonical == "mL/h" or not text.replace(".", "", 1).isdigit() or float(text) == 0:
            continue
        crossed[(INDEX.limit(INDEX.row(drug, area, "dose", unit), float(text)) or "within").split("_")[0]] += 1
    assert crossed["within"] / crossed.total() > 0.93
    assert crossed["hard"] / crossed.total() < 0.015
