"""What happened to an alert, in words, from its revisions and the outcome of its entry."""

from msgspec.structs import replace

from services.board.happened import happenings
from streams.alerts.maintenance import Windows
from tests.made_alerts import Timeline, action, score, window
from tests.made_power import at


def told(steps, entry=None):
    return [(step.what, step.by, step.comment) for step in happenings(steps, entry)]


def test_an_entry_that_was_acknowledged_and_then_corrected():
    line = Timeline()
    [raised] = line.play(score())
    line.play(action(2, raised, "acknowledge", comment="called the unit"))
    corrected = score(revision=2, resolution="corrected", resolved_after_s=300.0, corrected_to=5.0, caught=True)
    line.play(corrected)
    steps = happenings(line.published, corrected)
    assert [(step.what, step.by, step.comment) for step in steps] == [
        ("entered", None, None),
        ("raised", None, None),
        ("acknowledged", "biomed", "called the unit"),
        ("corrected", None, None),
        ("resolved", None, None),
    ]
    assert steps[0].text == "50 mL/h entered, 5 before; warning overridden at the pump"
    assert steps[1].severity == "critical"
    assert steps[3].text == "Corrected to 5 mL/h 5 min later, a value that the model had named"
    assert steps[3].at == steps[4].at == at(5)


def test_what_people_and_time_do_is_told_in_their_words():
    line = Timeline()
    [raised] = line.play(score())
    line.play(action(1, raised, "comment", 1, comment="looking"))
    line.play(action(2, raised, "acknowledge", 2))
    line.play(action(3, raised, "resolve", 3, comment="done"))
    assert told(line.published)[1:] == [
        ("commented", "biomed", "looking"),
        ("acknowledged", "biomed", None),
        ("resolved", "biomed", "done"),
    ]


def test_an_escalation_and_a_return_are_steps_of_their_own():
    [raised] = Timeline().play(score())
    escalated = replace(raised, revision=2, at=at(10), escalated_at=at(10))
    gone = replace(escalated, revision=3, at=at(20), state="resolved")
    back = replace(gone, revision=4, at=at(25), state="firing", reopenings=1)
    assert [step[0] for step in told([raised, escalated, gone, back])] == [
        "raised",
        "escalated",
        "resolved",
        "reopened",
    ]


def test_steps_that_are_no_longer_kept_are_said_to_be_missing():
    [raised] = Timeline().play(score())
    later = replace(raised, revision=9, at=at(60), summary="worse")
    steps = happenings([raised, later], None)
    assert [step.what for step in steps] == ["raised", "gap", "changed"]
    assert steps[1].text == "7 steps no longer kept"
    assert told([later])[0][0] == "gap"


def test_an_entry_given_up_at_the_pump_never_ran():
    entry = score(action="cancel", resolution="cancelled")
    [raised] = Timeline().play(score())
    assert happenings([raised], entry)[-1].text == "Given up at the pump: it never ran at this value"


def test_what_a_maintenance_window_holds_and_lets_go_is_told():
    """Raised within one, let go at its end; or taken up by one later."""
    line = Timeline()
    line.alerts.plan(Windows([window(0, 60, kinds=["dose_entry_error"])]))
    line.play(score(5))
    steps = happenings([*line.published, *line.alerts.wait(at(60))], None)
    assert [(step.what, step.at) for step in steps] == [("raised", at(5)), ("let_go", at(60))]
    assert steps[0].text.endswith(". A maintenance window holds it: it calls nobody")
    late = Timeline()
    [raised] = late.play(score(5))
    late.alerts.plan(Windows([window(10, 60, kinds=["dose_entry_error"])]))
    assert told([raised, *late.alerts.wait(at(10))])[1:] == [("held", None, None)]
