"""Every rule of the check refuses what it is there for, in a sentence that names the row."""

from datetime import UTC, datetime

import pytest

from schemas.events import Concentration, DrugLibrary, LibraryRow
from schemas.library import check

SOURCE = "FDA label heparin, section 2"


def row(drug="heparin", care_area="adult_icu", field="dose", unit="units/h", source=SOURCE, **rest):
    return LibraryRow(drug=drug, care_area=care_area, field=field, unit=unit, source=source, **rest)


def problems(*rows, **rest):
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return check(DrugLibrary(id="library/1", hospital="h1", at=at, version="1", rows=list(rows), **rest))


SOUND = row(soft_low=300, soft_high=2500, hard_high=4000, concentrations=[Concentration(100, "units/mL")])


def test_a_sound_library_has_no_problem():
    assert problems(SOUND, row(field="rate", unit="mL/h", soft_high=50), row(field="vtbi", unit="mL")) == []


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"soft_low": 30, "soft_high": 20}, "soft_low 30 is above soft_high 20"),
        ({"hard_low": 5, "soft_low": 3}, "hard_low 5 is above soft_low 3"),
        ({"soft_high": 50, "hard_high": 40}, "soft_high 50 is above hard_high 40"),
        ({"hard_low": 9, "hard_high": 8}, "hard_low 9 is above hard_high 8"),
        ({"soft_low": 9, "hard_high": 8}, "soft_low 9 is above hard_high 8"),
    ],
)
def test_crossed_limits(limits, named):
    assert problems(row(**limits)) == [f"heparin, adult_icu, dose units/h: {named}."]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1])
def test_a_limit_that_is_no_quantity(value):
    """Decoding refuses it too; a library may also be made in a program."""
    (found,) = problems(row(soft_high=value))
    assert found.startswith("heparin, adult_icu, dose units/h: soft_high is ")


def test_an_unknown_unit():
    assert problems(row(unit="drops/min")) == ["heparin, adult_icu, dose drops/min: the unit `drops/min` is unknown."]


@pytest.mark.parametrize(
    ("field", "unit"),
    [
        ("rate", "mg"),
        ("rate", "mcg/kg/min"),
        ("dose", "mL/h"),
        ("dose", "kg"),
        ("bolus", "mg/h"),
        ("vtbi", "mg"),
        ("duration", "mL"),
        ("weight", "mcg"),
        ("weight", "mL"),
        ("concentration", "mg"),
    ],
)
def test_a_unit_that_does_not_fit_the_field(field, unit):
    (found,) = problems(row(field=field, unit=unit))
    assert found.startswith(f"heparin, adult_icu, {field} {unit}: a {field} cannot be in {unit} (")


@pytest.mark.parametrize(
    ("field", "unit"),
    [
        ("rate", "mL/h"),
        ("dose", "mcg/kg/min"),
        ("dose", "g/m2"),
        ("dose", "mL/kg/h"),
        ("bolus", "mL"),
        ("weight", "g"),
        ("duration", "h"),
        ("concentration", "units/mL"),
    ],
)
def test_a_unit_that_fits_the_field(field, unit):
    assert problems(row(field=field, unit=unit)) == []


def test_a_concentration_that_is_none():
    (found,) = problems(row(concentrations=[Concentration(4, "mg/h")], unit="mg/h"))
    assert found == "heparin, adult_icu, dose mg/h: the concentration 4 mg/h is not an amount per mL."


def test_concentrations_in_another_amount_than_the_doses():
    (found,) = problems(row(concentrations=[Concentration(4, "mg/mL")]))
    assert found == "heparin: its concentrations are in mass, its doses in units."


@pytest.mark.parametrize("source", ["", "  ", "-", "?"])
def test_a_missing_source(source):
    (found,) = problems(row(source=source))
    assert found == "heparin, adult_icu, dose units/h: the source is missing; say where the limits come from."


def test_a_row_that_stands_twice_in_two_spellings():
    (found,) = problems(row(unit="units/h"), row(unit="Units/hr"))
    assert found == "heparin, adult_icu, dose units/h: stands 2 times."


@pytest.mark.parametrize(
    "other",
    [
        row("insulin", unit="units/kg/h", aliases=["Heparin"]),
        row("insulin", unit="units/kg/h", aliases=["HEP-ARIN"]),
    ],
)
def test_an_alias_that_is_another_drugs_name(other):
    (found,) = problems(row(), other)
    assert found.endswith("is ambiguous: it is claimed by heparin and insulin.")


def test_an_alias_of_two_drugs():
    (found,) = problems(row(aliases=["levo"]), row("insulin", aliases=["Levo"]))
    assert found == "the name `levo` is ambiguous: it is claimed by heparin and insulin."


def test_a_drug_written_in_two_ways():
    (found,) = problems(row("Heparin"), row("heparin", unit="units/kg/h"))
    assert "claimed by Heparin and heparin" in found


def test_a_name_without_letter_or_digit():
    (found,) = problems(row(aliases=["--"]))
    assert found == "heparin, adult_icu, dose units/h: the name `--` has no letter or digit."


def test_a_drug_that_is_high_alert_only_here_and_there():
    (found,) = problems(row(high_alert=True), row(unit="units/kg/h"))
    assert found == "heparin: high_alert is true in some rows and false in others."


def test_a_care_area_with_two_profiles():
    (found,) = problems(row(), care_areas={"Tower 5": "ward", "TOWER  5": "neonatal"})
    assert found == "care area `tower 5` is mapped to neonatal and ward."


def test_all_problems_are_named_at_once():
    assert len(problems(row(unit="x"), row(field="rate", unit="mg"), row(source=""), row(soft_low=2, soft_high=1))) >= 4
