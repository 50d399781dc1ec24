"""Slips that the nurse saw and took back within the entry."""

import pytest

from streams.intent import parameters
from streams.intent.keypad import layout
from streams.intent.taken_back import corrected_slip

FIGURES = parameters.load()


def keys(pressed, gaps=None):
    """(ms, key); 400 ms between keys unless said by place."""
    clock, found = 0, []
    for place, key in enumerate(pressed):
        clock += (gaps or {}).get(place, 400)
        found.append((clock, key))
    return found


@pytest.mark.parametrize(
    ("pressed", "gaps", "slip"),
    [
        (["5", "BACK", "4"], {}, "adjacent_key"),
        (["1", "9", "BACK", "2"], {}, "wrong_digit"),
        (["3", "6", "6", "BACK"], {2: 40}, "key_bounce"),
        (["3", "6", "6", "BACK"], {2: 180}, "repeated_key"),
        (["7", "5", "BACK", ".", "5"], {}, "missing_decimal"),
        (["7", "5", "CLEAR", "7", ".", "5"], {}, "missing_decimal"),
        (["1", "0", "0", "CLEAR", "1", "0"], {2: 180}, "repeated_key"),
        (["1", "3", "CLEAR", "3", "1"], {}, "transposition"),
        (["1", "2", ".", "BACK", "5"], {}, "extra_decimal"),
        (["8", "8", "CLEAR", "1", "5"], {}, None),
        (["1", "2", "5"], {}, None),
        (["1", "2", "BACK", "2", "5"], {}, None),
    ],
)
def test_the_slip_is_told_from_what_was_entered_instead(pressed, gaps, slip):
    """What was there before BACK or CLEAR against what was entered; a change of mind is no slip."""
    assert corrected_slip(layout("spectrum"), keys(pressed, gaps), FIGURES) == slip


@pytest.mark.parametrize(("pressed", "slip"), [(["UP", "UP", "DOWN"], "overshoot"), (["UP", "UP_FAST"], None)])
def test_a_step_back_is_an_overshoot_taken_back(pressed, slip):
    """Chevrons have no BACK: the nurse steps the other way."""
    assert corrected_slip(layout("alaris_gp"), keys(pressed), FIGURES) == slip
