"""What time alone does to alerts: escalation of what nobody answers, damping of what comes and goes."""

import pytest
from msgspec.structs import replace

from streams.alerts.rules import load_rules
from tests.made_alerts import Timeline, action, episode, score
from tests.made_power import at


def test_a_critical_alert_that_nobody_acknowledges_is_escalated_once():
    """10 minutes after it fired, at that time, also where nothing else comes."""
    line = Timeline()
    [fired] = line.play(score(3))
    assert (fired.unanswered_since, fired.escalated_at) == (at(3), None)
    assert line.alerts.wait(at(12)) == []
    assert line.play(score(12, entry="e2", verdict="ok")) == []
    [escalated] = line.alerts.wait(at(14))
    assert (escalated.fingerprint, escalated.revision, escalated.state) == (fired.fingerprint, 2, "firing")
    assert (escalated.at, escalated.escalated_at, escalated.unanswered_since) == (at(13), at(13), at(3))
    assert escalated.summary == fired.summary
    assert line.alerts.wait(at(100)) == []


@pytest.mark.parametrize("off", [-60, 0, 20 * 60])
def test_people_wait_by_their_own_clock_and_not_by_a_pumps(off):
    """A pump whose clock is an hour behind, or 20 h ahead, is escalated when any other would be, as are the others."""
    line = Timeline()
    [fired] = line.alerts.apply_score(score(off), arrived=at(0))
    [other] = line.alerts.apply_score(score(5, pump="P2", entry="e2"), arrived=at(5))
    assert (fired.at, fired.unanswered_since) == (at(off), at(0))
    assert line.alerts.wait(at(9)) == []
    assert [alert.fingerprint for alert in line.alerts.wait(at(10))] == [fired.fingerprint]
    assert [alert.fingerprint for alert in line.alerts.wait(at(15))] == [other.fingerprint]


@pytest.mark.parametrize("off", [-60, 20 * 60])
def test_what_comes_and_goes_is_damped_whatever_the_pumps_clock_says(off):
    """Quiet is how long the ward hears nothing."""
    line = Timeline()
    for number in range(4):
        minute = 12 * number
        on = episode(off + minute + 11, 2 * number + 1, started_at=at(off), minutes=11.0)
        back = replace(on, id="b", at=at(off + minute + 12), revision=2 * number + 2, paused_at=at(off + minute + 12))
        line.alerts.apply_episode(on, arrived=at(minute + 11))
        [quiet] = line.alerts.apply_episode(back, arrived=at(minute + 12))
    assert (quiet.state, quiet.quiet_since) == ("firing", at(48))
    assert line.alerts.wait(at(62)) == []
    [resolved] = line.alerts.wait(at(63))
    assert resolved.state == "resolved"


def test_an_acknowledged_alert_is_not_escalated():
    """Also not where the acknowledgement came after a restart."""
    line = Timeline()
    [fired] = line.play(score(3))
    line.restart()
    [acknowledged] = line.play(action(5, fired, "acknowledge"))
    assert (acknowledged.unanswered_since, acknowledged.escalated_at) == (None, None)
    assert line.alerts.wait(at(1000)) == []


def test_a_restart_neither_forgets_nor_repeats_an_escalation():
    """What waits and what was escalated stands in the alert."""
    line = Timeline()
    line.play(score(3))
    line.restart()
    escalated = line.alerts.wait(at(13))
    assert [alert.escalated_at for alert in escalated] == [at(13)]
    line.published += escalated
    line.restart()
    assert line.alerts.wait(at(1000)) == []


def test_a_warning_waits_and_is_escalated_only_from_when_it_gets_critical():
    """The wait begins when it gets critical."""
    line = Timeline()
    [warning] = line.play(score(0, error_likelihood=0.3))
    assert warning.unanswered_since is None
    [critical] = line.play(score(30, 2, error_likelihood=0.9))
    assert critical.unanswered_since == at(30)
    assert line.alerts.wait(at(39.9)) == []
    assert [alert.escalated_at for alert in line.alerts.wait(at(40))] == [at(40)]


def _flaps(line: Timeline, times: int) -> list[tuple[str, int]]:
    """A loose cord: on battery for 11 minutes, back for one, and again."""
    shown = []
    for number in range(times):
        minute = 12 * number
        shown += line.play(episode(minute + 11, 2 * number + 1, minutes=11.0))
        shown += line.play(episode(minute + 12, 2 * number + 2, minutes=11.0, paused_at=at(minute + 12)))
    return [(alert.state, alert.reopenings) for alert in shown]


def test_an_alert_that_comes_and_goes_stays_open():
    """After three returns within half an hour of each other it no longer resolves and fires by turns."""
    line = Timeline()
    assert _flaps(line, 5) == [
        ("firing", 0), ("resolved", 0), ("firing", 1), ("resolved", 1), ("firing", 2), ("resolved", 2),
        ("firing", 3), ("firing", 3), ("firing", 4), ("firing", 4),
    ]  # fmt: skip


def test_it_resolves_once_it_was_quiet():
    """15 minutes after the last time that nothing was wrong, at that time; then it counts anew."""
    line = Timeline()
    _flaps(line, 4)
    assert line.published[-1].quiet_since == at(48)
    assert line.alerts.wait(at(62.9)) == []
    [resolved] = line.alerts.wait(at(63))
    assert (resolved.state, resolved.at, resolved.quiet_since, resolved.by) == ("resolved", at(63), None, None)
    line.published.append(resolved)
    line.restart()
    assert line.alerts.wait(at(1000)) == []
    [again] = line.play(episode(100, 9, minutes=22.0))
    assert (again.state, again.reopenings) == ("firing", 1)


def test_somebody_who_acknowledged_what_comes_and_goes_is_not_called_again():
    """That is what damping is for."""
    line = Timeline()
    _flaps(line, 3)
    [fired] = line.play(episode(47, 7, minutes=11.0))
    line.play(action(47.5, fired, "acknowledge"))
    [quiet] = line.play(episode(48, 8, minutes=11.0, paused_at=at(48)))
    [back] = line.play(episode(59, 9, minutes=22.0))
    assert [(alert.state, alert.by) for alert in (quiet, back)] == [("acknowledged", "biomed")] * 2


def test_a_person_may_resolve_what_comes_and_goes():
    """At once, and for good."""
    line = Timeline()
    _flaps(line, 4)
    [resolved] = line.play(action(50, line.published[-1], "resolve"))
    assert (resolved.state, resolved.quiet_since) == ("resolved", None)
    assert line.alerts.wait(at(1000)) == []


def test_changed_rules_hold_for_alerts_that_stand():
    """An alert that waits is escalated by the rules in force, not by those at its start."""
    line = Timeline()
    line.play(score(3))
    rules = load_rules()
    line.alerts.use(replace(rules, escalation=replace(rules.escalation, after_minutes=2)))
    assert [alert.escalated_at for alert in line.alerts.wait(at(5))] == [at(5)]


def test_an_alert_from_before_there_was_escalation_is_escalated_too():
    """It waits since its last revision."""
    line = Timeline()
    [fired] = line.play(score(3))
    line.published = [replace(fired, unanswered_since=None)]
    line.restart()
    assert [alert.escalated_at for alert in line.alerts.wait(at(1000))] == [at(13)]


def test_what_a_person_resolved_and_got_worse_is_no_flapping():
    """Only what resolved by itself comes and goes."""
    line = Timeline()
    [fired] = line.play(score(0, error_likelihood=0.3))
    line.play(action(1, fired, "resolve"))
    [louder] = line.play(score(2, 2, error_likelihood=0.9))
    assert (louder.state, louder.reopenings) == ("firing", 0)
