"""A report on A4 and Letter: every word lies within its page, and no two lie on each other."""

from collections.abc import Iterator
from itertools import combinations

import pytest
import weasyprint

from services.reports.page import page
from services.reports.table import Column, Table

LONG = "An extraordinarily long name of a care area without an abbreviation, as hospitals have it"
LONGEST = "X" * 64


@pytest.fixture(scope="module")
def awkward(made):
    """The report with names as long as a topic lets them be."""
    columns = (Column("care_area", "Care area", "text"), Column("drug", "Drug", "text"), Column("entries", "Entries"))
    table = Table("long", "Long names", columns, [(LONG, LONGEST, 10**12)], ("entries",))
    [first, *rest] = made.report.sections
    return made.report._replace(sections=[first._replace(tables=[*first.tables, table]), *rest])


def words(box) -> Iterator[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every text in a box of WeasyPrint, in CSS pixels."""
    if hasattr(box, "text"):
        yield box.position_x, box.position_y, box.position_x + box.width, box.position_y + box.height
    for child in getattr(box, "children", ()):
        yield from words(child)


@pytest.mark.parametrize(("paper", "width", "height"), [("a4", 794, 1123), ("letter", 816, 1056)])
def test_nothing_is_cut_and_nothing_overlaps(awkward, paper, width, height):
    """Within margins of 13 mm, with the furthest names that can come."""
    pages = weasyprint.HTML(string=page(awkward, paper)).render().pages
    assert 4 < len(pages) < 30
    for number, one in enumerate(pages, 1):
        assert (round(one.width), round(one.height)) == (width, height)
        found = list(words(one._page_box))
        assert len(found) > 5, f"page {number} is nearly empty"
        for left, top, right, bottom in found:
            assert 48 <= left <= right <= width - 48, number
            assert 20 <= top <= bottom <= height - 20, number
        for (l1, t1, r1, b1), (l2, t2, r2, b2) in combinations(found, 2):
            across, down = min(r1, r2) - max(l1, l2), min(b1, b2) - max(t1, t2)
            assert across <= 1 or down <= 3, f"two texts lie on each other on page {number}"
