"""What the simulator's nurses do to a value is found back among the ways, under the right name, on every keypad."""

from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.library import Library, load_default
from services.pumps import behaviour
from services.pumps.keystrokes import enterable
from services.pumps.slips import Meant, Slips
from streams.intent import parameters, priors
from streams.intent.display import type_keys
from streams.intent.keypad import layouts, written
from streams.intent.mistaken import ProgrammeSlips
from streams.intent.prior import Prior
from streams.intent.programme import Programme, Told
from streams.intent.spelling import Reader
from streams.intent.ways import ways_to

FIGURES = parameters.load()
READERS = {exact: Reader(FIGURES.writing, exact=exact) for exact in (True, False)}
GENERATOR = Slips(behaviour.load().slips)
PRIOR = Prior(FIGURES, priors.load())
LIBRARY = Library(load_default())
DIGITS = ("spectrum", "alaris_8015", "colleague", "plain")
OF_THE_FINGER = (
    "adjacent_key", "wrong_digit", "missing_digit", "extra_digit", "repeated_key", "key_bounce", "missing_decimal",
    "misplaced_decimal", "extra_decimal", "transposition",
)  # fmt: skip
SAME_AS = {"wrong_digit": "adjacent_key", "transposition": "misplaced_decimal"}
VALUES = st.one_of(
    st.integers(1, 9999).map(float),
    st.decimals("0.1", 99, places=2).map(float),
    st.decimals("0.001", "0.999", places=3).map(float),
)


def found(presses, keypad, value, previous=None):
    """Value and slip of each way back from the keys pressed."""
    typed = type_keys(keypad, list(enumerate(press.key for press in presses)), previous)
    text, exact = (typed.pressed, True) if typed is not None else (written(value), False)
    ways = ways_to(FIGURES, READERS[exact], keypad, text, value, exact=exact, weight=False)
    return {(way[0][0], way[1]) for way in ways.found}


@pytest.mark.parametrize("kind", OF_THE_FINGER)
@settings(deadline=None, max_examples=150)
@given(value=VALUES, model=st.sampled_from(DIGITS), seed=st.integers(0, 10_000))
def test_a_slip_of_the_finger_is_found_back(kind, value, model, seed):
    """From its keys the value meant and the kind are among the ways; a wrong digit may be a neighbour."""
    keypad = layouts()[model]
    value = enterable(value, keypad)
    slipped = GENERATOR.make(kind, Meant(value), keypad, Random(seed))
    assume(slipped is not None)
    # Where a point was hit in place of a digit behind the point, the pump ignores it and shows one digit less.
    assume(sum(press.key == "." for press in slipped.presses) < 2)
    names = {kind, SAME_AS.get(kind, kind)}
    assert any((value, name) in found(slipped.presses, keypad, slipped.value) for name in names), slipped


@pytest.mark.parametrize("model", ["alaris_gp", "bbraun_five_key"])
@settings(deadline=None, max_examples=150)
@given(value=VALUES, previous=st.one_of(st.none(), VALUES), seed=st.integers(0, 10_000))
def test_a_step_too_many_is_found_back(model, value, previous, seed):
    """Also where the step is another one beyond 100 and 1000, and where the chevron pressed was the fast one."""
    keypad = layouts()[model]
    value = enterable(value, keypad)
    previous = previous and enterable(previous, keypad)
    slipped = GENERATOR.make("overshoot", Meant(value, previous), keypad, Random(seed))
    assume(slipped is not None and slipped.value > 0)
    assert (value, "overshoot") in found(slipped.presses, keypad, slipped.value, previous), slipped


@pytest.mark.parametrize("kind", ["wrong_field", "wrong_concentration", "wrong_unit", "stale_value"])
@pytest.mark.parametrize("model", sorted(layouts()))
@pytest.mark.parametrize("seed", range(12))
def test_a_slip_of_the_mind_is_found_back(kind, model, seed):
    """Heparin in units/h: another field's number or the one before whatever was meant; a bag's or unit's factor."""
    keypad, dice = layouts()[model], Random(seed)
    value, previous, weight = float(dice.choice((600, 1000, 2000))), 800.0, 70.0
    meant = Meant(value, previous, (20.0,), (2.0, 0.5))
    slipped = GENERATOR.make(kind, meant, keypad, dice)
    if slipped is None:
        assert keypad.kind != "digits"  # a keypad that steps reaches no such number in 250 presses
        return
    context = PRIOR.context(LIBRARY, "heparin", "MICU", "dose", "units/h")
    programme = Programme((Told("rate", 20.0, "mL/h"),), weight=weight, keyless=not slipped.presses)
    mistaken = ProgrammeSlips(FIGURES).of(context, slipped.value, previous, programme)
    named = {(way.value, way.slip) for way in mistaken.ways}
    if slipped.presses:
        named |= found(slipped.presses, keypad, slipped.value, previous)
    whatever = {slip for slip, _ in mistaken.unseen}
    near = {slip for other, slip in named if abs(other / value - 1) < 0.03}
    assert kind in whatever | near, slipped
