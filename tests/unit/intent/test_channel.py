"""The ways back from a text: which values may have been meant, by which slip."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.intent import parameters, priors
from streams.intent.channel import Channel
from streams.intent.keypad import layout, layouts, written
from streams.intent.spelling import Reader, spelling
from streams.intent.ways import ways_to

FIGURES = parameters.load()
READERS = {exact: Reader(FIGURES.writing, exact=exact) for exact in (True, False)}
OF_THE_MIND = {"wrong_unit", "wrong_field", "wrong_concentration", "stale_value", "other"}
SHARES = priors.load().class_shares("dose", "round")


def ways(text: str, model: str = "spectrum", *, exact: bool = True, weight: bool = False):
    found = ways_to(FIGURES, READERS[exact], layout(model), text, float(text), exact=exact, weight=weight)
    chances: dict[tuple[float, str], float] = {}
    for read, slip, chance, *_ in found.found:
        chances[read[0], slip] = chances.get((read[0], slip), 0.0) + chance
    return chances


@pytest.mark.parametrize(
    ("text", "meant", "slip"),
    [
        ("50", 40.0, "adjacent_key"),
        ("145", 1.5, "adjacent_key"),
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
        ("1.5", 145.0, "adjacent_key"),
        ("1.25", 12.5, "misplaced_decimal"),
        ("1.25", 0.125, "misplaced_decimal"),
        ("31", 13.0, "transposition"),
        ("5", 0.005, "wrong_unit"),
        ("5", 300.0, "wrong_unit"),
        ("0.0833", 5.0, "wrong_unit"),
    ],
)
def test_each_slip_is_among_the_ways(text, meant, slip):
    """The value meant, with a chance, for each kind of slip that the text alone tells."""
    assert ways(text)[meant, slip] > 0


def test_zeros_that_a_display_hides_may_have_been_typed():
    """Where only the value is known, 5 may be what 0.05 becomes without its point."""
    assert ways("5", exact=False)[0.05, "missing_decimal"] > 0
    assert (0.05, "missing_decimal") not in ways("5")


@pytest.mark.parametrize(
    ("text", "meant", "slip"),
    [
        ("10", 1000.0, "missing_digit"),
        ("1000", 10.0, "repeated_key"),
        ("4488", 48.0, "key_bounce"),
        ("5550", 50.0, "key_bounce"),
        ("250", 2.5, "missing_decimal"),
    ],
)
def test_two_slips_of_one_cause_are_ways_of_small_chance(text, meant, slip):
    """A hundred times too much: two zeros, two bounces, or a point and a zero; less than a tenth of a single slip."""
    found = ways(text)
    twice = found[meant, slip]
    assert 0 < twice < 0.1 * max(found.values())


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
    found = ways_to(FIGURES, READERS[True], layout("spectrum"), "05", 5.0, exact=True, weight=False)
    assert found.typed_chance < 0.01


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("5", 0.98), ("0.5", 0.7), (".5", 0.3), ("5.0", 0.02), ("1.50", 0.02),
        ("05", 3e-4), ("5.", 3e-4), ("1.500", 3e-4), ("00.5", 3e-4), (".50", 3e-4), ("1.5.", 3e-4),
    ],
)  # fmt: skip
def test_a_number_is_written_in_three_usual_ways(text, share):
    """As a display shows it, with a naked point, or with one trailing zero."""
    assert spelling(text, FIGURES.writing) == pytest.approx(share)


def test_an_ignored_point_makes_the_number_with_it_the_likelier_one():
    """100.5 on a pump that takes no point from 100 up: 1005 is shown, and who meant it pressed "." for nothing."""
    found = ways_to(FIGURES, READERS[True], layout("spectrum"), "100.5", 1005.0, exact=True, weight=False)
    [chance] = [way[2] for way in found.found if (way[0][0], way[1]) == (100.5, "missing_decimal") and way[2] > 1]
    assert FIGURES.base_rate * chance > 1000 * found.typed_chance


def test_a_bounce_before_an_ignored_point_is_a_way_too():
    """99.5 with the 9 bouncing is 999.5, of which the pump makes 9995."""
    found = ways_to(FIGURES, READERS[True], layout("spectrum"), "999.5", 9995.0, exact=True, weight=False)
    assert {(way[0][0], way[1]) for way in found.found} >= {(99.5, "key_bounce"), (999.5, "missing_decimal")}


def test_chevrons_are_overshot_by_the_step_of_the_value_they_were_pressed_at():
    """Alaris GP: 0.1 and 1 below 100, 1 and 10 from there, so 100 comes from 99.9 and from 90, and never from 99.5."""
    chances = ways("5.1", "alaris_gp")
    assert chances[5.0, "overshoot"] > chances[4.1, "overshoot"] > 0
    assert not {slip for _, slip in chances} & {"adjacent_key", "missing_digit", "key_bounce"}
    assert {value for value, slip in ways("100", "alaris_gp") if slip == "overshoot"} == {99.9, 99.0, 101.0, 110.0}


def test_one_digit_of_a_cursor_keypad_is_stepped_too_far():
    """Each digit by one, 9 carrying into the next, or all of them one place off."""
    chances = ways("125", "b braun space")
    assert {(124.0, "overshoot"), (115.0, "overshoot"), (225.0, "overshoot")} <= set(chances)
    assert (
        chances[99.0, "overshoot"]
        if (99.0, "overshoot") in chances
        else ways("100", "b braun space")[99.0, "overshoot"]
    )
    assert chances[12.5, "misplaced_decimal"] > 0


def test_a_weight_is_mistaken_for_pounds_only():
    """154 lb are 70 kg."""
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
    found = ways_to(FIGURES, READERS[exact], layout(model), written(value), value, exact=exact, weight=False)
    assert 0 < found.typed_chance <= 1
    by_value: dict[float, float] = {}
    for way in found.found:
        assert way[0][0] != value
        by_value[way[0][0]] = by_value.get(way[0][0], 0.0) + way[2]
    assert all(0 < chance <= 1 for chance in by_value.values())


@pytest.mark.parametrize("model", ["spectrum", "alaris_8015", "colleague"])
@pytest.mark.parametrize("meant", ["5", "50", "12.5", "0.25", "100"])
def test_all_texts_that_slips_make_of_one_value_sum_to_no_more_than_their_shares(model, meant):
    """P(text | meant, some slip) over all texts one key away is a distribution.

    It lacks what cannot happen to this value, and the slips of the mind.
    """
    value, total = float(meant), 0.0
    for text in texts_near(meant):
        found = ways_to(FIGURES, READERS[True], layout(model), text, float(text), exact=True, weight=False)
        total += sum(way[2] for way in found.found if way[0][0] == value and way[1] != "wrong_unit")
    of_finger = sum(FIGURES.shares[slip] for slip in FIGURES.shares if slip not in OF_THE_MIND)
    assert 0.5 * of_finger < total < 1.15 * of_finger


def texts_near(meant: str) -> set[str]:
    """Every text one key away: another key, one more, one less, or two swapped."""
    keys = "0123456789."
    near = {meant[:at] + key + meant[at + cut :] for at in range(len(meant) + 1) for key in keys for cut in (0, 1)}
    near |= {meant[:at] + meant[at + 1 :] for at in range(len(meant))}
    near |= {meant[:at] + meant[at + 1] + meant[at] + meant[at + 2 :] for at in range(len(meant) - 1)}
    if "." in meant:
        digits = meant.replace(".", "")
        near |= {f"{digits[:at]}.{digits[at:]}" for at in range(len(digits))}
    return {one for one in near if one.strip(".") and one.count(".") <= 1 and float(one) != float(meant)}


def test_what_is_left_out_hardly_weighs():
    """The ways kept are most of the chance, each with its columns, the typed value last."""
    channel = Channel(FIGURES)
    for text in ("5", "50", "125", "44.8", "1300"):
        kept = channel.alternatives(layout("spectrum"), text, float(text), True, False, SHARES)
        everything = sum(ways(text).values())
        assert sum(kept.chances[:-1]) > 0.2 * everything
        assert len(kept.masses) == len(kept.values) + 1
        assert kept.masses[-1] > 0
        assert all(
            kept.values[way] == value for value, found in kept.of_value.items() for way in found if value != float(text)
        )
