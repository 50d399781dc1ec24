"""The keys of an entry: which bounced, and all of them as they were pressed."""

import pytest

from schemas.events import PressedKey
from streams.intent.presses import MOST_KEYS, as_pressed, press_counts


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


def test_keys_are_told_from_the_first_one_on_with_their_holds():
    """Whatever the pump's clock says; a pump may send them out of order, and need not know how long they were held."""
    assert as_pressed([(1000, "5"), (1038, "5")], (210, None)) == [PressedKey("5", 0, 210), PressedKey("5", 38, None)]
    assert as_pressed([(1400, "0"), (1000, "5")], ()) == [PressedKey("0", 400), PressedKey("5", 0)]
    assert as_pressed([], ()) == []


def test_of_very_many_keys_the_last_are_told():
    keys = [(100 * number, "UP") for number in range(MOST_KEYS + 44)]
    told = as_pressed(keys, [5] * len(keys))
    assert (len(told), told[0], told[-1]) == (MOST_KEYS, PressedKey("UP", 4400, 5), PressedKey("UP", 29_900, 5))
