"""The keypad of a pump as it is drawn, and what it showed after each key."""

from schemas.events import PressedKey
from services.board.keypads import displayed, drawn
from tests.made_alerts import score


def places(model, pressed=()):
    keypad = drawn(model, pressed)
    return {key.k: (key.row, key.column) for key in keypad.keys}, keypad.beside, keypad.known


def test_keys_lie_as_on_the_pump():
    """The SIGMA Spectrum has 0 before 1 and its point at the left; CLEAR and BACK have no known place."""
    keys, beside, known = places("Baxter Spectrum IQ")
    assert (keys["0"], keys["3"], keys["."], keys["7"]) == ((0, 0), (0, 3), (1, 0), (2, 1))
    assert (beside, known) == (["CLEAR", "BACK"], True)


def test_chevrons_stand_from_fast_up_to_fast_down():
    assert places("alaris_gp") == ({}, ["UP_FAST", "UP", "DOWN", "DOWN_FAST"], True)


def test_an_unknown_pump_gets_a_plain_keypad_that_says_so():
    keys, _, known = places("never heard of")
    assert (keys["1"], known) == ((0, 0), False)
    assert places(None)[2] is False


def test_a_key_that_the_layout_lacks_is_drawn_if_it_was_pressed():
    assert places("alaris_gp", ["5", "UP"])[1] == ["UP_FAST", "UP", "DOWN", "DOWN_FAST", "5"]


def test_the_display_follows_what_the_firmware_makes_of_the_keys():
    """A second point is ignored, BACK takes one character and CLEAR all."""
    pressed = ["1", ".", "5", ".", "BACK", "CLEAR", "7"]
    keys = [PressedKey(k, 400 * n) for n, k in enumerate(pressed)]
    shown = displayed(score(keys=keys, presses=len(keys), model="plain"))
    assert shown == ["1", "1.", "1.5", "1.5", "1.", None, "7"]


def test_the_display_is_not_guessed_where_keys_are_missing():
    keys = [PressedKey("5", 0)]
    assert displayed(score(keys=keys, presses=300, model="plain")) == []
    assert displayed(score(keys=keys, presses=1, model="bbraun")) == [None]
