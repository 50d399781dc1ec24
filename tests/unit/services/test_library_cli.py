"""`pumpwatch library` on files, without a broker."""

import json

import pytest
from typer.testing import CliRunner

from services.library_cli import app

GOOD = """\
hospital: st-example
version: 2026-11
at: 2026-11-23T00:00:00Z
care_areas: {Tower 5: neonatal}
drugs:
  heparin:
    limits:
      adult_icu:
        source: our committee, 2026
        dose units/h: {soft: [300, 2500], hard: [~, 4000]}
      neonatal:
        source: our committee, 2026
        dose units/kg/h: {soft: [10, 30]}
"""
CROSSED = GOOD.replace("[300, 2500]", "[2500, 300]")


@pytest.fixture
def run(tmp_path):
    def result(command, text=None, *options):
        path = tmp_path / "library.yaml"
        path.write_text(text or GOOD, encoding="utf-8")
        return CliRunner().invoke(app, [command, str(path), *options])

    return result


def test_a_sound_file_is_summed_up(run):
    checked = run("check")
    assert checked.exit_code == 0
    assert checked.stdout.endswith("library.yaml is sound: st-example, version 2026-11, 1 drug, 2 rows\n")


def test_one_problem_is_one_line_on_stderr(run):
    """The row, the two limits, and no traceback."""
    for command in ("check", "publish"):
        refused = run(command, CROSSED)
        assert (refused.exit_code, refused.stdout) == (2, "")
        (line,) = refused.stderr.splitlines()
        assert line.endswith("library.yaml: heparin, adult_icu, dose units/h: soft_low 2500 is above soft_high 300.")


def test_several_problems_are_a_line_each_and_a_count(run):
    refused = run("check", GOOD.replace("dose units", "dose drips").replace("our committee, 2026", '"?"'))
    *problems, last = refused.stderr.splitlines()
    assert last.endswith(f"library.yaml has {len(problems)} problems; correct them and check again")
    assert len(problems) == 4


def test_standard_input_and_a_missing_file():
    assert CliRunner().invoke(app, ["check", "-"], input=GOOD).stdout.startswith("standard input is sound")
    refused = CliRunner().invoke(app, ["check", "-"], input=b"\xff")
    assert (refused.exit_code, refused.stderr) == (2, "pumpwatch: standard input is not a text in UTF-8\n")
    refused = CliRunner().invoke(app, ["check", "gone.yaml"])
    assert refused.stderr == "pumpwatch: cannot read gone.yaml: No such file or directory\n"


def test_the_shipped_library_is_shown_by_any_name_of_a_drug():
    shown = CliRunner().invoke(app, ["show", "--drug", "Levophed", "--care-area", "Med-Surg ICU", "--json"])
    rows = json.loads(shown.stdout)
    assert {(row["drug"], row["care_area"]) for row in rows} == {("norepinephrine", "adult_icu")}
    assert {row["unit"] for row in rows} == {"mcg/min", "mcg/kg/min", "mL/h"}


def test_tables_name_limits_and_sources(run):
    table = run("show", None, "--drug", "heparin").stdout
    assert "300 - 2,500" in table
    assert "up to 4,000" in table
    assert "our committee, 2026" in table
    assert "heparin" in run("show").stdout


def test_a_hospitals_care_area_is_understood(run):
    rows = json.loads(run("show", None, "--care-area", "tower 5", "--json").stdout)
    assert [row["unit"] for row in rows] == ["units/kg/h"]


def test_an_unknown_drug_is_refused(run):
    refused = run("show", None, "--drug", "hepatin")
    assert refused.exit_code == 2
    assert refused.stderr == (
        "pumpwatch: the library of st-example knows no drug `hepatin`; `pumpwatch library show` lists all\n"
    )


def test_what_no_worker_would_take_is_not_published(run):
    """A control character in a name would be refused at the other end."""
    refused = run("publish", GOOD.replace("heparin:", '"hep\\x07arin":'))
    assert refused.exit_code == 2
    assert "control character" in refused.stderr


def test_without_a_broker_it_says_so(run, monkeypatch):
    monkeypatch.setattr("services.one_record.DELIVERED_WITHIN_S", 1)
    refused = run("publish", None, "--kafka", "127.0.0.1:1")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("pumpwatch: not published to 127.0.0.1:1: ")
