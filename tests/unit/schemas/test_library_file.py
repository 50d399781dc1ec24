"""A hospital's own file: the form, and errors with their line."""

import pytest

from schemas.library import Library, LibraryFileError, check, load_yaml

HEAD = """\
hospital: st-example
version: 2026-11
at: 2026-11-23T00:00:00Z
"""
GOOD = (
    HEAD
    + """\
care_areas: {Tower 5: neonatal}
drugs:
  norepinephrine:
    aliases: [levophed, "noradrenaline"]
    high_alert: true
    half_life_min: 2.4
    concentrations: [16 mcg/mL, 64 mcg/mL]
    limits:
      adult_icu, ward:
        source: our committee, 2026
        dose mcg/min: {soft: [1, 32], hard: [~, 128]}
        dose mcg/kg/min: {soft: [0.02, 0.5], source: another source}
        rate mL/h: from dose mcg/min
      neonatal:
        half_life_min: 3
        concentrations: [8 mcg/mL]
        source: our committee, 2026
        dose mcg/kg/min: {hard: [~, 2]}
  phenylephrine:
    limits: as norepinephrine
"""
)


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "library.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


def refused(write, text):
    with pytest.raises(LibraryFileError) as refusal:
        load_yaml(write(text))
    return refusal.value.problems


def test_the_form_is_read_whole(write):
    found = load_yaml(write(GOOD))
    assert check(found) == []
    assert (found.hospital, found.version, found.id) == ("st-example", "2026-11", "drug-library/st-example/2026-11")
    assert found.at.isoformat() == "2026-11-23T00:00:00+00:00"
    assert len(found.rows) == 14
    index = Library(found)
    dose = index.row("Levophed", "MICU", "dose", "mcg/min")
    assert (dose.soft_low, dose.soft_high, dose.hard_low, dose.hard_high) == (1, 32, None, 128)
    assert (dose.high_alert, dose.half_life_min, dose.source) == (True, 2.4, "our committee, 2026")
    assert index.row("levophed", "MICU", "dose", "mcg/kg/min").source == "another source"


def test_a_flow_is_worked_out_over_all_usual_concentrations(write):
    """32 mcg/min is 120 mL/h of the weakest bag, 1 mcg/min 0.938 mL/h of the strongest."""
    flow = Library(load_yaml(write(GOOD))).row("norepinephrine", "ward", "rate", "mL/h")
    assert (flow.soft_low, flow.soft_high, flow.hard_low, flow.hard_high) == (0.938, 120, None, 480)
    assert flow.source == "our committee, 2026 (as mL/h: dose mcg/min at 16-64 mcg/mL)"


def test_a_flow_from_a_dose_by_weight_is_for_seventy_kilograms(write):
    text = GOOD.replace("from dose mcg/min", "from dose mcg/kg/min")
    flow = Library(load_yaml(write(text))).row("norepinephrine", "MICU", "rate", "mL/h")
    assert flow.soft_high == pytest.approx(0.5 * 70 * 60 / 16, rel=0.01)
    assert "70 kg" in flow.source


def test_a_care_area_has_its_own_half_life_and_concentrations(write):
    row = Library(load_yaml(write(GOOD))).row("norepinephrine", "Tower 5", "dose", "mcg/kg/min")
    assert (row.half_life_min, row.hard_high) == (3, 2)
    assert [(usual.value, usual.unit) for usual in row.concentrations] == [(8, "mcg/mL")]


def test_a_drug_may_take_the_limits_of_one_above_but_not_its_names(write):
    row = Library(load_yaml(write(GOOD))).row("phenylephrine", "MICU", "dose", "mcg/min")
    assert (row.drug, row.soft_high, row.aliases, row.high_alert) == ("phenylephrine", 32, [], False)


