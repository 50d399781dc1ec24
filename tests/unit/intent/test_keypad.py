"""What pumps make of keys."""

import pytest

from streams.intent.display import type_keys
from streams.intent.keypad import layout, layouts, written


def press(model: str, keys: list[str] | str, previous: float | None = None, gap_ms: int = 300):
    return type_keys(layout(model), [(number * gap_ms, key) for number, key in enumerate(keys)], previous)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("spectrum", "spectrum"),
        ("SIGMA Spectrum", "spectrum"),
        ("Alaris 8015", "alaris_8015"),
        ("alaris-pcu", "alaris_8015"),
        ("Baxter Colleague CXE", "plain"),
        ("Colleague", "colleague"),
        ("Alaris GP", "alaris_gp"),
        ("B. Braun Infusomat Space", "bbraun_five_key"),
        ("never heard of", "plain"),
    ],
)
def test_models_are_found_by_their_names_and_others_get_a_plain_keypad(model, name):
    found = layout(model)
    assert found.name == name
    assert found.known == (name != "plain")


def test_each_layout_has_its_own_neighbours():
    """Beside 5 on a Spectrum are 1-in-the-row-above's column and row; on an Alaris the telephone's."""
    assert set(layouts()["spectrum"].beside["5"]) == {"4", "6", "2", "8"}
    assert set(layouts()["spectrum"].beside["0"]) == {"1", "."}
    assert set(layouts()["alaris_8015"].beside["0"]) == {"8", "."}
    assert set(layouts()["colleague"].beside["0"]) == {"2", "."}
    assert set(layouts()["alaris_8015"].diagonal["1"]) == {"5"}


def test_neighbourhood_is_mutual():
    for one in layouts().values():
        for near in (one.beside, one.diagonal):
            assert all(key in near[other] for key, others in near.items() for other in others), one.name


@pytest.mark.parametrize(
    ("model", "keys", "text"),
    [
        ("spectrum", "12.5", "12.5"),
        ("spectrum", "100.5", "1005"),
        ("alaris_8015", "100.5", "1005"),
        ("colleague", "100.5", "100.5"),
        ("spectrum", "99.5", "99.5"),
        ("spectrum", "1.2345", "1.234"),
        ("spectrum", "1..5", "1.5"),
        ("spectrum", ".5", ".5"),
        ("spectrum", ["1", "2", "BACK", "5"], "15"),
        ("spectrum", ["1", "2", "CLEAR", "5"], "5"),
        ("spectrum", ["1", "0", "0", ".", "BACK", "5"], "105"),
        ("spectrum", ["UP", "7"], "7"),
    ],
)
def test_the_display_shows_what_the_firmware_accepts(model, keys, text):
    typed = press(model, keys)
    assert typed is not None
    assert typed.text == text
    assert typed.value == float(text)


@pytest.mark.parametrize("keys", ["", ".", ["CLEAR"], ["1", "BACK"], ["UP"]])
def test_keys_without_a_number_give_none(keys):
    assert press("spectrum", keys) is None


def test_an_ignored_point_stays_visible_in_what_was_pressed():
    typed = press("spectrum", "100.5")
    assert (typed.text, typed.pressed) == ("1005", "100.5")
    assert press("spectrum", "12.5").pressed == "12.5"


@pytest.mark.parametrize(
    ("keys", "text", "pressed"),
    [
        ("1.2345", "1.234", "1.2345"),
        ("1.5.", "1.5", "1.5."),
        (["1", "0", "0", ".", "BACK", "5"], "105", "105"),
        (["1", "0", "0", ".", "5", "CLEAR", "7"], "7", "7"),
        (["1", ".", "2", "3", "4", "5", "BACK", "6"], "1.236", "1.236"),
    ],
)
def test_keys_ignored_are_kept_with_those_taken_unless_taken_back(keys, text, pressed):
    """A decimal too many and a second point; BACK removes what stands on the display, and all ignored after it."""
    typed = press("spectrum", keys)
    assert (typed.text, typed.pressed) == (text, pressed)
    assert len(typed.gaps) == len(pressed)


def test_a_long_hold_is_noted_for_the_key_after_it():
    """A contact may close twice under a soft, long press."""
    keys = [(0, "3"), (400, "6"), (445, "6")]
    assert type_keys(layout("spectrum"), keys, None, (90, 300, 20)).long == (2,)
    assert type_keys(layout("spectrum"), keys, None, (90, 90, 20)).long == ()
    assert type_keys(layout("spectrum"), keys, None).long == ()


def test_gaps_are_known_only_between_keys_pressed_one_after_the_other():
    """After BACK the next key follows the correction, not the digit before it."""
    assert press("spectrum", "125").gaps == (None, 300, 300)
    assert press("spectrum", ["1", "2", "BACK", "5", "0"]).gaps == (None, None, 300)
    assert press("spectrum", ["1", "2", "BACK", "5"]).corrections == 1
    assert press("spectrum", ["BACK", "5"]).corrections == 0


@pytest.mark.parametrize(
    ("keys", "previous", "value"),
    [
        (["UP", "UP", "UP_FAST"], 5.0, 6.2),
        (["DOWN"], 5.0, 4.9),
        (["UP"], 100.0, 101.0),
        (["UP_FAST"], 1000.0, 1100.0),
        (["DOWN_FAST", "DOWN_FAST"], 1.5, 0.0),
        (["UP_FAST"], None, 1.0),
    ],
)
def test_chevrons_step_from_the_value_before(keys, previous, value):
    """Alaris GP: 0.1 and 1 below 100, 1 and 10 below 1000, 10 and 100 above."""
    assert press("alaris_gp", keys, previous).value == pytest.approx(value)


def test_keys_of_a_cursor_keypad_do_not_tell_the_value():
    assert press("b braun space", ["UP", "UP"], 5.0) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(5.0, "5"), (0.05, "0.05"), (1000000.0, "1000000"), (12.50, "12.5"), (0.0, "0"), (1e-5, "0.00001")],
)
def test_values_are_written_without_exponents_or_idle_zeros(value, text):
    assert written(value) == text
