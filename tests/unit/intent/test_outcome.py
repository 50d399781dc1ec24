"""What becomes of a flagged entry."""

from datetime import timedelta

import pytest

from schemas.events import Commit, DoseScore
from streams.intent.partition import DosePartition
from tests.made_events import entry, keys, now

STARTED = now()


@pytest.fixture
def after_a_slip(partition):
    """Apply 55 for 5 as a bounce, then one more entry so many minutes later; hands back what that one gave."""

    def apply(typed: str, minutes: float, **changes) -> list[DoseScore]:
        [flagged] = partition.apply(entry("p", 1, "55", STARTED, keys=keys("55", pace_ms=40)), 0)
        assert flagged.verdict == "error"
        later = entry("p", 2, typed, STARTED + timedelta(minutes=minutes), **({"previous": 55.0} | changes))
        return partition.apply(later, 1)

    return apply


@pytest.mark.parametrize(("typed", "minutes"), [("5", 2), ("5", 29), ("5.05", 3), ("20", 5)])
def test_going_back_to_the_value_meant_or_well_away_within_30_minutes_corrects(after_a_slip, typed, minutes):
    resolved, later = after_a_slip(typed, minutes)
    assert (resolved.revision, resolved.resolution, resolved.typed) == (2, "corrected", 55.0)
    assert (resolved.corrected_to, resolved.caught) == (float(typed), typed != "20")
    assert resolved.resolved_after_s == pytest.approx(minutes * 60, abs=2)
    assert later.revision == 1


@pytest.mark.parametrize(("typed", "minutes"), [("5", 31), ("60", 45), ("60", 10), ("55", 5)])
def test_later_or_small_changes_say_that_it_stood(after_a_slip, typed, minutes):
    """After 30 minutes any entry does; before, one in the neighbourhood of what was typed."""
    resolved, _ = after_a_slip(typed, minutes)
    assert (resolved.revision, resolved.resolution) == (2, "stood")
    assert (resolved.corrected_to, resolved.caught) == (None, False)
    assert resolved.resolved_after_s == pytest.approx(minutes * 60, abs=2)


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": 2},
        {"field": "vtbi", "unit": "mL"},
        {"commit": Commit(action="cancel", value=5.0)},
        {"drug": "Heparin", "unit": "units/h"},
    ],
)
def test_an_entry_elsewhere_resolves_nothing(after_a_slip, changes):
    """Another channel, field or drug says nothing of the number, and a cancelled entry changed nothing."""
    assert [score.revision for score in after_a_slip("5", 3, **changes)] == [1]


def test_a_correction_of_an_entry_that_was_not_flagged_is_no_jump_either(judge, partition):
    """5 to 20 was let pass; going back to 5 soon after is less doubted than the same step out of the blue."""
    partition.apply(entry("p", 1, "20", STARTED, previous=5.0), 0)
    [back] = partition.apply(entry("p", 2, "5", STARTED + timedelta(minutes=4), previous=20.0), 1)
    assert back.verdict == "ok"
    assert back.error_likelihood < judge("5", previous=20.0).error_likelihood


def test_a_correction_of_a_correction_resolves_only_what_was_flagged(after_a_slip, partition):
    after_a_slip("5", 2)
    again = partition.apply(entry("p", 3, "6", STARTED + timedelta(minutes=6), previous=5.0), 2)
    assert [score.revision for score in again] == [1]


def test_a_restart_between_slip_and_correction_changes_nothing(scorer):
    """The flagged entry comes back with the tail of the scores, and the correction resolves it as without a restart."""
    slip = entry("p", 1, "55", STARTED, keys=keys("55", pace_ms=40))
    mended = entry("p", 2, "5", STARTED + timedelta(minutes=2), previous=55.0)
    straight = DosePartition(scorer)
    flagged = straight.apply(slip, 0)
    expected = straight.apply(mended, 1)
    restarted = DosePartition(scorer)
    restarted.restore([(flagged[0], 0)])
    assert restarted.apply(slip, 0) == []
    assert restarted.apply(mended, 1) == expected
    assert restarted.apply(mended, 1) == []


def test_a_crash_after_only_the_resolution_was_published_scores_the_entry_once(scorer):
    """The resolution comes first, so the record read again still gives the score that is missing."""
    slip = entry("p", 1, "55", STARTED, keys=keys("55", pace_ms=40))
    mended = entry("p", 2, "5", STARTED + timedelta(minutes=2), previous=55.0)
    straight = DosePartition(scorer)
    [flagged] = straight.apply(slip, 0)
    resolved, score = straight.apply(mended, 1)
    restarted = DosePartition(scorer)
    restarted.restore([(flagged, 0), (resolved, 1)])
    assert restarted.apply(mended, 1) == [score]
