"""What the intervals between keys tell."""

import pytest

from streams.intent import parameters, priors
from streams.intent.channel import Channel
from streams.intent.display import type_keys
from streams.intent.keypad import layout
from streams.intent.timing import factors, intervals

TIMING = parameters.load().timing
SHARES = priors.load().class_shares("dose", "round")
CHANNEL = Channel(parameters.load())
SPECTRUM = layout("spectrum")


def told(keys, holds=()):
    """Factor by slip and value meant, for keys (ms, key)."""
    typed = type_keys(SPECTRUM, keys, None, holds)
    ways = CHANNEL.alternatives(SPECTRUM, typed.pressed, typed.value, True, False, SHARES)
    return {(ways.slips[way], ways.values[way]): by for way, by in factors(ways, intervals(SPECTRUM, typed), TIMING)}


def test_a_fast_second_press_speaks_for_a_bounce_and_a_slower_one_for_a_repeat():
    """45 ms against 170 ms; at 400 ms two presses were meant."""
    bounced, repeated, meant = (told([(0, "3"), (400, "6"), (400 + gap, "6")]) for gap in (45, 170, 400))
    assert bounced["key_bounce", 36.0] > 100 > 10 * bounced["repeated_key", 36.0]
    assert repeated["repeated_key", 36.0] > 1 > repeated["key_bounce", 36.0]
    assert max(meant["key_bounce", 36.0], meant["repeated_key", 36.0]) < 1


def test_a_bounce_is_likelier_after_a_long_soft_hold():
    """The key before was held 300 ms: three times as likely."""
    keys = [(0, "3"), (400, "6"), (470, "6")]
    usual, long = told(keys, (90, 90, 30)), told(keys, (90, 300, 30))
    assert long["key_bounce", 36.0] == pytest.approx(TIMING.long_hold_bounces * usual["key_bounce", 36.0])
    assert long["repeated_key", 36.0] == usual["repeated_key", 36.0]


def test_a_neighbour_touched_at_once_speaks_for_a_digit_too_many():
    """5 and 6 lie beside each other: 40 ms apart one of them was not aimed at."""
    at_once, apart = told([(0, "5"), (40, "6")]), told([(0, "5"), (100, "6")])
    assert at_once["extra_digit", 5.0] > 10 * apart["extra_digit", 5.0]
    assert told([(0, "5"), (400, "6")]) == {}


def test_times_that_are_all_the_same_tell_nothing():
    """Some pumps stamp a whole entry alike."""
    assert told([(0, "3"), (0, "6"), (0, "6")]) == {}
