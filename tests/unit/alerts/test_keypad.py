"""Keypads that bounce: who is accused, with which statistics, until when, and what a restart leaves."""

from datetime import timedelta
from itertools import count

from msgspec.structs import replace

from schemas.codec import decode, encode
from schemas.events import Alert, DoseScore, Meant
from streams.alerts import keypad
from streams.alerts.keypad import KeypadWatch
from streams.alerts.rules import load_rules
from tests.made_alerts import Timeline, action, score
from tests.made_power import at

RULES = load_rules().keypad_fault
_numbers = count()


def typed(minute: float, bounced: str = "", **changes) -> DoseScore:
    """An entry of four keys that was let pass; each key in `bounced` came twice."""
    fields = {
        "entry": f"k{next(_numbers)}",
        "verdict": "ok",
        "meant": [],
        "harm": "none",
        "presses": 4 + len(bounced),
        "bounces": len(bounced),
        "bounced": sorted(set(bounced)),
    }
    return score(minute, **(fields | changes))


def faults(alerts: list[Alert]) -> list[Alert]:
    """Those about keypads."""
    return [alert for alert in alerts if alert.kind == "keypad_fault"]


def bounce(line: Timeline, entries: int, every: int, begin: int = 0, **changes) -> list[Alert]:
    """Play entries a minute apart, of which each so many has a bounce of key 5; the alerts about keypads."""
    played = []
    for number in range(entries):
        played += line.play(typed(begin + number, "" if (number + 1) % every else "5", **changes))
    return faults(played)


def test_an_alert_tells_the_statistics():
    """Every third entry bounces: five are enough, and the alert says how many of how many, and which keys."""
    [alert] = bounce(Timeline(), 17, 3)
    assert (alert.severity, alert.state, alert.pump, alert.key) == ("warning", "firing", "P1", "P1")
    assert alert.summary == "A key bounced in 5 of 15 entries since 23 Nov (key 5); on other pumps in 1 of 830"
    said = alert.subject.keypad
    assert said is not None
    assert (said.entries, said.bounced_entries, said.presses, said.bounces) == (15, 5, 65, 5)
    assert (said.keys, said.care_areas, said.clean) == ({"5": 5}, ["MICU"], 0)
    assert 0 < said.chance < KeypadWatch(RULES).alpha
    assert alert.subject.started_at == at(0)
    assert alert.subject.evidence == [
        "A key bounced in 5 of 15 entries since 23 Nov; on other pumps in 1 of 830.",
        "5 of 65 key presses came again faster than a finger can.",
        "Most often: key 5 in 5 entries.",
        "Care areas: MICU.",
        "Chance of as many on a sound keypad: less than 1 in a billion.",
        "Resolves by itself after 30 entries in a row without a bounce.",
    ]
    assert decode(Alert, encode(alert)) == alert


def test_bounces_add_up_over_entries_channels_fields_and_care_areas():
    """It is the pump that is broken, wherever it is and whatever is typed."""
    line = Timeline()
    places = [(1, "rate", "MICU"), (2, "vtbi", "MICU"), (1, "dose", "Ward 3"), (2, "rate", "ED"), (1, "rate", "ED")]
    found = []
    for number, (channel, field, care_area) in enumerate(places):
        found += line.play(typed(2 * number, channel=channel, field=field, care_area=care_area))
        found += line.play(typed(2 * number + 1, "0.", channel=channel, field=field, care_area=care_area))
    [alert] = faults(found)
    assert alert.subject.keypad is not None
    assert alert.subject.keypad.care_areas == ["ED", "MICU", "Ward 3"]
    assert (alert.subject.keypad.keys, alert.subject.keypad.bounces) == ({"0": 5, ".": 5}, 10)
    assert "keys ., 0" in alert.summary or "keys 0, ." in alert.summary


def test_another_pump_is_not_accused():
    """Four bounces each on many pumps are no pattern of any."""
    line = Timeline()
    for number in range(20):
        assert bounce(line, 100, 25, begin=100 * number, pump=f"Q{number}") == []


def test_without_times_the_slip_of_an_error_counts():
    """Pumps that send whole entries show bounces only in what was typed; a suspicion alone does not count."""
    meant = [Meant(value=5.0, probability=0.9, slip="key_bounce")]
    errors, suspects = Timeline(), Timeline()
    for minute in range(5):
        slipped = {"verdict": "error", "meant": meant, "presses": 0}
        errors.play(typed(minute, **slipped))
        suspects.play(typed(minute, **(slipped | {"verdict": "suspect"})))
    [alert] = faults(errors.published)
    assert alert.subject.keypad is not None
    assert (alert.subject.keypad.bounced_entries, alert.subject.keypad.bounces) == (5, 0)
    assert faults(suspects.published) == []


def test_what_became_of_an_entry_changes_nothing():
    """A bounce is a matter of the keys: whether the value stood or was corrected says nothing new of it."""
    line = Timeline()
    for minute in range(4):
        entry = typed(minute, "5", verdict="error", error_likelihood=0.9)
        line.play(entry)
        outcome = {"revision": 2, "resolution": "stood" if minute % 2 else "corrected"}
        line.play(replace(entry, **outcome))
        line.play(replace(entry, **outcome, at=at(minute + 0.5)))
    assert faults(line.published) == []
    assert len(faults(line.play(typed(9, "5")))) == 1


def test_an_alert_grows_by_half_or_with_the_day():
    """Figures that hardly changed are not published again; after a day they are."""
    line = Timeline()
    grown = [alert.subject.keypad.bounced_entries for alert in bounce(line, 20, 1)]
    assert grown == [5, 8, 12, 18]
    [daily] = faults(line.play(typed(20 + 24 * 60, "5")))
    assert (daily.revision, daily.subject.keypad.bounced_entries) == (5, 21)


