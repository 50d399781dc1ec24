"""Severity by harm, by drug and by care area, as a rules file of one's own has it."""

from importlib import resources

import pytest

from schemas.events import Concentration, DrugLibrary, LibraryRow
from schemas.library import Library
from streams.alerts.partition import AlertPartition
from streams.alerts.rules import RulesRefusedError, load_rules, parse_rules
from tests.made_alerts import score
from tests.made_power import at

SHIPPED = resources.files("streams.alerts").joinpath("rules.yaml").read_text("utf-8")


def text(drugs: str = "{}", care_areas: str = "{}") -> str:
    """The shipped rules with ladders of their own for some drugs and care areas."""
    return SHIPPED.replace("  drugs: {}\n", f"  drugs: {drugs}\n").replace(
        "care_areas: {}\n", f"care_areas: {care_areas}\n"
    )


def severity(rules: str, library: Library | None = None, **changes) -> str | None:
    """How loud a moderate error of heparin is, of which the model is 60% sure."""
    of = None if library is None else (lambda _hospital: library)
    made = score(5, **({"harm": "moderate", "error_likelihood": 0.6} | changes))
    return next((alert.severity for alert in AlertPartition(parse_rules(rules), of).apply_score(made)), None)


@pytest.mark.parametrize("named", ["heparin", "Heparin", "HEPARIN 25,000 units in dextrose 5%"])
def test_a_drug_has_ladders_of_its_own_by_any_of_its_names(named):
    """The rules may use one name and the pump another; other drugs and grades keep theirs."""
    own = text(f'{{"{named}": {{moderate: {{critical: 0.6, warning: 0.2, info: null}}}}}}')
    assert severity(own) == "critical"
    assert severity(own, drug="heparin std") == "critical"
    assert severity(own, error_likelihood=0.1) is None
    assert severity(own, harm="high") == severity(SHIPPED, harm="high") == "warning"
    assert severity(own, drug="propofol") == "warning"


def test_an_alias_in_the_rules_means_its_drug():
    """Levophed is norepinephrine, whatever the pump calls it."""
    own = text("{levophed: {moderate: {critical: 0.6, warning: 0.2, info: null}}}")
    assert severity(own, drug="norepinephrine") == "critical"
    assert list(parse_rules(own).dose_entry_error.drugs) == ["norepinephrine"]


def test_a_name_that_only_the_hospital_has_means_its_drug():
    """Its own library says which; the rules hold for every hospital."""
    row = LibraryRow(
        drug="heparin", aliases=["blue bag"], care_area="adult_icu", field="rate", unit="mL/h", soft_high=20.0,
        concentrations=[Concentration(100.0, "units/mL")], source="our committee",
    )  # fmt: skip
    library = Library(DrugLibrary(id="own", hospital="st-test", at=at(0), version="1", rows=[row]))
    own = text("{heparin: {moderate: {critical: 0.6, warning: 0.2, info: null}}}")
    assert severity(own, library, drug="Blue Bag") == "critical"
    assert severity(own, drug="Blue Bag") == "warning"


def test_a_care_area_has_ladders_of_its_own_and_a_drugs_come_first():
    """However the area is spelt in upper and lower case."""
    ladder = "{moderate: {critical: 0.5, warning: 0.2, info: null}}"
    assert severity(text(care_areas=f"{{micu: {ladder}}}")) == "critical"
    assert severity(text(care_areas=f"{{micu: {ladder}}}"), care_area="ward 5") == "warning"
    quiet = "{heparin: {moderate: {critical: null, warning: null, info: 0.0}}}"
    assert severity(text(quiet, f"{{micu: {ladder}}}")) == "info"


def test_the_shipped_rules_tell_no_drug_apart():
    """High-alert drugs are graded a step worse in harm where the entry is scored."""
    rules = load_rules().dose_entry_error
    assert (rules.drugs, rules.care_areas) == ({}, {})


@pytest.mark.parametrize(
    ("drugs", "reason"),
    [
        ("\n    norepinefrin: {}",
         "field `dose_entry_error.drugs`: no drug `norepinefrin` is known; did you mean `norepinephrine`?"),
        ("\n    qqqq: {}",
         "field `dose_entry_error.drugs`: no drug `qqqq` is known; `pumpwatch library show` lists all"),
        ("\n    heparin: {}\n    Heparin: {}",
         "field `dose_entry_error.drugs`: `Heparin` is `heparin` by another name; keep one of them"),
        ("\n    heparin: {}\n    sodium chloride 0.9%: {moderate: {critical: 2, warning: 1, info: 0}}",
         "field `dose_entry_error.drugs.sodium chloride 0.9%.moderate.critical`: expected a number <= 1.0"),
        ("\n    heparin: {terrible: {}}",
         "field `dose_entry_error.drugs.heparin`: object contains unknown field `terrible`"),
        ("\n    heparin: loud",
         "field `dose_entry_error.drugs.heparin`: expected a map of fields, got a text"),
        ("\n    5: {}", "field `dose_entry_error.drugs`: expected a text, got a whole number"),
    ],
)  # fmt: skip
def test_a_drug_that_does_not_fit_is_refused_with_its_line(drugs, reason):
    """An unknown name with the one that looks most like it."""
    written = text(drugs)
    with pytest.raises(RulesRefusedError) as refused:
        parse_rules(written, "ours.yaml")
    said, _, why = str(refused.value).removeprefix("ours.yaml: line ").partition(": ")
    assert why == reason
    culprit = "drugs:" if "got a whole number" in reason else drugs.rsplit("\n", 1)[-1].strip().partition(":")[0]
    assert culprit in written.splitlines()[int(said) - 1]
