"""Keystroke events to scores: however they are sent, however often, and across a restart."""

from datetime import timedelta

import pytest

from schemas.codec import EventRefused
from schemas.events import Commit, DoseScore
from streams.intent import parameters
from streams.intent.partition import DosePartition
from streams.intent.score import DoseScorer
from streams.libraries import Libraries
from tests.made_events import entry, in_pieces, keys, now

SCORER = DoseScorer(parameters.load(), Libraries())


def partition() -> DosePartition:
    return DosePartition(SCORER)


def run(decisions: DosePartition, events, start: int = 0) -> list[tuple[DoseScore, int]]:
    return [(score, offset) for offset, event in enumerate(events, start) for score in decisions.apply(event, offset)]


def test_single_keys_and_the_whole_entry_give_the_same_score():
    whole = entry("p", 1, "45")
    [(at_once, _)] = run(partition(), [whole])
    [(key_by_key, _)] = run(partition(), in_pieces(whole))
    changed = {"at", "id"}
    for field in DoseScore.__struct_fields__:
        if field not in changed:
            assert getattr(at_once, field) == getattr(key_by_key, field), field


def test_an_open_entry_holds_from_its_first_key_until_its_commit():
    decisions = partition()
    *presses, commit = in_pieces(entry("p", 1, "45"))
    assert decisions.hold() is None
    for offset, press in enumerate(presses, 7):
        assert decisions.apply(press, offset) == []
        assert decisions.hold() == 7
    assert len(decisions.apply(commit, 20)) == 1
    assert decisions.hold() is None


def test_an_entry_without_a_key_for_ten_minutes_holds_no_longer():
    decisions = partition()
    first, *_ = in_pieces(entry("silent", 1, "45"))
    decisions.apply(first, 3)
    later = now() + timedelta(minutes=9)
    decisions.apply(entry("other", 1, "5", later), 4)
    assert decisions.hold() == 3
    decisions.apply(entry("other", 2, "5", later + timedelta(minutes=3)), 5)
    assert decisions.hold() is None


def test_the_same_entry_again_is_a_duplicate():
    decisions = partition()
    run(decisions, [entry("p", 1, "5")])
    with pytest.raises(EventRefused) as refusal:
        decisions.apply(entry("p", 1, "5"), 9)
    assert refusal.value.error_class == "duplicate"


def test_the_same_key_event_again_is_a_duplicate():
    decisions = partition()
    first, *_ = in_pieces(entry("p", 1, "45"))
    decisions.apply(first, 0)
    with pytest.raises(EventRefused) as refusal:
        decisions.apply(first, 1)
    assert refusal.value.error_class == "duplicate"


def test_what_was_scored_before_a_restart_is_read_again_in_silence():
    """The records between the commit and the crash come again; a copy that was sent later is refused."""
    events = [entry(f"p{number % 3}", number, "5") for number in range(9)]
    published = run(partition(), events)
    restored = partition()
    restored.restore(published)
    assert run(restored, events) == []
    with pytest.raises(EventRefused):
        restored.apply(events[0], 100)


def test_a_restart_in_the_middle_changes_no_score():
    """Whatever the cut: what was published before and what comes after are what one run would have published."""
    started = now()
    typed = ("5", "55", "5", "6", "45", "4.5")
    events = [
        piece
        for number, text in enumerate(typed)
        for piece in in_pieces(entry("p", number, text, started + timedelta(minutes=number), previous=5.0))
    ]
    whole = run(partition(), events)
    for cut in range(len(events)):
        before = partition()
        published = run(before, events[:cut])
        again = before.hold() if before.hold() is not None else cut
        after = partition()
        after.restore(published)
        assert published + run(after, events[again:], again) == whole, f"cut at {cut}"


def test_a_correction_resolves_the_flagged_entry_and_is_not_flagged_itself():
    decisions = partition()
    started = now()
    slip = entry("p", 1, "55", started, keys=keys("55", pace_ms=40))
    [flagged] = decisions.apply(slip, 0)
    assert (flagged.verdict, flagged.resolution) == ("error", "open")
    mended = entry("p", 2, "5", started + timedelta(minutes=2), previous=55.0)
    resolved, correction = decisions.apply(mended, 1)
    assert (resolved.entry, resolved.revision, resolved.resolution) == (flagged.entry, 2, "corrected")
    assert resolved.resolved_after_s == pytest.approx(120, abs=5)
    assert resolved.id == f"{flagged.pump}/{flagged.entry}/2"
    assert (correction.revision, correction.verdict) == (1, "ok")


def test_a_cancelled_entry_is_scored_as_cancelled():
    [score] = partition().apply(entry("p", 1, "5", commit=Commit(action="cancel", value=5.0)), 0)
    assert score.resolution == "cancelled"


def test_scores_depend_on_their_own_pump_alone():
    """The same pump among others and alone: any number of workers gives the same scores."""
    started = now()
    mine = [entry("mine", n, t, started + timedelta(minutes=n)) for n, t in enumerate(("5", "55", "5", "8"))]
    others = [entry(f"other{n}", n, "7", started + timedelta(minutes=n)) for n in range(4)]
    alone = [score for score, _ in run(partition(), mine)]
    mixed = [event for pair in zip(others, mine, strict=True) for event in pair]
    among = [score for score, _ in run(partition(), mixed) if score.pump == "mine"]
    assert alone == among


def test_a_pump_with_a_clock_hours_ahead_releases_nobody_elses_entry():
    decisions = partition()
    first, *_ = in_pieces(entry("typing", 1, "45"))
    decisions.apply(first, 3)
    decisions.apply(entry("ahead", 1, "5", now() + timedelta(hours=8)), 4)
    assert decisions.hold() == 3
