"""A rules file is read again when it changes, and a bad one changes nothing."""

import os
from importlib import resources

import pytest
from structlog.testing import capture_logs

from streams.alerts.rules import RulesRefusedError, load_rules
from streams.rules_file import RulesFile

SHIPPED = resources.files("streams.alerts").joinpath("rules.yaml").read_text("utf-8")


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text(SHIPPED, encoding="utf-8")
    return file


def write(path, text):
    """Replace the file as an editor does: a new file under the old name."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)  # noqa: PTH105 (the same on every platform)


def test_without_a_file_the_shipped_rules_are_in_force():
    """And never change."""
    rules = RulesFile(None)
    assert rules.rules == load_rules()
    assert not rules.changed()


def test_a_change_is_taken_once(path):
    """The next look finds it, the one after that nothing new."""
    file = RulesFile(path)
    assert not file.changed()
    write(path, SHIPPED.replace("reopenings: 3", "reopenings: 5"))
    assert file.changed()
    assert file.rules.flapping.reopenings == 5
    assert not file.changed()


def test_a_bad_or_missing_file_is_reported_once_and_the_rules_before_stay(path):
    """With the line and the field."""
    file = RulesFile(path)
    before = file.rules
    write(path, SHIPPED.replace("reopenings: 3", "reopenings: often"))
    with capture_logs() as said:
        assert [file.changed() for _ in range(3)] == [False] * 3
    (line,) = said
    assert line["log_level"] == "error"
    assert "field `flapping.reopenings`: expected a whole number, got a text" in line["reason"]
    assert line["reason"].startswith("rules.yaml: line ")
    path.unlink()
    with capture_logs() as said:
        assert not file.changed()
    assert "cannot be read" in said[0]["reason"]
    assert file.rules is before
    write(path, SHIPPED.replace("reopenings: 3", "reopenings: 4"))
    assert file.changed()


def test_a_change_of_comments_alone_is_none(path):
    """The workers need not be told."""
    file = RulesFile(path)
    write(path, "# our own\n" + SHIPPED)
    assert not file.changed()


def test_a_bad_file_at_the_start_is_refused(tmp_path):
    """A worker does not start on rules other than those it was given."""
    with pytest.raises(RulesRefusedError, match="cannot be read"):
        RulesFile(tmp_path / "none.yaml")
