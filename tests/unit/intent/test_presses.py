"""Bounces among the keys of an entry."""

import pytest

from streams.intent.presses import press_counts


@pytest.mark.parametrize(
    ("keys", "bounces", "bounced"),
    [
        ([(0, "5"), (380, "0")], 0, ()),
        ([(0, "5"), (40, "5")], 1, ("5",)),
        ([(0, "5"), (79, "5")], 1, ("5",)),
        ([(0, "5"), (80, "5")], 0, ()),
        ([(0, "1"), (300, "0"), (410, "0")], 0, ()),
        ([(0, "5"), (40, "5"), (75, "5"), (500, "."), (530, ".")], 3, ("5", ".")),
        ([(0, "5"), (40, "5"), (900, "BACK"), (1500, "0")], 1, ("5",)),
        ([(0, "5"), (40, "5"), (900, "CLEAR"), (1500, "5"), (1900, "0")], 1, ("5",)),
        ([(0, "5"), (40, "4")], 0, ()),
        ([(0, "5"), (0, "5")], 0, ()),
        ([(0, "UP"), (30, "UP"), (60, "UP")], 0, ()),
        ([], 0, ()),
    ],
)
def test_the_same_key_again_within_80_ms_is_a_bounce(keys, bounces, bounced):
    """Also one that was taken back at once; not two keys, not keys without times, not chevrons that are held."""
    assert press_counts(keys) == (len(keys), bounces, bounced)
