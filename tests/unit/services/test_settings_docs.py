"""The table of settings is made from the settings."""

from pathlib import Path

from services.settings_docs import table
from streams.settings import Settings


def test_the_table_in_the_docs_is_fresh():
    """Write it anew with `python -m services.settings_docs > docs/settings.md`."""
    assert (Path(__file__).parents[3] / "docs" / "settings.md").read_text() == table()


def test_every_setting_has_a_meaning():
    assert all(field.description for field in Settings.model_fields.values())
