"""Slips that the nurse saw and took back within the entry."""

import pytest

from schemas.events import KeyPress
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


def test_a_bounce_taken_back_makes_the_same_again_likelier(judge):
    """366 as it stands, with a bounce of its 3 taken back before: likelier to be 36 with a bounce, and said so."""
    plain = [KeyPress("3", 0), KeyPress("6", 400), KeyPress("6", 455)]
    before = [KeyPress("3", 0), KeyPress("3", 45), KeyPress("BACK", 700)]
    seen = [*before, *[KeyPress(key.k, key.t + 1000) for key in plain[1:]]]
    about = {"drug": "Heparin", "field": "rate", "unit": "mL/h", "previous": 30.0}
    without, with_it = judge("366", keys=plain, **about), judge("366", keys=seen, **about)
    assert with_it.error_likelihood > without.error_likelihood
    assert with_it.meant[0].probability > without.meant[0].probability
    assert "a key that bounced was taken back in this entry already" in with_it.evidence
    assert not any("taken back" in sentence for sentence in without.evidence)


def test_an_ordinary_entry_with_a_correction_is_left_alone(judge):
    """3 to 8 in 100 entries hold one: it is no error."""
    keys = [KeyPress(key, 400 * place) for place, key in enumerate(["5", "BACK", "6"])]
    score = judge("6", keys=keys, previous=5.0)
    assert score.verdict == "ok"
    assert score.error_likelihood < 0.03
