"""Probabilities that add up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.library import Library, load_default
from streams.intent import parameters, priors
from streams.intent.channel import LEAST_WIDTH, Alternatives, Channel
from streams.intent.expected import NOTHING_EXPECTED, Expected
from streams.intent.grid import picker
from streams.intent.keypad import layout, layouts, written
from streams.intent.mistaken import NONE, ProgrammeSlips
from streams.intent.number import cell
from streams.intent.posterior import posterior, weigh
from streams.intent.prior import Prior

FIGURES = parameters.load()
FITTED = priors.load()
LIBRARY = Library(load_default())
PRIOR = Prior(FIGURES, FITTED)
CHANNEL = Channel(FIGURES)
MISTAKEN = ProgrammeSlips(FIGURES)

CONTEXTS = [
    ("norepinephrine", "MICU", "dose", "mcg/kg/min"),
    ("heparin", "Ward", "dose", "units/h"),
    ("fentanyl", "NICU", "dose", "mcg/h"),
    ("nobody's drug", "somewhere", "dose", "no unit"),
    ("sodium chloride 0.9%", "MICU", "vtbi", "mL"),
    ("insulin", "MICU", "weight", "kg"),
    ("propofol", "MICU", "rate", "mL/h"),
]
VALUES = st.one_of(
    st.integers(0, 9999).map(float), st.decimals(0, 99, places=2).map(float), st.decimals(0, 5, places=3).map(float)
)


def judged(where, value, model="spectrum", previous=None, expected=NOTHING_EXPECTED, evidence=()):
    drug, area, field, unit = where
    context = PRIOR.context(LIBRARY, drug, area, field, unit)
    digits = context.digits[priors.after(previous)]
    ways = CHANNEL.alternatives(layout(model), written(value), value, True, field == "weight", digits)
    mistaken = MISTAKEN.of(context, value, previous, None)
    found = posterior(context, ways, mistaken, value, previous, expected, evidence, FIGURES.base_rate, FIGURES)
    return found, ways, context, mistaken


@settings(deadline=None, max_examples=300)
@given(
    where=st.sampled_from(CONTEXTS),
    value=VALUES,
    previous=st.one_of(st.none(), VALUES),
    model=st.sampled_from(sorted(layouts())),
    course=st.lists(VALUES, max_size=6),
    restored=st.lists(st.tuples(VALUES, st.floats(0, 0.16)), max_size=3),
)
def test_typed_alternatives_and_something_else_sum_to_one(where, value, previous, model, course, restored):
    """Whatever is entered where: one distribution, no value twice, the likeliest first."""
    expected = Expected(tuple(course), tuple(restored))
    found, ways, context, mistaken = judged(where, value, model, previous, expected)
    weights, of_typed = weigh(context, ways, mistaken, previous, expected, FIGURES.prior)
    assert len(weights) == len(ways.values) + len(mistaken.ways)
    assert all(weight >= 0 for weight in weights)
    typed = (of_typed if value else FIGURES.prior.zero) * ways.typed_chance * (1 - FIGURES.base_rate)
    errors = FIGURES.base_rate * sum(weights)
    assert 0 <= found.material <= found.error_likelihood <= 1
    assert found.error_likelihood >= errors / (errors + typed) - 1e-9, "what no way names only adds to it"
    named = sum(one.probability for one in found.meant)
    assert named <= found.error_likelihood + 1e-9
    assert value not in {one.value for one in found.meant}
    assert len({one.value for one in found.meant}) == len(found.meant) <= 3
    assert sorted((one.probability for one in found.meant), reverse=True) == [one.probability for one in found.meant]


def test_a_value_close_to_the_one_meant_is_an_error_that_does_not_matter():
    """108 for 109 is very likely a slip, and nothing that a ward should be told."""
    found, *_ = judged(CONTEXTS[6], 19.2, previous=19.0, expected=Expected((19.0,)))
    near, *_ = judged(CONTEXTS[6], 191.0, previous=19.0, expected=Expected((19.0,)))
    assert found.error_likelihood > 2 * found.material
    assert near.material == pytest.approx(near.error_likelihood, rel=0.01)


def test_the_course_explains_what_would_be_a_jump():
    """Ten times the previous value is doubtful, and not where the infusion ran at it before."""
    jump, *_ = judged(CONTEXTS[0], 1.0, previous=0.1, expected=Expected((0.08, 0.1)))
    back, *_ = judged(CONTEXTS[0], 1.0, previous=0.1, expected=Expected((1.0, 0.1)))
    assert back.error_likelihood < jump.error_likelihood / 10


@pytest.mark.parametrize(
    ("where", "previous"),
    [(one, previous) for one in (CONTEXTS[0], CONTEXTS[3], CONTEXTS[6]) for previous in (None, 40.0)],
)
def test_the_prior_is_a_distribution_over_the_numbers_that_can_be_entered(where, previous):
    """All numbers of up to four digits, from 0.001 to 99990, sum to nearly one: the rest is beyond or finer."""
    drug, area, field, unit = where
    context = PRIOR.context(LIBRARY, drug, area, field, unit)
    digits = context.digits[priors.after(previous)]
    values = {float(f"{mantissa}e{power}") for power in range(-3, 2) for mantissa in range(1, 10_000)}
    values |= {float(f"{mantissa}e-6") for mantissa in range(1, 10_000)}
    total = FIGURES.prior.zero
    for value in values:
        total += chance_of(context, value, previous, digits)
    assert total == pytest.approx(1.0, abs=0.08)


def chance_of(context, value, previous, digits):
    """P(value) as the posterior weighs the typed one."""
    number, distance, place = cell(value)
    width = max(digits[number] * distance, LEAST_WIDTH)
    alone = Alternatives(1.0, (), (), (1.0,), (width,), picker((place,)), place, (), (), {value: (0,)}, 0.0, ())
    return weigh(context, alone, NONE, previous, NOTHING_EXPECTED, FIGURES.prior)[1]


def test_an_interval_that_speaks_for_a_bounce_raises_only_that_way():
    plain, ways, *_ = judged(CONTEXTS[1], 1100.0, previous=150.0)
    bounce = [(place, 200.0) for place in ways.timed if ways.slips[place] == "key_bounce"]
    timed, *_ = judged(CONTEXTS[1], 1100.0, previous=150.0, evidence=bounce)
    assert timed.error_likelihood > plain.error_likelihood
    assert (timed.meant[0].value, timed.meant[0].slip) == (100.0, "key_bounce")


def test_a_value_that_restores_what_was_meant_is_not_doubted():
    """After a flagged 500 with 50 as the value meant, 50 is what to expect, though it is a tenth."""
    where = CONTEXTS[2]
    jump, *_ = judged(where, 5.0, previous=50.0)
    restored, *_ = judged(where, 5.0, previous=50.0, expected=Expected(meant=((5.0, 0.4),)))
    assert restored.error_likelihood < jump.error_likelihood / 20
