"""`pumpwatch rules` on files."""

from typer.testing import CliRunner

from services.rules_cli import app


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_what_is_shown_is_a_sound_file_to_begin_with(tmp_path):
    shown = run("show")
    assert shown.exit_code == 0
    file = tmp_path / "rules.yaml"
    file.write_text(shown.stdout, encoding="utf-8")
    checked = run("check", str(file))
    assert checked.exit_code == 0
    assert checked.stdout.startswith(f"{file} is sound; ")


def test_what_does_not_fit_is_one_line_with_its_place(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(run("show").stdout.replace("within_minutes: 45", "within_minutes: -45"), encoding="utf-8")
    refused = run("check", str(file))
    assert (refused.exit_code, refused.stdout) == (2, "")
    (line,) = refused.stderr.splitlines()
    assert line.startswith("pumpwatch: rules.yaml: line ")
    assert line.endswith("field `battery_empty_soon.within_minutes`: expected a number > 0.0")


def test_ladders_of_drugs_and_care_areas_are_told(tmp_path):
    """By the names that entries are looked up by."""
    file = tmp_path / "rules.yaml"
    ladder = "{moderate: {critical: 0.6, warning: 0.2, info: 0.0}}"
    shown = run("show").stdout.replace("  drugs: {}", f"  drugs: {{levophed: {ladder}}}")
    file.write_text(shown.replace("care_areas: {}", "care_areas: {NICU: {}}"), encoding="utf-8")
    first, second, _ = run("check", str(file)).stdout.splitlines()
    assert first == "drug norepinephrine: ladders of its own for harm moderate"
    assert second == "care area nicu: ladders of its own for harm of no grade"


def test_a_file_that_is_not_there_is_named(tmp_path):
    refused = run("check", str(tmp_path / "none.yaml"))
    assert refused.exit_code == 2
    assert "none.yaml: cannot be read" in refused.stderr
