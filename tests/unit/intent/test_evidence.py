"""What a nurse educator reads."""

import pytest

from schemas.events import Meant
from schemas.library import Library, load_default
from streams.intent import evidence, parameters, priors
from streams.intent.display import type_keys
from streams.intent.expected import NOTHING_EXPECTED, Expected
from streams.intent.keypad import layout
from streams.intent.prior import Prior
from streams.intent.programme import Programme, Told
from streams.intent.taught import Own
from streams.intent.timing import intervals

PRIOR = Prior(parameters.load(), priors.load())
LIBRARY = Library(load_default())
HEPARIN = PRIOR.context(LIBRARY, "heparin", "MICU", "dose", "units/h")
FLOW = PRIOR.context(LIBRARY, "magnesium sulfate", "MICU", "rate", "mL/h")


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (10.0, "10 times"),
        (2.5, "2.5 times"),
        (10.2, "10.2 times"),
        (1100.0, "1,100 times"),
        (56.3, "56 times"),
        (0.45, "45% of"),
        (0.1, "1/10 of"),
        (0.0009, "1/1,111 of"),
    ],
)
def test_ratios_are_said_as_a_person_says_them(ratio, words):
    """No exponent, no more digits than anybody reads."""
    assert evidence.times(ratio) == words


def test_a_doubted_value_is_explained_by_slip_jump_and_custom():
    """Each in one sentence, the slip first."""
    said = evidence.of_value(HEPARIN, 50.0, 1000.0, (Meant(500.0, 0.6, "missing_digit"),), NOTHING_EXPECTED)
    assert said[:2] == ["50 is 500 with a digit left out", "50 units/h is 1/20 of the previous 1000"]


@pytest.mark.parametrize(
    ("slip", "sentence"),
    [
        ("wrong_unit", "50 may have been meant in another unit, that is 1000 units/h"),
        ("wrong_concentration", "50 units/h is 1000 units/h reckoned for another concentration"),
        ("stale_value", "50 stood there before and may have been kept by mistake; 1000 units/h is usual here"),
        ("wrong_field", "50 may belong in another field; 1000 units/h is usual here"),
        ("overshoot", "50 is 1000 stepped too far"),
        ("misplaced_decimal", "50 is 1000 with the decimal point in the wrong place"),
    ],
)
def test_every_slip_has_its_sentence(slip, sentence):
    """In words of the ward, with what was typed and what was meant."""
    assert evidence.of_value(HEPARIN, 50.0, None, (Meant(1000.0, 0.6, slip),), NOTHING_EXPECTED)[0] == sentence


def test_a_field_that_holds_the_typed_number_is_named():
    """Whoever typed the volume as the rate sees it at once."""
    programme = Programme((Told("vtbi", 310.0, "mL"),))
    said = evidence.of_value(FLOW, 310.0, 30.0, (Meant(30.0, 0.6, "wrong_field"),), NOTHING_EXPECTED, programme)
    assert said[0] == "310 is the volume to be infused of this programme (310 mL)"


def test_a_flagged_entry_before_is_mentioned():
    """What follows it may put it right."""
    said = evidence.of_value(HEPARIN, 1000.0, 1000.0, (), Expected((), ((500.0, 0.4),)))
    assert "the entry before this one was flagged too" in said


@pytest.mark.parametrize(
    ("own", "value", "said"),
    [
        (Own(200.0, 300.0, 1800.0), 2500.0, ["heparin at this hospital is below 1800 units/h in 99% of entries"]),
        (Own(200.0, 300.0, 1800.0), 100.0, ["heparin at this hospital is above 300 units/h in 99% of entries"]),
        (Own(200.0, 300.0, 1800.0), 1000.0, []),
    ],
)
def test_a_hospitals_own_entries_come_before_everybodys(own, value, said):
    """What is unusual there, and nothing where the value is usual."""
    context = HEPARIN.of_hospital(HEPARIN.density, {}, own)
    assert evidence.of_usual(context, value) == said


def test_a_hospital_seen_a_few_times_is_no_authority():
    """Until it entered the drug 30 times, what other hospitals enter is said."""
    context = HEPARIN.of_hospital(HEPARIN.density, {}, Own(5.0, 900.0, 1100.0))
    assert evidence.of_usual(context, 25_000.0) == evidence.of_usual(HEPARIN, 25_000.0)
    assert evidence.of_usual(context, 25_000.0)[0].startswith("9 in 10 entries of heparin are between")


def test_a_drug_that_nobody_knows_says_so():
    """Then the judgement stands on the library, or on other drugs."""
    unknown = PRIOR.context(LIBRARY, "nobody's drug", "MICU", "dose", "mcg/min")
    assert evidence.of_usual(unknown, 5.0) == [
        "entries of nobody's drug in mcg/min are not known well: judged by other drugs in this unit"
    ]


def test_keys_pressed_too_fast_are_named_with_their_interval():
    """5 and 0 at once, or 6 twice: what no hand types."""
    keypad = layout("alaris_8015")
    for keys, sentence in (
        ([(0, "5"), (40, "8")], "5 and 8 were pressed 40 ms apart"),
        ([(0, "3"), (400, "6"), (445, "6")], "6 came twice within 45 ms"),
    ):
        typed = type_keys(keypad, keys, None)
        assert evidence.of_intervals(typed, intervals(keypad, typed), 80) == [sentence]


@pytest.mark.parametrize(
    ("model", "keys", "value", "sentence"),
    [
        ("spectrum", "100.5", 1005.0, '"." was pressed and ignored by the pump: 100.5 became 1005'),
        ("spectrum", "1.2345", 1.234, "a decimal was pressed and ignored by the pump: 1.2345 became 1.234"),
        ("spectrum", "12", 13.0, "the keys give 12, the pump took 13: the keys were left out of account"),
        ("tomorrow's", "12", 12.0, "the keypad of this pump is not known: a plain telephone keypad was assumed"),
    ],
)
def test_what_is_odd_about_the_keys_is_said_whatever_the_verdict(model, keys, value, sentence):
    """Ignored keys, keys that do not fit the value, and a keypad that had to be assumed."""
    typed = type_keys(layout(model), list(enumerate(keys)), None)
    assert evidence.of_keys(typed, layout(model), value, pressed_any=True) == [sentence]
