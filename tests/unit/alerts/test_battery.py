"""Alerts of batteries that will be empty, are worn, or of pumps that fell silent on them."""

from typing import Any

import pytest

from schemas.events import BatteryHealth
from streams.alerts.partition import TIDY_EVERY
from streams.alerts.rules import load_rules
from tests.made_alerts import Timeline, action, episode, score
from tests.made_power import at


def health(verdict: str = "degraded", capacity: float = 0.55, **changes: Any) -> BatteryHealth:
    """A verdict as the power agent publishes it."""
    fields: dict[str, Any] = {"low": capacity - 0.08, "high": capacity + 0.08, "discharges": 6, "evidence": ["Why"]}
    return BatteryHealth(verdict=verdict, capacity=capacity, **(fields | changes))


@pytest.mark.parametrize(
    ("empty", "earliest", "fires"),
    [(50, 40, False), (44, 40, True), (70, 34, True), (79, 30, True), (81, 10, False)],
)
def test_empty_soon_fires_if_it_is_likely_or_if_it_may_well_be(empty, earliest, fires):
    """Within 45 minutes, or perhaps within 35 and likely within 80."""
    told = Timeline().play(episode(5, 1, empty_at=at(5 + empty), empty_from=at(5 + earliest), empty_to=at(5 + 200)))
    assert ["battery_empty_soon" for _ in told] == (["battery_empty_soon"] if fires else [])


@pytest.mark.parametrize(
    ("drug", "severity"),
    [
        ("Norepinephrine 4 mg/250 mL", "critical"),
        ("Esmolol", None),
        ("Heparin", None),
        ("Noradrenalin Braun", "critical"),
    ],
)
def test_drugs_that_are_gone_within_minutes_come_first_and_sooner(drug, severity):
    """By the half-life in the drug library, or by name where it has none; 55 minutes ahead and critical."""
    told = Timeline().play(episode(5, 1, empty_at=at(60), empty_from=at(55), drugs=[drug]))
    assert [alert.severity for alert in told] == ([severity] if severity else [])


def test_silence_fires_says_for_how_long_and_resolves_when_the_pump_is_heard():
    """Each silence is an alert of its own."""
    line = Timeline()
    line.play(episode(5, 1))
    [alert] = line.play(episode(12, 2, minutes=5.0, silent_since=at(5)))
    assert (alert.kind, alert.severity, alert.state) == ("pump_silent", "warning", "firing")
    assert alert.summary == "Not heard of for 7 min while infusing on battery, charge was 80 %, Heparin running"
    assert alert.subject.silent_since == at(5)
    [over] = line.play(episode(14, 3, minutes=9.0))
    assert (over.fingerprint, over.state, over.summary) == (alert.fingerprint, "resolved", "Heard of again")
    told = line.play(episode(30, 4, minutes=9.5, silent_since=at(23)))
    assert [(a.kind, a.revision) for a in told] == [("pump_silent", 1)]
    assert told[0].fingerprint != alert.fingerprint


def test_a_silent_pump_whose_battery_ends_soon_is_critical():
    """Or on which a drug of a short half-life runs."""
    line = Timeline()
    told = line.play(episode(12, 1, minutes=5.0, silent_since=at(5), empty_at=at(50)))
    assert ("pump_silent", "critical") in [(a.kind, a.severity) for a in told]
    told = Timeline().play(episode(12, 1, minutes=5.0, silent_since=at(5), drugs=["Norepinephrine"]))
    assert [(a.kind, a.severity) for a in told] == [("pump_silent", "critical")]


def test_a_silence_is_resolved_after_a_restart_too():
    """The open alert says what it is about."""
    line = Timeline()
    line.play(episode(12, 1, minutes=5.0, silent_since=at(5)))
    line.restart()
    assert [a.state for a in line.play(episode(16, 2, minutes=5.0))] == ["resolved"]


def test_a_worn_battery_is_one_alert_for_a_pump_over_all_its_episodes():
    """With effect, interval and evidence; louder where little is left."""
    line = Timeline()
    [alert] = line.play(episode(9, 1, battery=health(capacity=0.68)))
    assert (alert.kind, alert.severity, alert.subject.evidence) == ("battery_degraded", "info", ["Why"])
    assert alert.summary == "Battery gives about 68% of its design capacity (60% to 76%, 6 discharges)"
    assert line.play(episode(200, 1, episode="P1@1", minutes=2.0, battery=health(capacity=0.67))) == []
    [worse] = line.play(episode(400, 1, episode="P1@2", minutes=2.0, battery=health(capacity=0.52)))
    assert (worse.fingerprint, worse.severity, worse.revision) == (alert.fingerprint, "warning", 2)
    assert line.play(episode(500, 1, episode="P1@3", minutes=2.0, battery=health("not_enough_data", 0.9))) == []
    [over] = line.play(episode(900, 1, episode="P1@4", minutes=2.0, battery=health("sound", 0.98)))
    assert over.state == "resolved"


def test_a_verdict_read_again_after_a_restart_changes_nothing():
    """It is older than its alert."""
    line = Timeline()
    events = [
        episode(9 + 100 * n, 1, episode=f"P1@{n}", minutes=2.0, battery=health(capacity=0.7 - n / 20)) for n in range(4)
    ]
    for event in events:
        line.play(event)
    line.restart()
    assert [change for event in events for change in line.apply(event)] == []


def test_a_worn_battery_stays_open_longer_than_other_alerts():
    """It does not mend by itself, and may not be used for days."""
    rules = load_rules()
    line = Timeline(rules)
    line.play(episode(9, 1, battery=health()))
    hours = rules.memory.open_hours * 60 + 100
    for number in range(1100):
        line.apply(episode(hours + number / 10, 1, pump="P2", episode=f"P2@{number}", minutes=1.0))
    assert ("battery_degraded", "warning", "firing") in line.open()


def test_a_worn_battery_of_which_verdicts_come_daily_stays_one_alert():
    """However little they change for however long: an acknowledgement must not be lost after three weeks."""
    line = Timeline()
    day = 24 * 60
    [alert] = line.play(episode(9, 1, battery=health(capacity=0.5)))
    line.play(action(20, alert, "acknowledge"))
    for number in range(1, 45):
        line.play(episode(number * day, 1, episode=f"P1@{number}", battery=health(capacity=0.5)))
    shown = [change for change in line.published if change.kind == "battery_degraded"]
    assert [change.state for change in shown] == ["firing"] + ["acknowledged"] * 44
    assert ("battery_degraded", "warning", "acknowledged") in line.open()


def test_a_fault_that_nothing_is_heard_of_says_for_how_long():
    """Longer than other alerts, as silence does not mend a battery."""
    line = Timeline()
    line.play(episode(9, 1, battery=health(capacity=0.5)))
    changes = []
    for number in range(TIDY_EVERY):
        changes += line.alerts.apply_score(score(501 * 60, entry=f"x{number}", pump="P2", verdict="ok"))
    told = [change for change in changes if change.kind == "battery_degraded"]
    assert [(change.state, change.summary) for change in told] == [("resolved", "Nothing heard of it for 500 h")]
