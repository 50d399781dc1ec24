"""What was told beside what was true: each figure with its denominator, by hand."""

import pytest

from schemas.codec import from_ms
from services.evaluate.power_empty import EmptyErrors
from services.evaluate.power_score import Share, score
from services.evaluate.power_told import Empty, Episode, Told
from services.evaluate.power_truth import Ledger, Silence, Stretch
from services.evaluate.power_world import Heard
from tests.unit.evaluate.test_power_truth import MINUTE, START, Story

END = START + 6000 * MINUTE


def stretch(start, minutes, why="practice", *, pump="P-1", health=0.95, **more):
    begins = START + start * MINUTE
    return Stretch(pump, begins, begins + minutes * MINUTE, health, [why], 300.0, {"bay"}, **more)


def told_of(*stretches, causes=None):
    told = Told()
    for number, one in enumerate(stretches):
        cause = causes[number] if causes else one.cause
        told.episodes[str(number)] = Episode(one.pump, one.start, one.end, one.minutes, cause)
    return told


def ledger_of(*stretches, **health):
    ledger = Ledger(END)
    ledger.stretches = list(stretches)
    ledger.health = {one.pump: one.health for one in stretches} | health
    return ledger


def test_what_is_told_as_it_was_scores_in_full():
    true = [
        stretch(0, 90),
        stretch(200, 25, "transport"),
        stretch(300, 8, "unit_power_failure"),
        stretch(400, 1, "loose_cord"),
    ]
    result = score(ledger_of(*true), told_of(*true), END)
    assert result.episodes_found == Share(2, 2)
    assert result.episodes_false == Share(0, 2)
    for cause in ("practice", "transport", "unit_power_failure", "loose_cord"):
        assert result.causes[cause].precision == result.causes[cause].recall == Share(1, 1)


def test_a_stretch_must_be_covered_by_half_and_so_must_an_episode():
    """Found if half of it is in one episode; an episode is false unless half of its minutes were on battery."""
    true = [stretch(0, 100), stretch(1000, 40)]
    told = Told()
    told.episodes = {
        "half": Episode("P-1", START, START + 50 * MINUTE, 50, "practice"),
        "less": Episode("P-1", START + 1025 * MINUTE, START + 1060 * MINUTE, 35, "practice"),
        "none": Episode("P-2", START, START + 20 * MINUTE, 20, "practice"),
        "short": Episode("P-2", START + 100 * MINUTE, START + 105 * MINUTE, 5, "practice"),
    }
    result = score(ledger_of(*true), told, END)
    assert result.episodes_found == Share(1, 2)
    assert result.episodes_false == Share(2, 3)


def test_causes_are_counted_where_they_can_be_known():
    """Not of short habits, blips and parted stretches, nor after a low alarm of a battery neither worn nor sound."""
    true = [
        stretch(0, 30),
        stretch(100, 30),
        stretch(200, 30, "transport"),
        stretch(300, 11),
        stretch(400, 1, "transport"),
        stretch(500, 30, parted=True),
        stretch(600, 30, grey=True),
        stretch(700, 50, fault=True, health=0.5),
    ]
    causes = ["practice", "transport", "transport", "transport", "practice", "transport", "transport", "practice"]
    result = score(ledger_of(*true), told_of(*true, causes=causes), END)
    assert result.causes["practice"].recall == Share(1, 2)
    assert result.causes["practice"].precision == Share(1, 2)
    assert result.causes["transport"].recall == Share(1, 1)
    assert result.causes["transport"].precision == Share(1, 2)
    assert result.causes["battery_fault"].recall == Share(0, 1)
    assert result.journeys == {"place named": Share(0, 0), "no place named": Share(1, 1)}


@pytest.mark.parametrize(
    ("changes", "hits"),
    [([(50, True)], 1), ([(61, True)], 0), ([(20, True), (40, False)], 0), ([(20, True), (40, False), (55, True)], 1)],
)
def test_a_depletion_is_warned_if_the_alert_stands_30_minutes_before(changes, hits):
    """Empty at minute 90: an alert from minute 50 counts, one from 61 does not, nor one that was taken back."""
    true = stretch(0, 90, depleted=START + 90 * MINUTE)
    told = told_of(true)
    told.warned["P-1"] = [(START + minute * MINUTE, firing) for minute, firing in changes]
    result = score(ledger_of(true), told, END)
    assert result.warned == result.warned_sound == Share(hits, 1)
    assert result.warned_worn == Share(0, 0)


