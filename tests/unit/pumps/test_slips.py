"""Slips come out as configured, and always change the value."""

from collections import Counter
from math import sqrt
from random import Random

import pytest

from services.pumps.keystrokes import enterable, presses_for, taken
from services.pumps.slips import Meant, Slips, taken_back
from streams.intent.keypad import layout, layouts

ALL_KINDS = {
    "adjacent_key", "wrong_digit", "missing_digit", "extra_digit", "repeated_key", "key_bounce", "missing_decimal",
    "extra_decimal", "misplaced_decimal", "transposition", "wrong_unit", "wrong_field", "wrong_concentration",
    "stale_value", "overshoot",
}  # fmt: skip
MEANT = [Meant(12.5, 10.0, (60.0,), (4.0,)), Meant(125.0, 100.0, (7.0,), (0.5,)), Meant(0.3, 0.2, (9.0,), (2.0,))]


def tolerance(share, draws):
    """Four standard deviations of a binomial share."""
    return 4 * sqrt(share * (1 - share) / draws)


@pytest.mark.parametrize("name", sorted(layouts()))
def test_a_slip_changes_the_value_that_the_pump_takes(figures, name):
    """On every keypad: the keys give the slip's value, and it is not what was meant."""
    keypad, slips, dice = layouts()[name], Slips(figures.slips), Random(5)
    for _ in range(500):
        meant = dice.choice(MEANT)
        meant = meant._replace(value=enterable(meant.value, keypad), previous=enterable(meant.previous, keypad))
        slipped = slips.draw(meant, keypad, dice)
        assert slipped is not None
        assert slipped.value != meant.value
        assert slipped.value >= 0
        if slipped.kind != "stale_value":
            assert taken(slipped.presses, keypad, meant.previous) == slipped.value
        else:
            assert (slipped.presses, slipped.value) == ([], meant.previous)


def test_every_kind_of_slip_occurs(figures):
    slips, dice = Slips(figures.slips), Random(6)
    drawn = {
        slips.draw(dice.choice(MEANT), keypad, dice).kind
        for keypad in (layout("spectrum"), layout("alaris_gp"))
        for _ in range(3000)
    }
    assert drawn == ALL_KINDS


def test_shares_of_slips_come_out_where_all_can_happen(figures):
    """Of the kinds that can happen to 12.5 on an Alaris, each has its share."""
    slips, dice, keypad = Slips(figures.slips), Random(7), layout("alaris_8015")
    shares = {kind: share for kind, share in figures.slips.shares.items() if kind != "extra_decimal"}
    total, draws = sum(shares.values()), 20_000
    drawn = Counter(slips.draw(MEANT[0], keypad, dice).kind for _ in range(draws))
    # Some draws of these change nothing (a neighbour that is ignored, a factor that gives the same) and are redrawn.
    for kind in ("wrong_digit", "missing_decimal", "repeated_key", "key_bounce", "wrong_field", "stale_value"):
        share = shares[kind] / total
        assert drawn[kind] / draws == pytest.approx(share, abs=tolerance(share, draws) + 0.1 * share), kind


def test_a_neighbour_is_one_on_this_pumps_own_layout(figures):
    """5 has other neighbours on a Colleague than on a Spectrum."""
    slips = Slips(figures.slips)
    found = {}
    for name in ("spectrum", "colleague"):
        dice = Random(8)
        drawn = [slips.make("adjacent_key", Meant(5.0), layout(name), dice) for _ in range(400)]
        found[name] = {slip.value for slip in drawn if slip}
    assert found["spectrum"] == {1, 2, 3, 4, 6, 7, 8, 9}
    assert found["colleague"] == {1, 2, 3, 4, 6, 7, 8, 9}
    zero = {name: set() for name in found}
    for name in found:
        dice = Random(9)
        drawn = [slips.make("adjacent_key", Meant(0.0, 1.0), layout(name), dice) for _ in range(400)]
        zero[name] = {slip.value for slip in drawn if slip}
    assert zero["spectrum"] == {1, 4}
    assert zero["colleague"] == {1, 2, 3}


def test_a_faulty_keypad_bounces_in_three_slips_of_ten(figures):
    slips, dice, keypad, draws = Slips(figures.slips), Random(10), layout("spectrum"), 5000
    drawn = Counter(slips.draw(MEANT[0], keypad, dice, faulty=True).kind for _ in range(draws))
    assert drawn["key_bounce"] / draws == pytest.approx(0.3, abs=0.05)
    assert slips.rate(0.007, faulty=True) == pytest.approx(0.035)


def test_a_bounce_and_a_repeat_differ_in_their_gap_alone(figures):
    slips, keypad = Slips(figures.slips), layout("colleague")
    bounce = slips.make("key_bounce", Meant(50.0), keypad, Random(1))
    again = slips.make("repeated_key", Meant(50.0), keypad, Random(1))
    assert bounce.value == again.value
    assert {press.gap for press in bounce.presses} == {"next", "bounce"}
    assert {press.gap for press in again.presses} == {"next", "same"}


@pytest.mark.parametrize("bounces", [False, True])
@pytest.mark.parametrize("name", ["spectrum", "alaris_8015", "colleague", "alaris_gp"])
def test_a_slip_taken_back_mostly_leaves_the_value(name, bounces):
    """CLEAR, BACK or a step back end at the value meant; where firmware ignored the wrong key, the caller sees it."""
    keypad, dice, same = layout(name), Random(11), 0
    for _ in range(200):
        value = enterable(dice.choice([0.3, 5, 12.5, 50, 80]), keypad)
        presses = taken_back(presses_for(value, keypad, 2.0), keypad, dice, bounces=bounces)
        assert any(press.gap == "notice" for press in presses)
        assert any(press.gap == "bounce" for press in presses) is (bounces and keypad.kind == "digits")
        same += taken(presses, keypad, 2.0) == value
    assert same > 150