def drug(limits):
    return f"{HEAD}drugs:\n  heparin:\n    limits:\n      ward:\n        source: ours, 2026\n        {limits}\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HEAD, "line 1: the library: `drugs` is missing"),
        (HEAD + "drugs: {}\n", "line 1: the library has no rows"),
        (HEAD + "hospital: twice\ndrugs: {}\n", "line 4: the library: `hospital` stands twice"),
        (HEAD + "colour: red\ndrugs: {}\n", "line 4: the library: unknown `colour`; known are at, care_areas, drugs,"),
        (HEAD + "drugs:\n\t- heparin\n", "line 5: not YAML: found character that cannot start any token"),
        (HEAD + "drugs: [heparin]\n", "line 4: `drugs`: expected `name: value` lines"),
        (HEAD + "drugs:\n  heparin: {}\n", "line 5: drug heparin: `limits` is missing"),
        (HEAD + "drugs:\n  heparin: {limits: as insulin}\n", "line 5: drug heparin, `limits`: expected care areas,"),
        (HEAD + "drugs:\n  a: {limits: {icu: {}}}\n", "line 5: drug a: unknown care area `icu`; known are adult_icu,"),
        (HEAD + "care_areas: {T5: icu}\ndrugs: {}\n", "line 4: care area T5: expected one of adult_icu, ward,"),
        (HEAD.replace("T00", "Tnoon") + "drugs: {}\n", "line 3: `at`: expected a time such as 2026-11-23T00:00:00Z"),
        (drug("speed mL/h: {soft: [1, 2]}"), "line 9: heparin, ward, speed mL/h: expected a field and a unit,"),
        (drug("rate: {soft: [1, 2]}"), "line 9: heparin, ward, rate: expected a field and a unit,"),
        (drug("rate mL/h: {soft: [1]}"), "line 9: heparin, ward, rate mL/h, `soft`: expected [low, high], `~` for no"),
        (drug("rate mL/h: {soft: [1, two]}"), "line 9: heparin, ward, rate mL/h, `soft`: expected a number from 0"),
        (drug("rate mL/h: {soft: [-1, 2]}"), "line 9: heparin, ward, rate mL/h, `soft`: expected a number from 0"),
        (drug("rate mL/h: {soft: [.nan, 2]}"), "line 9: heparin, ward, rate mL/h, `soft`: expected a number from 0"),
        (drug("rate mL/h: {sofd: [1, 2]}"), "line 9: heparin, ward, rate mL/h: unknown `sofd`; known are hard, soft,"),
        (drug("rate mL/h: from dose mg/h"), "line 9: heparin, ward, rate mL/h: `from dose mg/h` needs that line above"),
        (HEAD + "drugs:\n  a: {high_alert: maybe, limits: {}}\n", "line 5: drug a, `high_alert`: expected true or"),
        (HEAD + "drugs:\n  a: {half_life_min: 0, limits: {}}\n", "line 5: drug a, `half_life_min`: expected minutes"),
        (HEAD + "drugs:\n  a: {concentrations: [16], limits: {}}\n", "line 5: drug a, `concentrations`: expected for"),
        (HEAD + "drugs:\n  a: {aliases: b, limits: {}}\n", "line 5: drug a, `aliases`: expected a list in square"),
        (HEAD + "drugs: &all\n  a: *all\n", "line 5: aliases (*) are not allowed; repeat it"),
        ("[" * 50_000, "line 1: more nesting than a library has"),
        ("", "library.yaml is empty"),
        ("just a sentence", "line 1: the library: expected `name: value` lines"),
        (b"hospital: \xff\xfe", "library.yaml is not a text file in UTF-8"),
        (b"hospital: a\x00b", "library.yaml is not YAML: it has characters that YAML forbids"),
        ("#" * (5 * 2**20), "library.yaml is larger than 4 MiB"),
    ],
)
def test_a_mistake_is_named_with_its_line(write, text, problem):
    assert any(found.startswith(problem) for found in refused(write, text)), refused(write, text)


def test_mistakes_are_named_all_at_once_in_the_order_of_the_lines(write):
    text = HEAD.replace("T00", "Tnoon") + "colour: red\ndrugs:\n  a: {limits: {icu: {}}}\n"
    assert [found.split(":")[0] for found in refused(write, text)] == ["line 3", "line 4", "line 6"]


def test_a_flow_from_a_dose_by_weight_is_refused_for_children(write):
    """No single weight stands for children."""
    text = GOOD.replace("adult_icu, ward", "paediatric").replace("from dose mcg/min", "from dose mcg/kg/min")
    (found,) = refused(write, text)
    assert found.startswith("line 16: norepinephrine, paediatric, rate mL/h: `from dose mcg/kg/min` needs")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(LibraryFileError, match=r"cannot read .*gone\.yaml: No such file or directory"):
        load_yaml(tmp_path / "gone.yaml")