def test_only_depletions_that_could_be_warned_of_are_asked_for():
    """Not one that came within 33 minutes, nor one of a pump whose network was down in its last hour."""
    soon = stretch(0, 32, depleted=START + 32 * MINUTE)
    unheard = stretch(200, 90, depleted=START + 290 * MINUTE, pump="P-2")
    ledger = ledger_of(soon, unheard)
    ledger.silences = [Silence("P-2", START + 250 * MINUTE, START + 255 * MINUTE, active=True)]
    assert score(ledger, Told(), END).warned == Share(0, 0)


def test_an_alarm_is_false_if_over_90_minutes_were_left():
    """Per 1,000 h of infusing; over 60 is early."""
    told = Told()
    for pump, left in (("P-1", 30.0), ("P-2", 61.0), ("P-3", 91.0), ("P-4", None)):
        told.warn(pump, START, left, firing=True)
        told.warn(pump, START + 1, left, firing=True)
    ledger = ledger_of()
    ledger.infusing_ms = 2000 * 3_600_000
    result = score(ledger, told, END)
    assert (result.alarms, result.early_alarms, result.false_alarms) == (4, 2, 1)
    assert result.false_per_1000_h == 0.5


def test_worn_batteries_are_those_below_70_percent_and_sound_ones_above_80():
    """Who has evidence: half an hour on battery, or a capacity of its own to report; alarms are counted apart."""
    ledger = ledger_of(stretch(0, 30, pump="used", health=0.6), idle=0.6, reports=0.5, between=0.75, sound=0.9, new=1.0)
    ledger.reports = {"reports", "sound"}
    ledger.alarmed = {"used", "sound"}
    told = Told(worn={"used": START, "between": START, "new": START})
    result = score(ledger, told, END)
    assert result.worn_found == Share(1, 3)
    assert result.worn_found_with_evidence == Share(1, 2)
    assert result.worn_found_after_alarm == Share(1, 1)
    assert result.sound_named == Share(1, 2)


def test_silent_pumps_are_found_while_they_are_silent():
    """Only silences on battery of over 25 minutes are asked for; a word on any true silence is not false."""
    ledger = ledger_of()
    ledger.silences = [
        Silence(pump, START, START + minutes * MINUTE, active=active)
        for pump, minutes, active in (("P-1", 60, True), ("P-2", 60, False), ("P-3", 20, True))
    ]
    told = Told(silent=[(START + 16 * MINUTE, "P-1"), (START + 16 * MINUTE, "P-3"), (START + 80 * MINUTE, "P-2")])
    result = score(ledger, told, END)
    assert result.silent_found == Share(1, 1)
    assert result.silent_false == Share(1, 3)


def test_errors_of_the_end_are_those_of_each_minute_on_battery():
    """Minutes without a prediction count as such; an older heartbeat that comes later does not count."""
    story, errors, told = Story(), EmptyErrors(), Told()
    events = []
    story.ledger.hear = lambda event, *_: events.append(event)
    for minute in range(5):
        story.say(minute, "battery")
    for event, left in zip(events, (100.0, 50.0, 49.0, 48.0, 47.0), strict=True):
        if left == 49.0:
            told.empty["P-1"] = Empty(START + 60 * MINUTE, START + 50 * MINUTE, START + 52 * MINUTE)
        errors.hear(Heard(0, event, left), 0.9, told)
    errors.hear(Heard(0, events[0], 100.0), 0.9, told)
    soon, ever = errors.summary()["sound"].values()
    assert (soon.minutes, soon.predicted, soon.spans, soon.held) == (4, 3, 3, 3)
    assert (ever.minutes, ever.predicted) == (5, 3)
    assert soon.median == pytest.approx(9, abs=0.1)
    assert errors.summary()["worn"]["in all"].median is None
    assert from_ms(START) == events[0].at
