"""The chance of so many bounces on a sound keypad, against sums over all counts and over the whole life of a pump."""

from math import comb, exp, lgamma, log

import pytest

from streams.alerts.chance import chance_of_as_many
from streams.alerts.keypad import KeypadWatch
from streams.alerts.rules import load_rules

RULES = load_rules().keypad_fault


def exactly(k: int, n: int, usual: float, spread: float) -> float:
    """P(K = k) of a beta-binomial, term by term."""
    a, b = spread, spread * (1 - usual) / usual
    beta = lgamma(k + a) + lgamma(n - k + b) - lgamma(n + a + b) - lgamma(a) - lgamma(b) + lgamma(a + b)
    return exp(log(comb(n, k)) + beta)


@pytest.mark.parametrize(("bounced", "entries"), [(1, 5), (5, 104), (31, 104), (40, 2000), (104, 104)])
@pytest.mark.parametrize("usual", [0.0002, 0.005, 0.01])
def test_the_tail_is_the_sum_of_its_terms(bounced, entries, usual):
    """As many or more, to a millionth of itself."""
    tail = sum(exactly(k, entries, usual, RULES.spread) for k in range(bounced, entries + 1))
    assert chance_of_as_many(bounced, entries, usual, RULES.spread) == pytest.approx(tail, rel=1e-6)


def test_a_usual_count_is_no_evidence():
    """At or below the mean the answer is 1, without a sum."""
    assert chance_of_as_many(0, 100, 0.001, 2) == 1.0
    assert chance_of_as_many(5, 1000, 0.005, 2) == 1.0


@pytest.mark.parametrize("usual", [0.0002, 0.001, 0.01])
def test_sound_keypads_are_accused_less_than_once_in_a_million_pump_days(usual):
    """Exactly, by following every possible history of a sound pump over two spans; shares vary as the rules say.

    All of it is held against the time of the one span that is new in it. The next entry of a pump with k bounces in
    n entries bounces with probability (a + k) / (a + b + n).
    """
    alpha = KeypadWatch(RULES).alpha
    a, b = RULES.spread, RULES.spread * (1 - usual) / usual
    span = 2 * RULES.span_entries
    alive, accused, bound = {0: 1.0}, 0.0, RULES.least_entries
    for n in range(span):
        # As many as accuse at the next look: more with every entry.
        while bound <= n + 1 and (
            bound < RULES.least_share * (n + 1) or chance_of_as_many(bound, n + 1, usual, RULES.spread) > alpha
        ):
            bound += 1
        after: dict[int, float] = {}
        for k, chance in alive.items():
            again = (a + k) / (a + b + n)
            after[k] = after.get(k, 0.0) + chance * (1 - again)
            if k + 1 >= bound:
                accused += chance * again
            else:
                after[k + 1] = after.get(k + 1, 0.0) + chance * again
        alive = after
    days = RULES.span_entries / RULES.entries_per_pump_day
    assert accused / days * 1_000_000 < RULES.false_alarms_per_million_pump_days
    assert accused > 0