def test_it_resolves_after_a_clean_run_and_old_counts_accuse_nobody_again():
    """34 of 104 entries bounced, then the keypad was mended: 30 clean ones, and four later bounces are no pattern."""
    line = Timeline()
    [first, *_] = bounce(line, 104, 3)
    assert bounce(line, 27, 1000, begin=200) == []  # two after the last bounce were clean already
    [over] = bounce(line, 1, 1000, begin=300)
    assert (over.state, over.fingerprint, over.by) == ("resolved", first.fingerprint, None)
    assert over.summary == "No key bounced in 30 entries: taken for sound again, its counts begin anew"
    assert over.subject.keypad is not None
    assert (over.subject.keypad.entries, over.subject.keypad.clean) == (132, 30)
    assert line.open() == []
    assert bounce(line, 40, 10, begin=400) == []
    [again] = bounce(line, 3, 3, begin=600)
    assert (again.state, again.revision) == ("firing", 1)
    assert again.fingerprint != first.fingerprint
    assert again.subject.keypad is not None
    assert again.subject.keypad.bounced_entries == 5


def test_the_rarer_the_bounces_the_longer_the_clean_run():
    """A keypad that bounces once in thirty entries is not sound after thirty."""
    line = Timeline()
    [first] = bounce(line, 240, 30)
    assert first.subject.evidence is not None
    assert first.subject.evidence[-1] == "Resolves by itself after 204 entries in a row without a bounce."
    assert bounce(line, 203, 1000, begin=300) == []
    [over] = bounce(line, 1, 1000, begin=600)
    assert over.state == "resolved"


def test_what_an_engineer_resolved_begins_anew():
    """Four bounces later nobody is accused; with the fifth there is another alert."""
    line = Timeline()
    [alert, *_] = bounce(line, 10, 1)
    [resolved] = line.play(action(20, line.published[-1], "resolve"))
    assert resolved.state == "resolved"
    assert bounce(line, 4, 1, begin=30) == []
    [again] = bounce(line, 1, 1, begin=40)
    assert again.fingerprint != alert.fingerprint


def test_an_acknowledged_alert_stays_acknowledged_while_it_grows():
    """The engineer knows; the figures go on."""
    line = Timeline()
    [alert] = bounce(line, 5, 1)
    line.play(action(6, alert, "acknowledge"))
    [grown] = bounce(line, 5, 1, begin=10)
    assert (grown.state, grown.by) == ("acknowledged", "biomed")


def test_after_a_restart_the_accused_go_on_and_the_others_begin_anew():
    """The counts stand in the alert as of its last revision."""
    line = Timeline()
    bounce(line, 8, 1)
    bounce(line, 4, 1, begin=10, pump="P2")
    line.restart()
    assert [line.apply(event) for event in line.played if event.pump == "P1"] == [[]] * 8
    [grown] = bounce(line, 4, 1, begin=20)
    assert (grown.state, grown.revision) == ("firing", 3)
    assert grown.subject.keypad is not None
    assert grown.subject.keypad.bounced_entries == 12
    assert bounce(line, 4, 1, begin=30, pump="P2") == []
    assert len(bounce(line, 1, 1, begin=40, pump="P2")) == 1


def test_a_clean_run_goes_on_after_a_restart():
    """At the latest as long after the last revision as is needed."""
    line = Timeline()
    bounce(line, 5, 1)
    line.restart()
    [over] = bounce(line, 30, 1000, begin=10)
    assert over.state == "resolved"


def test_where_every_pump_bounces_nobody_is_accused():
    """A firmware that sends coarse times makes bounces of quick fingers everywhere: that is the usual there."""
    line = Timeline()
    for round_ in range(60):
        for pump in range(100):
            line.apply(typed(round_ + pump / 200, "5" if (round_ + pump) % 10 == 0 else "", pump=f"C{pump}"))
    [alert] = bounce(line, 60, 1, begin=100, pump="faulty")[:1]
    assert alert.pump == "faulty"
    assert {alert.pump for alert in faults(line.published)} == {"faulty"}
    assert alert.subject.keypad is not None
    assert 0.04 < alert.subject.keypad.usual < 0.12


def test_a_fault_outlasts_days_of_silence_but_not_weeks():
    """The pump stands in a store room: its alert stays, until it would fall out of the topic."""
    line = Timeline()
    [alert] = bounce(line, 5, 1)
    assert [line.play(typed(100 * 60, pump=f"R{number}")) for number in range(1000)] == [[]] * 1000
    closed = [
        one for number in range(1000) for one in line.apply(typed(501 * 60 + 10, pump=f"S{number}")) if one.pump == "P1"
    ]
    assert [(one.state, one.fingerprint) for one in closed] == [("resolved", alert.fingerprint)]


def test_a_pump_is_judged_by_its_last_two_spans():
    """Bounces of two spans ago are forgotten: four each are never too many."""
    line = Timeline()
    for span in range(6):
        begin = int(timedelta(days=RULES.span_days * span).total_seconds() / 60)
        assert bounce(line, 2, 1, begin=begin) == []
        assert bounce(line, 40, 1000, begin=begin + 10) == []


def test_memory_is_bounded(monkeypatch):
    """The pumps heard longest ago are forgotten; the accused are not."""
    monkeypatch.setattr(keypad, "PUMPS_REMEMBERED", 50)
    watch = KeypadWatch(RULES)
    for minute in range(5):
        watch.apply(typed(minute, "5", pump="faulty"))
    for number in range(500):
        watch.apply(typed(10, pump=f"M{number}"))
    assert len(watch) == 51
