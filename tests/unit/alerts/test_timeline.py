"""What becomes of alerts over time. Every event is also read a second time, which must change nothing."""

import pytest

from schemas.codec import EventRefused, decode, encode
from schemas.events import Alert, Meant
from tests.made_alerts import Timeline, action, episode, score
from tests.made_power import at


def test_an_error_fires_with_everything_that_a_list_shows():
    """The summary says it in words, the subject in figures."""
    [alert] = Timeline().play(score(3))
    assert alert.summary == "5 mL/h likely meant, 50 mL/h entered: one digit too many"
    assert (alert.kind, alert.severity, alert.state) == ("dose_entry_error", "critical", "firing")
    assert (alert.at, alert.since, alert.revision) == (at(3), at(3), 1)
    assert (alert.hospital, alert.care_area, alert.pump, alert.key) == ("st-test", "MICU", "P1", "P1")
    assert alert.id == f"{alert.fingerprint}/1"
    assert alert.test
    subject = alert.subject
    assert (subject.typed, subject.meant, subject.slip, subject.unit) == (50, 5, "extra_digit", "mL/h")
    assert (subject.drug, subject.field, subject.channel, subject.action) == ("Heparin", "rate", 2, "override")
    assert (subject.error_likelihood, subject.harm, subject.entry) == (0.93, "life_threatening", "e1")
    assert subject.evidence == ["10 times the value before"]
    assert decode(Alert, encode(alert)) == alert


@pytest.mark.parametrize(
    ("changes", "severity"),
    [
        ({"error_likelihood": 0.5}, "critical"),
        ({"error_likelihood": 0.49}, "warning"),
        ({"error_likelihood": 0.1}, "info"),
        ({"harm": "high", "error_likelihood": 0.79}, "warning"),
        ({"harm": "moderate", "error_likelihood": 0.99}, "warning"),
        ({"harm": "low", "error_likelihood": 0.99}, "info"),
        ({"harm": "none", "error_likelihood": 0.7}, None),
        ({"verdict": "ok"}, None),
        ({"action": "cancel", "resolution": "cancelled"}, None),
        ({"resolution": "corrected"}, None),
    ],
)
def test_severity_is_by_harm_and_likelihood(changes, severity):
    """As rules.yaml has it; what the pump did not take or was corrected already is no alert."""
    assert [alert.severity for alert in Timeline().play(score(**changes))] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("changes", "summary"),
    [
        ({"meant": [Meant(value=0.5, probability=0.4, slip="missing_decimal")]},
         "0.5 mL/h perhaps meant, 50 mL/h entered: the decimal point is missing"),
        ({"meant": []}, "50 mL/h entered for Heparin: unusual here"),
        ({"meant": [Meant(value=50.0, probability=0.6)]}, "50 mL/h entered for Heparin: unusual here"),
        ({"typed": 1250000.0, "unit": "units", "meant": [Meant(value=12500.0, probability=0.8)]},
         "12500 units likely meant, 1250000 units entered"),
    ],
)  # fmt: skip
def test_summaries_say_what_is_known_and_no_more(changes, summary):
    """Numbers as typed, slips in words."""
    assert Timeline().play(score(**changes))[0].summary == summary


def test_a_correction_resolves_the_alert():
    """Fired at minute 3, acknowledged at 4, corrected at 5."""
    line = Timeline()
    [fired] = line.play(score(3))
    [acknowledged] = line.play(action(4, fired, "acknowledge"))
    assert (acknowledged.state, acknowledged.by, acknowledged.at, acknowledged.revision) == (
        "acknowledged", "biomed", at(4), 2,
    )  # fmt: skip
    [resolved] = line.play(score(5, 2, resolution="corrected", resolved_after_s=120))
    assert (resolved.state, resolved.revision, resolved.since) == ("resolved", 3, at(3))
    assert resolved.summary == "50 mL/h was corrected after 2 min"
    assert resolved.subject.score_revision == 2
    assert line.open() == []


def test_an_entry_that_stood_resolves_a_warning_but_not_a_critical_alert():
    """A critical one waits for a person."""
    warning = Timeline()
    warning.play(score(harm="moderate"))
    [resolved] = warning.play(score(60, 2, harm="moderate", resolution="stood", resolved_after_s=3600))
    assert (resolved.state, resolved.summary) == ("resolved", "50 mL/h was kept after 60 min: no correction followed")
    critical = Timeline()
    critical.play(score())
    critical.play(score(60, 2, resolution="stood", resolved_after_s=3600))
    assert critical.open() == [("dose_entry_error", "critical", "firing")]


