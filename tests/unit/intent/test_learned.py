"""Counts that fade, add up over partitions and hospitals, and never outgrow their memory."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from schemas.codec import decode, encode
from schemas.events import IntentState
from streams.intent import learning, shelf
from streams.intent.learned import Learned, Lesson
from streams.intent.shelf import Drug

START = datetime(2026, 11, 23, 6, tzinfo=UTC)
HEPARIN = ("heparin", "units/h", "adult_icu")


def lesson(value: float = 1000.0, hospital: str = "h", days: float = 0, **changes) -> Lesson:
    at = START + timedelta(days=days)
    fields = {
        "drug": Drug(hospital, "heparin", "units/h"),
        "profile": "adult_icu",
        "value": value,
        "slip": None,
        "at": at,
        "day": at.toordinal(),
        "test": False,
    }
    return Lesson(**(fields | changes))


def taught(*lessons: Lesson, partition: int = 0, learned: Learned | None = None) -> Learned:
    learned = Learned() if learned is None else learned
    start = learned._version * 10
    for number, one in enumerate(lessons):
        assert learned.teach(one, partition, (start + number, 0))
    return learned


def test_counts_halve_in_180_days_of_event_time():
    learned = taught(lesson(1000), lesson(1200, days=180))
    assert learned.of("h", *HEPARIN).values == pytest.approx({1000: 0.5, 1200: 1.0})
    assert learned.of("h", *HEPARIN).entries == pytest.approx(1.5)
    assert learned.entries("h") == pytest.approx(1.5)


def test_an_old_entry_that_comes_late_counts_as_old():
    learned = taught(lesson(1200, days=180), lesson(1000))
    assert learned.of("h", *HEPARIN).values == pytest.approx({1000: 0.5, 1200: 1.0})


def test_a_sum_that_is_kept_equals_one_made_anew():
    """It is brought up to date entry by entry, so it must not drift."""
    kept, anew = Learned(), Learned()
    for number in range(300):
        one = lesson(1000 + number % 7, days=number / 10)
        kept.teach(one, number % 3, (number, 0))
        anew.teach(one, number % 3, (number, 0))
        kept.of("h", *HEPARIN)
    found, expected = kept.of("h", *HEPARIN), anew.of("h", *HEPARIN)
    assert found.values == pytest.approx(expected.values, rel=0.04)
    assert found.entries == pytest.approx(expected.entries, rel=0.04)


def test_the_version_rises_with_every_change_and_only_then():
    learned = taught(lesson())
    first = learned.of("h", *HEPARIN).version
    assert learned.of("h", *HEPARIN).version == first
    taught(lesson(), learned=learned)
    assert learned.of("h", *HEPARIN).version > first


def test_a_position_counts_once():
    learned = taught(lesson())
    assert not learned.teach(lesson(1200), 0, (0, 0))
    assert learned.teach(lesson(1200), 1, (0, 0)), "positions are those of one partition"
    assert learned.of("h", *HEPARIN).entries == pytest.approx(2)


def test_a_state_goes_to_another_worker_and_is_added_to_what_it_knows():
    one = taught(lesson(1000), lesson(1200), partition=0)
    other = taught(lesson(1200), lesson(800, slip="missing_digit"), partition=1)
    taught(lesson(slip="key_bounce", taken_back=True), learned=one)
    [state] = one.take_changed(0)
    state = decode(IntentState, encode(state))
    assert other.put(state)
    found = other.of("h", *HEPARIN)
    assert found.values == pytest.approx({1000: 1, 1200: 2})
    assert other.slips("h") == pytest.approx({"missing_digit": 1})
    assert other.taken_back("h") == pytest.approx({"key_bounce": 1})
    assert not other.put(state), "it reaches no further than what is known"
    assert other.of("h", *HEPARIN).entries == pytest.approx(3)


def test_a_further_state_replaces_the_one_before_it():
    one, other = taught(lesson(1000)), Learned()
    [early] = one.take_changed(0)
    taught(lesson(1200), lesson(slip="key_bounce"), learned=one)
    [late] = one.take_changed(0)
    assert other.put(early)
    assert other.put(late)
    assert not other.put(early), "an older state never comes back"
    assert other.of("h", *HEPARIN).values == pytest.approx({1000: 1, 1200: 1})
    assert other.slips("h") == pytest.approx({"key_bounce": 1})
    assert other.entries("h") == pytest.approx(2)


def test_only_what_changed_is_told_and_the_same_state_has_the_same_id():
    learned = taught(lesson(), lesson(drug=Drug("h", "insulin", "units/h")))
    told = list(learned.take_changed(0))
    assert {state.drug for state in told} == {"heparin", "insulin"}
    assert list(learned.take_changed(0)) == []
    learned.tell_again(told[0])
    assert list(learned.take_changed(0)) == told[:1]


def test_a_hospital_counts_at_most_200_entries_everywhere():
    learned = taught(*(lesson(999, "big") for _ in range(2000)), *(lesson(1000, f"h{n}") for n in range(40)))
    found = learned.everywhere(*HEPARIN)
    assert found.values == pytest.approx({999: 200, 1000: 40})
    assert found.entries == pytest.approx(240)


def test_the_hospitals_with_most_entries_speak_for_all():
    """Fifty of them: adding up a thousand would hold the scoring up."""
    much = [lesson(1000, f"much{n}") for n in range(50) for _ in range(3)]
    little = [lesson(999, f"little{n}") for n in range(50)]
    assert taught(*little, *much).everywhere(*HEPARIN).values == pytest.approx({1000: 150})


def test_what_was_learned_everywhere_is_never_far_behind():
    learned = Learned()
    for number in range(500):
        learned.teach(lesson(hospital=f"h{number % 10}"), 0, (number, 0))
        assert learned.everywhere(*HEPARIN).entries >= (number + 1) * 0.85
    assert learned.everywhere("heparin", "units/h", "neonatal") is None
    assert learned.everywhere("heparin", "mL/h", "adult_icu") is None


def test_profiles_are_kept_apart():
    learned = taught(lesson(1000), lesson(20, profile="neonatal"))
    assert learned.of("h", "heparin", "units/h", "neonatal").values == pytest.approx({20: 1})
    assert learned.of("h", "heparin", "units/h", "adult_icu").values == pytest.approx({1000: 1})
    assert learned.of("h", "heparin", "units/h", "ward") is None


def test_simulated_entries_never_mix_with_real_ones():
    """They teach where nothing real is known; the first real entry starts anew, and hospitals are kept apart."""
    learned = taught(lesson(999, test=True), lesson(999, "simulated", test=True))
    assert learned.of("h", *HEPARIN).values == pytest.approx({999: 1})
    taught(lesson(1000), learned=learned)
    assert learned.of("h", *HEPARIN).values == pytest.approx({1000: 1})
    assert not learned.teach(lesson(999, test=True), 0, (10_000, 0))
    assert learned.everywhere(*HEPARIN).values == pytest.approx({1000: 1})
    assert learned.entries("h") == pytest.approx(1)


def test_the_first_real_entry_ends_what_simulated_pumps_taught_of_other_profiles_too():
    """Sums that were asked for before do not keep it."""
    learned = taught(*[lesson(20, profile="neonatal", test=True) for _ in range(50)])
    assert learned.of("h", "heparin", "units/h", "neonatal").values == pytest.approx({20: 50})
    assert learned.everywhere("heparin", "units/h", "neonatal").values == pytest.approx({20: 50})
    taught(lesson(1000), learned=learned)
    assert learned.of("h", "heparin", "units/h", "neonatal") is None
    assert learned.everywhere("heparin", "units/h", "neonatal") is None


def test_a_drug_may_be_forgotten_while_it_is_taught(monkeypatch):
    """Known from another partition it stands first to go when its own lesson packs another drug away: no error."""
    monkeypatch.setattr(shelf, "UNPACKED", 1)
    one, other = Drug("h", "first", "mL/h"), Drug("h", "second", "mL/h")
    [state] = taught(lesson(drug=one), partition=1).take_changed(1)
    learned = Learned()
    assert learned.put(state)
    assert learned.teach(lesson(drug=other), 0, (1, 0))
    learned._shelf._most_bytes = learned._shelf.memory
    assert learned.teach(lesson(drug=one), 0, (2, 0))
    assert list(learned.drugs()) == [other]
    assert learned.entries("h") == pytest.approx(1)
    assert [changed.drug for changed in learned.take_changed(0)] == ["second"]


def test_values_entered_least_are_forgotten_first():
    often = [lesson(float(value)) for value in range(1, 9) for _ in range(5)]
    rare = [lesson(1000.0 + number) for number in range(5000)]
    learned = taught(*often, *rare)
    [state] = learned.take_changed(0)
    assert len(state.counts[0].values) <= 64 + 16
    assert {value for value, _ in state.counts[0].values} >= {float(value) for value in range(1, 9)}
    assert state.counts[0].entries == pytest.approx(5040)


def test_memory_is_bounded_and_drugs_taught_longest_ago_are_forgotten_first():
    """One MB for sixty thousand made-up drugs; sums of hospitals lose what is forgotten."""
    figures = msgspec.structs.replace(learning.load(), memory_mb=1, drugs_of_a_hospital=100_000)
    learned = Learned(figures)
    for number in range(60_000):
        learned.teach(lesson(drug=Drug(f"h{number // 1000}", f"drug {number}", "mL/h")), 0, (number, 0))
    assert 500 < len(learned) < 10_000
    assert learned.of("h59", "drug 59999", "mL/h", "adult_icu") is not None
    assert learned.of("h0", "drug 0", "mL/h", "adult_icu") is None
    assert learned.entries("h0") == 0
    assert learned.everywhere("drug 0", "mL/h", "adult_icu") is None


def test_a_hospital_cannot_have_more_drugs_than_a_formulary():
    learned = Learned()
    for number in range(3000):
        learned.teach(lesson(drug=Drug("h", f"drug {number}", "mL/h")), 0, (number, 0))
    assert len(learned) == 2000
    assert learned.teach(lesson(), 0, (0, 0)) is False
    assert learned.teach(lesson(hospital="other"), 0, (0, 0))


def test_dates_of_other_centuries_do_no_harm():
    learned = taught(
        lesson(at=datetime(1, 1, 1, tzinfo=UTC), day=1), lesson(at=datetime(9999, 12, 31, tzinfo=UTC), day=3_652_059)
    )
    [state] = learned.take_changed(0)
    assert state.counts[0].entries == pytest.approx(1)


def test_what_is_packed_away_is_found_again_and_goes_on():
    """More cells than are kept as objects: every one keeps its counts."""
    learned = Learned()
    for turn in range(2):
        for number in range(6000):
            one = lesson(drug=Drug(f"h{number % 10}", f"drug {number}", "mL/h"))
            assert learned.teach(one, 0, (turn * 6000 + number, 0))
    assert {len(state.counts) for state in learned.take_changed(0)} == {1}
    assert learned.of("h0", "drug 0", "mL/h", "adult_icu").entries == pytest.approx(2)
    assert learned.entries("h0") == pytest.approx(1200)
