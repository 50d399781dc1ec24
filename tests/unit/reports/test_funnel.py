"""Where a hospital stands: worked examples, statsmodels as a second opinion, simulated hospitals of known truth."""

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.meta_analysis import combine_effects

from services.reports import funnel


def test_the_interval_of_a_ratio_is_the_exact_one_of_a_poisson_count():
    """Ten events where five are expected: 4.795 to 18.39 (Garwood), so 0.96 to 3.68 times; none: 0 to 3.689."""
    assert funnel.ratio(10, 5) == pytest.approx((2.0, 0.9591, 3.6781), abs=1e-3)
    assert funnel.ratio(0, 5) == pytest.approx((0.0, 0.0, 3.6889 / 5), abs=1e-3)


def test_a_share_has_the_interval_of_clopper_and_pearson():
    """8 overrides of 10 warnings: 44.4% to 97.5%, as multiples of an expected 50%."""
    assert funnel.ratio(8, 5, chances=10) == pytest.approx((1.6, 0.8878, 1.9496), abs=1e-3)


def test_the_spread_of_few_hospitals_is_that_of_paule_and_mandel():
    """With nine hospitals nobody is drawn in, and middle and spread are those of statsmodels."""
    dice = np.random.default_rng(4)
    ratios, variances = dice.normal(0.1, 0.4, 9), dice.uniform(0.005, 0.05, 9)
    found = funnel.spread(list(ratios), list(variances))
    other = combine_effects(ratios, variances, method_re="iterated")
    assert found.between == pytest.approx(np.sqrt(other.tau2), abs=1e-4)
    assert found.centre == pytest.approx(other.mean_effect_re, abs=1e-4)


def test_the_spread_is_found_and_one_outlier_hardly_moves_it():
    """Over 400 groups of 30 hospitals with a spread of 0.3 it is 0.3 on average; with one at ten times still near."""
    dice = np.random.default_rng(5)
    without, with_one = [], []
    for _ in range(400):
        variances = dice.uniform(0.005, 0.05, 30)
        ratios = dice.normal(0, 0.3, 30) + dice.normal(0, np.sqrt(variances))
        without.append(funnel.spread(list(ratios), list(variances)).between)
        ratios[0] = np.log(10)
        with_one.append(funnel.spread(list(ratios), list(variances)).between)
    assert np.mean(without) == pytest.approx(0.3, abs=0.015)
    assert np.mean(with_one) == pytest.approx(0.3, abs=0.06)


@pytest.mark.parametrize("between", [0.0, 0.3])
def test_the_funnel_holds_19_of_20_hospitals_at_any_size_and_spread(between):
    """Of 20,000 hospitals with 10 to 1,000 expected events 95% lie within the inner limits, however they differ."""
    dice = np.random.default_rng(6)
    expected = np.exp(dice.uniform(np.log(10), np.log(1000), 20_000))
    observed = dice.poisson(expected * np.exp(dice.normal(0, between, 20_000)))
    spread = funnel.Spread(0.0, between)
    inside = [
        low <= count / of <= high
        for count, of in zip(observed, expected, strict=True)
        for low, high in [funnel.limits(of, spread, funnel.NINETY_FIVE)]
    ]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("hospitals", [8, 20, 50])
def test_a_percentile_lies_in_its_interval_19_times_of_20(hospitals):
    """Over simulated groups, spread estimated from the group itself, the true percentile is covered nearly always."""
    dice = np.random.default_rng(hospitals)
    covered = []
    for _ in range(800):
        expected = np.exp(dice.uniform(np.log(20), np.log(500), hospitals))
        true = dice.normal(0, 0.4, hospitals)
        observed = dice.poisson(expected * np.exp(true))
        ratios = [funnel.log_ratio(*pair) for pair in zip(observed, expected, strict=True)]
        spread = funnel.spread(ratios, list(1 / expected))
        found = funnel.standing(observed[0], expected[0], spread, hospitals)
        if found is not None:
            covered.append(found.low <= norm.cdf(true[0] / 0.4) <= found.high)
    assert len(covered) > 700
    assert 0.92 <= np.mean(covered) <= 0.99


def test_hospitals_that_differ_by_chance_alone_have_no_percentile():
    """Where the spread is nil, nobody is ranked."""
    assert funnel.standing(20, 10, funnel.Spread(0.0, 0.0), 20) is None


def test_no_event_and_one_that_is_expected_is_a_finite_ratio():
    """Half an event is added to both."""
    assert funnel.log_ratio(0, 1) == pytest.approx(np.log(1 / 3))