def test_a_score_that_is_taken_back_resolves_the_alert():
    """The next revision finds nothing wrong."""
    line = Timeline()
    line.play(score())
    [resolved] = line.play(score(1, 2, verdict="ok", error_likelihood=0.01))
    assert resolved.summary == "50 mL/h looked at again: no longer suspect"


def test_acknowledged_stays_acknowledged_unless_it_gets_worse():
    """A revision of the same severity keeps the name, a louder one fires again."""
    line = Timeline()
    [fired] = line.play(score(error_likelihood=0.3))
    line.play(action(1, fired, "acknowledge", comment="calling the unit"))
    [same] = line.play(score(2, 2, error_likelihood=0.4))
    assert (same.state, same.severity, same.by, same.comment) == (
        "acknowledged",
        "warning",
        "biomed",
        "calling the unit",
    )
    [louder] = line.play(score(3, 3, error_likelihood=0.9))
    assert (louder.state, louder.severity, louder.by) == ("firing", "critical", None)
    [quieter] = line.play(score(4, 4, error_likelihood=0.3))
    assert (quieter.state, quieter.severity) == ("firing", "warning")


def test_what_a_person_resolved_stays_resolved_unless_it_gets_worse():
    """The next revision of the score changes nothing."""
    line = Timeline()
    [fired] = line.play(score(error_likelihood=0.3))
    [resolved] = line.play(action(1, fired, "resolve", comment="checked at the bedside"))
    assert (resolved.state, resolved.by, resolved.comment) == ("resolved", "biomed", "checked at the bedside")
    assert line.play(score(2, 2, error_likelihood=0.4)) == []
    [again] = line.play(score(3, 3, error_likelihood=0.95))
    assert (again.state, again.since, again.revision) == ("firing", at(3), 3)


def test_an_unplugged_infusion_fires_after_grace_gets_louder_and_resolves():
    """Nothing before 10 min, for information above 50 %, a warning below, resolved on the return to mains."""
    line = Timeline()
    assert line.play(episode(0, 1)) == []
    [fired] = line.play(episode(10, 2))
    assert (fired.severity, fired.since) == ("info", at(10))
    assert fired.summary == "Infusing on battery for 10 min, charge 80 %, Heparin running"
    assert line.play(episode(20, 3, charge_min=75)) == []
    [louder] = line.play(episode(60, 4, charge_min=49))
    assert (louder.severity, louder.state, louder.subject.minutes) == ("warning", "firing", 60)
    [resolved] = line.play(episode(70, 5, charge_min=45, paused_at=at(70)))
    assert resolved.summary == "No longer infusing on battery after 70 min, charge down to 45 %"
    assert line.play(episode(75, 6, minutes=70, charge_min=45, ended_at=at(70))) == []
    assert line.open() == []


def test_an_unplugged_infusion_that_goes_on_fires_again():
    """The return to mains was taken back by a late event or lasted for seconds."""
    line = Timeline()
    line.play(episode(20, 1))
    line.play(episode(30, 2, paused_at=at(30)))
    [again] = line.play(episode(31, 3))
    assert (again.state, again.since, again.revision) == ("firing", at(31), 3)


def test_a_loose_cord_keeps_its_alert_until_the_episode_has_ended():
    """Back on mains every few seconds is not resolved every few seconds."""
    line = Timeline()
    line.play(episode(20, 1, cause="loose_cord"))
    assert line.play(episode(21, 2, cause="loose_cord", paused_at=at(21))) == []
    assert [a.state for a in line.play(episode(30, 3, cause="loose_cord", ended_at=at(21)))] == ["resolved"]


def test_empty_soon_fires_before_the_pumps_own_alarm_and_sooner_for_vasopressors():
    """45 min ahead, 60 for norepinephrine and then critical."""
    line = Timeline()
    assert line.play(episode(5, 1, empty_at=at(51))) == []
    [fired] = line.play(episode(6, 2, empty_at=at(51)))
    assert (fired.kind, fired.severity) == ("battery_empty_soon", "warning")
    assert fired.summary == "Battery empty in about 45 min, at 08:51 UTC, Heparin running"
    assert (fired.subject.empty_at, fired.subject.drugs, fired.subject.episode) == (at(51), ["Heparin"], "P1@0")
    vasopressor = Timeline()
    [fired] = vasopressor.play(episode(5, 1, empty_at=at(65), drugs=["NORepinephrine 8 mg/250 mL"]))
    assert fired.severity == "critical"


