"""Maintenance windows: what they hold is recorded, calls nobody, and fires when they are over."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from streams.alerts.maintenance import LONGEST, Windows, end_of, holds
from tests.made_alerts import Timeline, action, episode, score, window
from tests.made_power import at

ALL_KINDS = ["dose_entry_error", "battery_empty_soon", "pump_silent", "keypad_fault", "unplugged_infusion"]


def empty_soon(minute: float, revision: int = 1, **changes):
    """An episode whose battery will be empty in 10 minutes: critical."""
    return episode(minute, revision, empty_at=at(minute + 10), **changes)


def held_line(*windows, **changes) -> Timeline:
    """A line with these windows, or one on P1 from minute 0 to 60."""
    line = Timeline()
    line.alerts.plan(Windows(windows or [window(0, 60, **changes)]))
    return line


def kinds_and_windows(alerts) -> dict[str, str | None]:
    return {alert.kind: alert.maintenance for alert in alerts}


def test_what_is_raised_in_a_window_is_recorded_and_never_escalated():
    """It fires with the window's name and waits for nobody."""
    line = held_line()
    raised = line.play(empty_soon(12))
    assert kinds_and_windows(raised) == {"unplugged_infusion": "w1", "battery_empty_soon": "w1"}
    soon = next(alert for alert in raised if alert.kind == "battery_empty_soon")
    assert (soon.severity, soon.state, soon.unanswered_since) == ("critical", "firing", None)
    assert line.alerts.wait(at(59)) == []


def test_what_still_stands_when_the_window_ends_fires_and_is_answered_from_then():
    """One revision without the window; it is escalated 10 minutes later."""
    line = held_line()
    line.play(empty_soon(12, ended_at=None))
    let_go = {alert.kind: alert for alert in line.alerts.wait(at(60))}
    soon = let_go["battery_empty_soon"]
    assert (soon.maintenance, soon.state, soon.revision) == (None, "firing", 2)
    assert (soon.at, soon.unanswered_since) == (at(60), at(60))
    assert let_go["unplugged_infusion"].unanswered_since is None  # for information
    assert line.alerts.wait(at(69)) == []
    assert [alert.escalated_at for alert in line.alerts.wait(at(70))] == [at(70)]


def test_what_ended_in_the_window_has_resolved_and_fires_no_more():
    """It still says which window had held it."""
    line = held_line()
    line.play(empty_soon(12))
    resolved = line.play(episode(20, 2, ended_at=at(20)))
    assert {(alert.state, alert.maintenance) for alert in resolved} == {("resolved", "w1")}
    assert line.alerts.wait(at(1000)) == []


def test_a_window_takes_up_what_stands_when_it_begins():
    """Also what was escalated: somebody is at the pump now."""
    line = held_line(window(30, 60))
    line.play(empty_soon(12))
    [escalated] = line.alerts.wait(at(23))
    assert escalated.escalated_at == at(22)
    taken_up = line.alerts.wait(at(30))
    assert kinds_and_windows(taken_up) == {"unplugged_infusion": "w1", "battery_empty_soon": "w1"}
    assert {(alert.unanswered_since, alert.escalated_at) for alert in taken_up} == {(None, None)}


@pytest.mark.parametrize(
    ("harm", "kinds", "holder"),
    [
        ("life_threatening", None, None),
        ("high", None, None),
        ("moderate", None, "w1"),
        ("life_threatening", ["dose_entry_error"], "w1"),
        ("life_threatening", ["pump_silent"], None),
        ("moderate", ["pump_silent"], None),
    ],
)
def test_a_dangerous_entry_is_held_only_by_a_window_that_names_its_kind(harm, kinds, holder):
    """Whatever a person plans without a thought of doses, a life-threatening one calls somebody."""
    [raised] = held_line(kinds=kinds).play(score(5, harm=harm))
    assert raised.maintenance == holder
    assert (raised.unanswered_since is None) == (holder is not None or harm == "moderate")


@pytest.mark.parametrize("of", [{"pump": None}, {"pump": None, "care_area": "MICU"}])
def test_a_window_on_more_than_one_pump_holds_no_infusion_that_will_end(of):
    """Patients are connected there; of a pump on the bench, or where a person names the kind, it does."""
    raised = held_line(**of).play(empty_soon(12))
    assert kinds_and_windows(raised) == {"unplugged_infusion": "w1", "battery_empty_soon": None}
    raised = held_line(**of, kinds=ALL_KINDS).play(empty_soon(12))
    assert kinds_and_windows(raised) == {"unplugged_infusion": "w1", "battery_empty_soon": "w1"}


