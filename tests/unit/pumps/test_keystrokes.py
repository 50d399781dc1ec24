"""Values become the keys that enter them, on every keypad, at a nurse's pace."""

from itertools import pairwise
from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pumps.keystrokes import MOST_PRESSES, Hand, Press, enterable, presses_for, presses_of, taken
from streams.intent.display import type_keys
from streams.intent.keypad import layouts

KEYPADS = sorted(layouts())
DIGITS = [name for name in KEYPADS if layouts()[name].kind == "digits"]
values = st.floats(0, 9999, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("name", KEYPADS)
@given(value=values, previous=st.none() | st.floats(0, 99), naked=st.booleans())
def test_keys_replay_to_the_value_on_every_layout(name, value, previous, naked):
    """What is pressed is what the pump takes, from whatever stood in the field before."""
    keypad = layouts()[name]
    meant = enterable(value, keypad)
    before = None if previous is None else enterable(previous, keypad)
    presses = presses_for(meant, keypad, before, naked_point=naked)
    if presses:
        assert len(presses) <= MOST_PRESSES
        assert taken(presses, keypad, before) == pytest.approx(meant, abs=1e-6)
    else:
        assert keypad.kind != "digits"


@pytest.mark.parametrize("name", ["alaris_gp", "spectrum"])
@pytest.mark.parametrize("value", [0.1, 3, 12.5, 60, 99.9])
def test_common_rates_can_be_reached(name, value):
    """A rate below 100 is entered on chevrons and on digits alike."""
    keypad = layouts()[name]
    typed = type_keys(keypad, [(at, press.key) for at, press in enumerate(presses_for(value, keypad, 5.0))], 5.0)
    assert typed is not None
    assert typed.value == value


@pytest.mark.parametrize("name", KEYPADS)
@given(value=values)
def test_an_enterable_value_stays_what_it_is(name, value):
    keypad = layouts()[name]
    once = enterable(value, keypad)
    assert enterable(once, keypad) == once


@pytest.mark.parametrize(
    ("charted", "entered"),
    [(0.0999999998, 0.1), (75.000008, 75), (0.15773524, 0.158), (104.2, 104), (9.9999, 10), (0.9996, 1), (0, 0)],
)
def test_a_charted_value_is_rounded_to_what_was_entered(charted, entered):
    """De-identified charts carry the noise of unit conversions; nobody types it."""
    assert enterable(charted) == entered


def test_a_naked_point_is_typed_without_its_zero():
    spectrum = layouts()["spectrum"]
    assert [press.key for press in presses_for(0.04, spectrum, None, naked_point=True)] == [".", "0", "4"]
    assert [press.key for press in presses_for(0, spectrum, None, naked_point=True)] == ["0"]


def test_intervals_are_those_of_the_configuration(figures):
    """The median gap is 400 ms over many hands; accidental repeats and bounces have their own ranges."""
    gaps = {"next": [], "same": [], "bounce": []}
    for seed in range(300):
        hand = Hand(figures.typing, Random(seed))
        presses = [*presses_of("123456"), Press("6", "same"), Press("6", "bounce")]
        keys = hand.time(presses)
        assert keys[0].t == 0
        assert all(key.hold > 0 for key in keys)
        for press, (before, after) in zip(presses[1:], pairwise(keys), strict=True):
            gaps[press.gap].append(after.t - before.t)
    assert median(gaps["next"]) == pytest.approx(figures.typing.interval_ms, rel=0.05)
    assert min(gaps["same"]) >= 109
    assert max(gaps["same"]) <= 251
    assert min(gaps["bounce"]) >= 19
    assert max(gaps["bounce"]) < 80
