"""Slips of the mind: another field's number, another bag's or unit's, or the number that stood there before."""

import pytest

from schemas.library import Library, load_default
from streams.intent import parameters, priors
from streams.intent.arithmetic import Asked, reckoned
from streams.intent.mistaken import NONE, ProgrammeSlips
from streams.intent.number import roundest
from streams.intent.prior import Prior
from streams.intent.programme import Programme, Told

FIGURES = parameters.load()
PRIOR = Prior(FIGURES, priors.load())
LIBRARY = Library(load_default())
SLIPS = ProgrammeSlips(FIGURES)
UNITS_OF_HEPARIN = ("heparin", "MICU", "dose", "units/h")
FLOW_OF_HEPARIN = ("heparin", "MICU", "rate", "mL/h")
BY_KG = ("norepinephrine", "MICU", "dose", "mcg/kg/min")
WHOLE = ("norepinephrine", "MICU", "dose", "mcg/min")


def mistaken(where, value, previous=None, programme=None, **more):
    return SLIPS.of(PRIOR.context(LIBRARY, *where), value, previous, programme, **more)


def named(where, value, previous=None, programme=None, course=()):
    context = PRIOR.context(LIBRARY, *where)
    return SLIPS.named(context, value, previous, course, SLIPS.of(context, value, previous, programme))


def values(found, slip):
    return {way.value for way in found.ways if way.slip == slip and not way.part}


@pytest.mark.parametrize(
    ("where", "typed", "programme", "meant"),
    [
        (FLOW_OF_HEPARIN, 1000.0, Programme(concentration=50.0), 20.0),
        (FLOW_OF_HEPARIN, 1000.0, None, 10.0),
        (UNITS_OF_HEPARIN, 20.0, Programme(concentration=50.0), 1000.0),
        (BY_KG, 7.0, Programme(weight=70.0), 0.1),
        (BY_KG, 7.0, None, 0.1),
        (WHOLE, 0.1, Programme(weight=80.0), 8.0),
    ],
)
def test_units_are_mistaken_by_weight_and_concentration(where, typed, programme, meant):
    """1000 units/h as mL/h, 7 mcg/min as mcg/kg/min and back: by the weight and bag known, else by usual ones."""
    assert meant in values(mistaken(where, typed, None, programme), "wrong_unit")


def test_a_known_weight_counts_for_more_than_a_usual_one():
    """Without it the chance is shared with weights a deviation less and more."""
    [known] = [way for way in mistaken(WHOLE, 0.1, None, Programme(weight=70.0)).ways if way.value == 7.0]
    [usual] = [way for way in mistaken(WHOLE, 0.1).ways if way.value == 7.0]
    assert known.chance == pytest.approx(2 * usual.chance)


@pytest.mark.parametrize(
    ("programme", "ratios"),
    [(None, {2.0, 0.5}), (Programme(concentration=50.0), {2.0, 0.5}), (Programme(concentration=25.0), {2.0, 4.0})],
)
def test_bags_are_mistaken_for_others_of_the_library(programme, ratios):
    """Heparin comes as 50 and 100 units/mL: twice or half as much, or by what hangs against what is usual."""
    found = values(mistaken(UNITS_OF_HEPARIN, 1000.0, None, programme), "wrong_concentration")
    assert {one / 1000 for one in found} >= ratios


def test_the_number_of_another_field_says_nothing_of_what_was_meant():
    """310 mL typed as a rate: as likely whatever was meant, so nothing is named until it is in doubt."""
    told = mistaken(FLOW_OF_HEPARIN, 310.0, 30.0, Programme((Told("vtbi", 310.0, "mL"),)))
    [(slip, chance)] = told.unseen
    figures = FIGURES.mistakes
    least = FIGURES.shares["wrong_field"] * figures.told_exactly * figures.confused_with["rate"]["vtbi"]
    assert slip == "wrong_field"
    assert least < chance < 1.2 * least
    assert not any(way.part for way in told.ways)


def test_in_doubt_the_values_before_and_round_ones_near_them_are_named():
    """The previous 30, the course before it, 20 to 50 around it and what is usual: each with the slip's chance."""
    programme = Programme((Told("vtbi", 310.0, "mL"),))
    told = named(FLOW_OF_HEPARIN, 310.0, 30.0, programme, course=(23.0, 26.5, 30.0))
    [(slip, chance)] = told.unseen
    parts = [way for way in told.ways if way.part]
    assert {23.0, 26.5, 30.0, 20.0, 25.0, 35.0, 40.0, 15.0, 60.0} <= {way.value for way in parts}
    assert 310.0 not in {way.value for way in parts}
    assert len({way.value for way in parts}) == len(parts)
    assert {(way.slip, way.chance) for way in parts} == {(slip, chance)}


