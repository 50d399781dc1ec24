"""The simulator's slips are not those that the model assumes, and the oracle's are."""

import pytest

from schemas.library import Library, load_default
from services.evaluate import oracle
from services.evaluate.mixes import mixes
from services.pumps import behaviour
from streams.intent import parameters
from streams.intent.prior import Prior
from streams.intent.priors import load
from streams.intent.taught import Taught
from tests.unit.intent.test_learned import lesson, taught

FIGURES = behaviour.load()
OURS = parameters.load()
ORACLE = oracle.parameters(FIGURES, OURS, corrected=0.8)


def test_the_simulator_differs_from_the_model_in_forms_units_and_timing():
    """What the model assumes is not what the simulator does, or the evaluation would only repeat the assumptions."""
    assert FIGURES.slips.overshoot != OURS.stepped["overshoot"]
    assert set(FIGURES.slips.unit_factors) - set(OURS.forms.unit_factors)
    assert FIGURES.typing.naked_point != OURS.writing.naked_point
    assert FIGURES.typing.interval_ms != OURS.timing.between_keys.median_ms
    assert ORACLE.timing.bounce != OURS.timing.bounce
    assert ORACLE.timing.repeated != OURS.timing.repeated
    assert ORACLE.forms.extra_beside != OURS.forms.extra_beside
    assert ORACLE.shares != OURS.shares


def test_the_oracle_has_the_shares_rate_and_timing_of_the_simulator():
    """Shares sum to 1 and are the simulator's; an interval drawn evenly keeps its median and spread."""
    assert sum(ORACLE.shares.values()) == pytest.approx(1)
    assert sum(ORACLE.stepped.values()) == pytest.approx(1)
    assert ORACLE.base_rate == FIGURES.slips.rate
    assert ORACLE.shares["adjacent_key"] == pytest.approx(FIGURES.slips.shares["adjacent_key"])
    assert ORACLE.stepped["overshoot"] == FIGURES.slips.overshoot
    low, high = FIGURES.typing.bounce_ms
    assert low < ORACLE.timing.bounce.median_ms < high
    assert ORACLE.timing.bounce.log_sd == pytest.approx(0.37, abs=0.02)


def test_other_mixes_keep_the_kinds_and_sum_to_one():
    """Halved and doubled, alike, and dealt out anew: all fifteen kinds keep a share above 0."""
    found = mixes(FIGURES)
    assert len(found) == 4
    for one in found.values():
        shares = one.slips.shares
        assert set(shares) == set(FIGURES.slips.shares)
        assert sum(shares.values()) == pytest.approx(1)
        assert min(shares.values()) > 0
    reversed_shares = found["commonest rarest"].slips.shares
    assert reversed_shares["adjacent_key"] == pytest.approx(min(FIGURES.slips.shares.values()))


def test_the_oracle_learns_nothing_of_slips_as_it_knows_how_they_are_made():
    """However many slips a hospital confirmed or took back, its shares stay the simulator's."""
    learned = taught(lesson(), *(lesson(slip="key_bounce", taken_back=number % 2 == 0) for number in range(200)))
    context = Prior(ORACLE, load()).context(Library(load_default()), "heparin", "MICU", "dose", "units/h")
    factors = Taught(ORACLE, learned).context(context, "h").slips
    assert list(factors.values()) == pytest.approx([1.0] * len(factors), abs=0.01)
