"""The definitions that reports print are those of docs/definitions.md."""

import re
from pathlib import Path

from services.reports.definitions import definitions

DOCUMENT = Path(__file__).parents[3] / "docs/definitions.md"


def plain(text: str) -> str:
    """Words alone: no marks, no line ends."""
    return " ".join(re.sub(r"[`*|]", " ", text).split()).casefold()


def test_every_definition_stands_in_the_document_word_for_word():
    """What a figure means, and what it is easily taken for."""
    document = plain(DOCUMENT.read_text("utf-8"))
    for name, one in definitions().items():
        assert plain(one.means) in document, name
        assert plain(one.not_) in document, name
        assert one.of is None or plain(one.of) in document, name


def test_every_table_has_its_definitions(made):
    """Each names at least one, and none that is not there."""
    for table in made.report.tables:
        assert table.defined
        assert set(table.defined) <= set(definitions())
