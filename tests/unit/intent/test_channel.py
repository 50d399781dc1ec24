"""The ways back from a text: which values may have been meant, by which slip."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.intent import parameters, priors
from streams.intent.channel import Channel, WaysTo
from streams.intent.keypad import layout, layouts, written

FIGURES = parameters.load()
SHARES = priors.load().class_shares("dose", "round")


def ways(text: str, model: str = "spectrum", *, weight: bool = False):
    found = WaysTo(FIGURES, layout(model), text, float(text), exact=True, weight=weight)
    chances: dict[tuple[float, str], float] = {}
    for (value, slip, _, _), chance in found.chances.items():
        chances[value, slip] = chances.get((value, slip), 0.0) + chance
    return chances


@pytest.mark.parametrize(
    ("text", "meant", "slip"),
    [
        ("50", 40.0, "adjacent_key"),
        ("10", 90.0, "wrong_digit"),
        ("50", 500.0, "missing_digit"),
        ("50", 150.0, "missing_digit"),
        ("590", 50.0, "extra_digit"),
        ("366", 36.0, "key_bounce"),
        ("366", 36.0, "repeated_key"),
        ("44.8", 4.8, "key_bounce"),
        ("75", 7.5, "missing_decimal"),
        ("50", 5.0, "missing_decimal"),
        ("05", 0.5, "missing_decimal"),
        ("1.5", 15.0, "extra_decimal"),
        ("1.5", 145.0, "extra_decimal"),
        ("1.25", 12.5, "misplaced_decimal"),
        ("1.25", 0.125, "misplaced_decimal"),
        ("31", 13.0, "transposition"),
        ("5", 0.005, "wrong_unit"),
        ("5", 300.0, "wrong_unit"),
    ],
)
def test_each_slip_is_among_the_ways(text, meant, slip):
    assert ways(text)[meant, slip] > 0


@pytest.mark.parametrize(
    ("model", "near", "far"),
    [("spectrum", "110", "180"), ("alaris_8015", "180", "120"), ("colleague", "120", "180")],
)
def test_which_key_is_adjacent_depends_on_the_keypad(model, near, far):
    """Beside 0 are 1 on a Spectrum, 8 on an Alaris 8015 and 2 on a Colleague: so 100 comes out differently."""
    assert ways(near, model)[100.0, "adjacent_key"] > 0
    assert (100.0, "adjacent_key") not in ways(far, model)
    assert ways(far, model)[100.0, "wrong_digit"] > 0


def test_a_zero_of_a_run_goes_missing_more_easily():
    """1000 as 100 is likelier than 1100 as 100: any of three zeros, each three times as easily."""
    chances = ways("100")
    assert chances[1000.0, "missing_digit"] > 2 * chances[1100.0, "missing_digit"]


def test_a_naked_five_after_a_zero_is_hardly_ever_meant_so():
    """Who presses 0 before 5 means 0.5: 05 is no way to write 5."""
    written_so = WaysTo(FIGURES, layout("spectrum"), "05", 5.0, exact=True, weight=False)
    assert written_so.typed_chance < 0.01


def test_an_ignored_point_makes_the_number_with_it_the_likelier_one():
    found = WaysTo(FIGURES, layout("spectrum"), "100.5", 1005.0, exact=True, weight=False)
    [(way, chance)] = found.chances.items()
    assert way[:2] == (100.5, "missing_decimal")
    assert FIGURES.base_rate * chance > 1000 * found.typed_chance


def test_chevrons_are_overshot_by_a_step():
    chances = ways("5.1", "alaris_gp")
    assert chances[5.0, "overshoot"] > chances[4.1, "overshoot"] > 0
    assert not {slip for _, slip in chances} & {"adjacent_key", "missing_digit", "key_bounce"}


def test_one_digit_of_a_cursor_keypad_is_stepped_too_far():
    chances = ways("125", "b braun space")
    assert {(124.0, "overshoot"), (115.0, "overshoot"), (225.0, "overshoot")} <= set(chances)


def test_a_weight_is_mistaken_for_pounds_only():
    units = {value for value, slip in ways("154", weight=True) if slip == "wrong_unit"}
    assert units == {70.0, 339.0}


@settings(deadline=None, max_examples=150)
@given(
    value=st.one_of(
        st.integers(0, 9999).map(float), st.decimals(0, 99, places=2).map(float), st.decimals(0, 5, places=3).map(float)
    ),
    model=st.sampled_from(sorted(layouts())),
    exact=st.booleans(),
)
def test_chances_are_probabilities_and_never_lead_to_what_was_typed(value, model, exact):
    """Of the slips that may happen to one value, those that give one text cannot be more than all of them."""
    found = WaysTo(FIGURES, layout(model), written(value), value, exact=exact, weight=False)
    assert 0 < found.typed_chance <= 1
    by_value: dict[float, float] = {}
    for (meant, _, _, _), chance in found.chances.items():
        assert meant != value
        by_value[meant] = by_value.get(meant, 0.0) + chance
    assert all(0 < chance <= 1 for chance in by_value.values())


def test_what_is_left_out_hardly_weighs():
    """Ways not worth weighing are less than one in a hundred of what the others weigh."""
    channel = Channel(FIGURES)
    for text in ("5", "50", "125", "44.8", "1300"):
        kept = channel.alternatives(layout("spectrum"), text, float(text), True, False, SHARES)
        everything = sum(ways(text).values())
        assert sum(kept.chances[:-1]) > 0.2 * everything
        assert len(kept.weighed) == len(kept.values) + 1
        assert kept.weighed[-1][0] > 0