def test_a_number_like_those_of_another_field_is_likelier_than_one_like_none():
    """1000 is a dose of heparin in units/h, 0.02 is nothing of heparin's: both typed as a rate in mL/h."""
    [(_, like_a_dose)] = mistaken(FLOW_OF_HEPARIN, 1000.0).unseen
    [(_, like_nothing)] = mistaken(FLOW_OF_HEPARIN, 0.02).unseen
    assert like_a_dose > 20 * like_nothing


def test_a_dose_typed_as_a_rate_says_by_its_bag_what_was_meant():
    """41.7 mg/h of lidocaine 10 mg/mL is 4.17 mL/h, and nothing else can have been meant."""
    programme = Programme((Told("dose", 41.7, "mg/h"),), concentration=10.0)
    found = mistaken(("lidocaine", "MICU", "rate", "mL/h"), 41.7, None, programme)
    [way] = [way for way in found.ways if way.whole]
    assert (way.value, way.slip) == (4.17, "wrong_field")


@pytest.mark.parametrize(
    ("unit", "value", "of", "weight", "concentration", "comes_to"),
    [
        ("mL/h", 1000.0, "units/h", None, 50.0, 20.0),
        ("units/h", 20.0, "mL/h", None, 50.0, 1000.0),
        ("mL/h", 10.0, "units/kg/h", 70.0, 50.0, 14.0),
        ("mL/h", 10.0, "units/kg/h", None, 50.0, None),
        ("mL/h", 1000.0, "units/h", None, None, None),
        ("mL/h", 1000.0, "mg/h", None, 50.0, None),
        ("units/h", 1000.0, "units/h", None, 50.0, None),
    ],
)
def test_what_a_dose_comes_to_in_a_flow(unit, value, of, weight, concentration, comes_to):
    """By bag and weight; nothing where one is missing or the units do not fit."""
    assert reckoned(Asked(LIBRARY, "heparin", "adult_icu", unit, weight, concentration), value, of) == comes_to


def test_a_value_kept_is_the_previous_or_the_drugs_before():
    """Confirmed without a key it is ten times as likely as typed anew."""
    typed = dict(mistaken(UNITS_OF_HEPARIN, 1000.0, 1000.0).unseen)["stale_value"]
    kept = dict(mistaken(UNITS_OF_HEPARIN, 1000.0, 1000.0, Programme(keyless=True)).unseen)["stale_value"]
    left = dict(mistaken(UNITS_OF_HEPARIN, 1000.0, None, Programme(earlier=1000.0, keyless=True)).unseen)["stale_value"]
    assert kept == left == FIGURES.shares["stale_value"]
    assert typed == pytest.approx(kept * FIGURES.mistakes.stale_with_keys)
    assert "stale_value" not in dict(mistaken(UNITS_OF_HEPARIN, 1100.0, 1000.0).unseen)


def test_exactly_the_hard_limit_is_a_sign_on_a_keypad_that_stops_there():
    """B. Braun: a digit of high place stepped beyond 4000 units/h ends on 4000."""
    assert "overshoot" in dict(mistaken(UNITS_OF_HEPARIN, 4000.0, 1000.0, snaps=True).unseen)
    assert "overshoot" not in dict(mistaken(UNITS_OF_HEPARIN, 4000.0, 1000.0).unseen)
    assert "overshoot" not in dict(mistaken(UNITS_OF_HEPARIN, 3990.0, 1000.0, snaps=True).unseen)


def test_zero_and_unknown_drugs_are_no_obstacle():
    """A stop is no mistake of this kind; a drug that no library lists still has weights and fields."""
    assert mistaken(UNITS_OF_HEPARIN, 0.0) == NONE
    unknown = mistaken(("nobody's drug", "MICU", "dose", "mcg/kg/min"), 7.0)
    assert 0.1 in values(unknown, "wrong_unit")
    assert dict(unknown.unseen)["wrong_field"] > 0


@pytest.mark.parametrize(
    ("value", "typed", "round_one"),
    [
        (4.98, 0.083, 5.0),
        (0.00625, 0.5, 0.00625),
        (28.8, 1.2, 28.8),
        (69.853, 154.0, 70.0),
        (1.2, 28.8, 1.2),
        (5.00126, 120.03, 5.0013),
    ],
)
def test_a_computed_value_is_the_roundest_that_a_pump_may_have_made_it_of(value, typed, round_one):
    """0.083 typed for 5 / 60 means 5, not 4.98."""
    assert roundest(value, typed) == round_one