def test_empty_soon_gets_critical_in_the_last_quarter_hour():
    """At the pump's own very-low alarm."""
    line = Timeline()
    line.play(episode(6, 1, empty_at=at(40)))
    [louder] = line.play(episode(9, 2, empty_at=at(24)))
    assert (louder.severity, louder.state) == ("critical", "firing")
    [now] = line.play(episode(9.5, 3, empty_at=at(9.5)))
    assert now.summary == "Battery empty about now, Heparin running"


def test_empty_soon_needs_a_margin_to_clear():
    """A prediction that wavers around the limit neither fires nor clears each time."""
    line = Timeline()
    line.play(episode(1, 1, empty_at=at(45)))
    assert line.play(episode(2, 2, empty_at=at(49))) == []
    [later] = line.play(episode(3, 3, empty_at=at(60)))
    assert (later.state, later.subject.empty_at) == ("firing", at(60))
    [cleared] = line.play(episode(4, 4, empty_at=at(70)))
    assert (cleared.state, cleared.summary) == ("resolved", "Battery lasts longer than predicted before, charge 80 %")


def test_empty_soon_ends_with_the_return_to_mains():
    """The revision that tells of the return has no prediction."""
    line = Timeline()
    line.play(episode(1, 1, empty_at=at(30), charge_min=20))
    [resolved] = line.play(episode(2, 2, paused_at=at(2), charge_min=20))
    assert resolved.summary == "No longer infusing on battery, charge was down to 20 %"


def test_a_newer_episode_of_the_pump_resolves_the_alerts_of_one_whose_end_was_lost():
    """After a restart an episode may never be told of again; its alerts must not stay for ever."""
    line = Timeline()
    line.play(episode(20, 1, empty_at=at(30)))
    assert len(line.open()) == 2
    changes = line.play(episode(500, 1, episode="P1@1", started_at=at(500), minutes=0))
    assert [(a.state, a.by) for a in changes] == [("resolved", None)] * 2
    assert changes[0].summary == "Over: the pump has begun another stretch on battery"


def test_alerts_that_nothing_is_heard_of_are_resolved_by_time():
    """72 h of event time."""
    line = Timeline()
    line.play(score())
    for number in range(1000):
        line.published += line.apply(score(number * 10, verdict="ok", entry=f"other-{number}", pump="P2"))
    assert line.open() == []
    assert line.published[-1].summary == "Nothing heard of it for 72 h"


def test_actions_on_alerts_that_are_not_there_are_refused():
    """With the fingerprint; another hospital's alert is not there either."""
    line = Timeline()
    [fired] = line.play(score())
    for changes in ({"fingerprint": "0123456789abcdef"}, {"hospital": "elsewhere"}):
        with pytest.raises(EventRefused) as refused:
            line.apply(action(1, fired, "acknowledge", **changes))
        assert refused.value.error_class == "late"
        assert "`fingerprint`" in refused.value.reason
    with pytest.raises(EventRefused) as refused:
        line.apply(action(1, fired, "comment", comment=" "))
    assert (refused.value.error_class, "`comment`" in refused.value.reason) == ("schema", True)


def test_comments_are_kept_and_none_counts_twice():
    """Also after a restart, and also on a resolved alert."""
    line = Timeline()
    [fired] = line.play(score())
    first = action(1, fired, "comment", 1, comment="called the unit")
    second = action(2, fired, "comment", 2, comment="it was wrong indeed")
    line.play(first)
    line.play(action(2, fired, "resolve", 3))
    [commented] = line.play(second)
    assert (commented.state, commented.comment, commented.actions) == (
        "resolved", "it was wrong indeed", ["a1", "a3", "a2"],
    )  # fmt: skip
    assert line.apply(first) == []
    line.restart()
    assert line.apply(first) == line.apply(second) == []


def test_late_clicks_change_nothing():
    """Acknowledged twice by the same person, or after the alert was resolved: then it is only told as taken."""
    line = Timeline()
    [fired] = line.play(score())
    line.play(action(1, fired, "acknowledge", 1))
    assert line.play(action(2, fired, "acknowledge", 2)) == []
    [other] = line.play(action(3, fired, "acknowledge", 3, by="nurse-lead"))
    assert other.by == "nurse-lead"
    line.play(action(4, fired, "resolve", 4))
    late = line.play(action(5, fired, "acknowledge", 5)) + line.play(action(6, fired, "resolve", 6, by="biomed"))
    assert [(alert.state, alert.by, alert.actions[-1]) for alert in late] == [
        ("resolved", "biomed", "a5"),
        ("resolved", "biomed", "a6"),
    ]