@pytest.mark.parametrize(
    "of",
    [{"hospital": "st-other"}, {"pump": "P2"}, {"pump": None, "care_area": "ward 5"}, {"care_area": "ward 5"}],
)
def test_other_pumps_care_areas_and_hospitals_are_not_held(of):
    """All that a window names must fit."""
    assert set(kinds_and_windows(held_line(**of).play(empty_soon(12))).values()) == {None}


def test_an_entry_that_turns_out_dangerous_is_let_go():
    """A later revision of the score decides anew."""
    line = held_line()
    [held] = line.play(score(5, harm="moderate"))
    [worse] = line.play(score(6, 2, harm="life_threatening"))
    assert (held.maintenance, worse.maintenance, worse.unanswered_since) == ("w1", None, at(6))


def test_a_window_that_is_ended_early_lets_go_at_once():
    """As the workers hear of it."""
    line = held_line()
    line.play(empty_soon(12))
    over = window(0, 60, revision=2, cancelled_at=at(20))
    line.alerts.plan(Windows([over]))
    let_go = line.alerts.wait(at(20))
    assert kinds_and_windows(let_go) == {"unplugged_infusion": None, "battery_empty_soon": None}
    assert line.alerts.wait(at(29)) == []


def test_a_second_window_takes_over_without_a_call_between_them():
    """While the first lasts the alert stays in it; one revision moves it on."""
    line = held_line(window(0, 60), window(30, 120, window="w2"))
    line.play(empty_soon(12))
    assert line.alerts.wait(at(40)) == []
    assert set(kinds_and_windows(line.alerts.wait(at(60))).values()) == {"w2"}
    assert set(kinds_and_windows(line.alerts.wait(at(120))).values()) == {None}


def test_a_restart_forgets_no_window():
    """What is held stands in the alert; a worker that was away lets go when it is back."""
    line = held_line()
    line.play(empty_soon(12))
    line.restart()
    line.alerts.plan(Windows([window(0, 60)]))
    assert line.alerts.wait(at(30)) == []
    [soon] = [alert for alert in line.alerts.wait(at(200)) if alert.severity == "critical"]
    assert (soon.maintenance, soon.unanswered_since) == (None, at(200))


def test_what_arrives_is_judged_by_when_it_arrived():
    """A pump whose clock is hours off is held by the window that somebody planned, and not by another."""
    line = held_line()
    [early] = line.alerts.apply_score(score(-300, harm="moderate"), arrived=at(5))
    [late] = line.alerts.apply_score(score(30, harm="moderate", entry="e2"), arrived=at(61))
    assert (early.maintenance, late.maintenance) == ("w1", None)


def test_a_person_may_act_on_what_is_held():
    """An acknowledged alert stays so when it is let go."""
    line = held_line()
    soon = next(alert for alert in line.play(empty_soon(12)) if alert.severity == "critical")
    [acknowledged] = line.play(action(13, soon, "acknowledge"))
    assert (acknowledged.state, acknowledged.maintenance) == ("acknowledged", "w1")
    let_go = next(alert for alert in line.alerts.wait(at(60)) if alert.severity == "critical")
    assert (let_go.state, let_go.maintenance, let_go.unanswered_since) == ("acknowledged", None, None)


def test_no_window_lasts_longer_than_its_topic_keeps_it():
    """One that some other program planned for a year ends after 30 days."""
    endless = replace(window(0, 60), ends_at=at(0) + timedelta(days=365))
    assert end_of(endless) == endless.at + LONGEST
    assert end_of(replace(endless, cancelled_at=at(10))) == at(10)


def test_an_alert_on_no_single_pump_is_held_by_its_care_area_only():
    """A window on a pump says nothing of a care area."""
    [alert] = Timeline().play(score(5, harm="moderate"))
    cluster = replace(alert, kind="override_cluster", pump=None, key="st-test/MICU")
    assert not holds(window(0, 60), cluster)
    assert holds(window(0, 60, pump=None, care_area="MICU"), cluster)
