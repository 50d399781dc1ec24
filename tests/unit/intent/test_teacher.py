"""What an entry teaches, as a timeline: by what comes after it, and how much of a pump's word is taken."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from schemas.events import Commit, KeyPress
from streams.intent.learned import Learned, LearnedOf
from streams.intent.partition import DosePartition
from streams.intent.teacher import Teacher
from tests.made_events import entry, keys

START = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.fixture
def learned() -> Learned:
    return Learned()


@pytest.fixture
def enter(scorer, library, learned) -> Callable[..., None]:
    """Enter values on pumps: (minute, typed) each, all of norepinephrine in mcg/min unless said otherwise."""
    partition = DosePartition(scorer, Teacher(learned, lambda _hospital: library))
    numbers = iter(range(100_000))

    def apply(*timeline: tuple[float, str], pump: str = "p", **context) -> None:
        for minute, typed in timeline:
            number = next(numbers)
            partition.apply(entry(pump, number, typed, START + timedelta(minutes=minute), **context), number)

    return apply


def of(learned: Learned, hospital: str = "st-test") -> LearnedOf:
    return learned.of(hospital, "norepinephrine", "mcg/min", "adult_icu") or LearnedOf(0, 1.0, 0)


def test_an_entry_teaches_when_the_next_comes_later_than_30_minutes(enter, learned):
    enter((0, "5"))
    assert of(learned).entries == pytest.approx(0)
    enter((31, "50"))
    assert of(learned).values == pytest.approx({5.0: 1.0})


def test_an_entry_teaches_when_the_next_within_30_minutes_is_a_small_change(enter, learned):
    enter((0, "6"), (10, "8"))
    assert of(learned).values == pytest.approx({6.0: 1.0})


def test_a_large_further_change_within_30_minutes_says_nothing(enter, learned):
    enter((0, "6"), (10, "12"))
    assert of(learned).entries == pytest.approx(0)


def test_going_back_to_the_value_before_within_30_minutes_teaches_nothing(enter, learned):
    enter((0, "12"), (10, "5"), previous=5.0)
    assert (of(learned).entries, learned.slips("st-test")) == (0, {})


def test_a_correction_to_the_value_that_was_named_teaches_the_slip_and_not_the_value(enter, learned):
    """55 for 5 by a bounce, put right after two minutes."""
    enter((0, "55"), keys=keys("55", pace_ms=40))
    enter((2, "5"), previous=55.0)
    assert learned.slips("st-test") == pytest.approx({"key_bounce": 1.0})
    enter((40, "6"), previous=5.0)
    assert of(learned).values == pytest.approx({5.0: 1.0})


def test_a_cancelled_entry_neither_teaches_nor_decides(enter, learned):
    enter((0, "6"))
    enter((40, "7"), commit=Commit(action="cancel", value=7.0))
    assert of(learned).entries == pytest.approx(0)
    enter((80, "8"))
    assert of(learned).values == pytest.approx({6.0: 1.0})


def test_only_rates_and_doses_above_zero_teach(enter, learned):
    enter((0, "500"), (60, "250"), field="vtbi", unit="mL")
    enter((0, "0"), (60, "5"), pump="q")
    assert len(learned) == 0


def test_a_pump_teaches_a_value_once_a_day(enter, learned):
    enter(*((40 * step, "6") for step in range(25)))
    assert of(learned).values == pytest.approx({6.0: 1.0})
    enter((26 * 60, "6"), (27 * 60, "6"))
    assert of(learned).values[6.0] == pytest.approx(2, rel=0.01)


def test_a_pump_teaches_twelve_entries_of_a_drug_a_day_at_most(enter, learned):
    enter(*((31 * step, f"{step / 10 + 1:g}") for step in range(25)))
    assert of(learned).entries == pytest.approx(12)


def test_a_broken_pump_that_repeats_999_does_not_drag_the_prior(enter, learned):
    """Ten thousand commits within two weeks, against eight pumps that work."""
    for pump in range(8):
        enter(*((60 * step, f"{5 + step % 4}") for step in range(24)), pump=f"sound{pump}")
    enter(*((2 * step, "999") for step in range(10_000)), pump="broken")
    found = of(learned)
    assert found.values[999.0] <= 15
    assert found.values[999.0] < found.entries / 3
    assert learned.everywhere("norepinephrine", "mcg/min", "adult_icu").values[999.0] <= 15


def test_a_clock_that_jumps_to_and_fro_gains_nothing(enter, learned):
    """The day of a pump never goes back, so two days taken in turn are two days."""
    for _ in range(20):
        enter((0, "999"), (24 * 60, "999"))
    assert of(learned).values[999.0] <= 2


def test_a_pump_teaches_a_slip_once_a_day(enter, learned):
    for step in range(6):
        enter((60 * step, "55"), keys=keys("55", pace_ms=40))
        enter((60 * step + 2, "5"), previous=55.0)
    assert learned.slips("st-test") == pytest.approx({"key_bounce": 1.0})


BOUNCED = [KeyPress("5", 0), KeyPress("5", 40), KeyPress("BACK", 700)]
"""55 by a bounce, and 5 in the end."""


def test_a_slip_taken_back_while_typing_teaches_the_slip_at_once(enter, learned):
    enter((0, "5"), keys=BOUNCED)
    assert learned.taken_back("st-test") == pytest.approx({"key_bounce": 1.0})
    assert learned.slips("st-test") == {}, "no later entry confirmed it"
    assert of(learned).entries == 0


def test_a_cancelled_entry_teaches_no_slip_that_was_taken_back_in_it(enter, learned):
    enter((0, "5"), keys=BOUNCED, commit=Commit(action="cancel", value=5.0))
    assert learned.taken_back("st-test") == {}


def test_a_step_back_on_chevrons_teaches_no_slip(enter, learned):
    """That is how one aims there."""
    ways = [KeyPress(key, 300 * place) for place, key in enumerate(["UP", "UP", "DOWN"])]
    about = {"drug": "sodium chloride 0.9%", "unit": "mL/h", "field": "rate", "model": "alaris_gp", "previous": 5.0}
    enter((0, "5.1"), keys=ways, **about)
    assert learned.taken_back("st-test") == {}


def test_a_pump_that_bounces_all_day_teaches_that_once_whatever_the_drug(enter, learned):
    """A thousand bounces taken back on one keypad, under made-up names of drugs too, against one on each of three."""
    for number in range(1000):
        enter((number, "5"), pump="broken", drug=f"drug {number % 50}", keys=BOUNCED)
    assert learned.taken_back("st-test") == pytest.approx({"key_bounce": 1.0})
    for pump in range(3):
        enter((0, "5"), pump=f"pump {pump}", keys=BOUNCED)
    assert learned.taken_back("st-test") == pytest.approx({"key_bounce": 4.0})


def test_slips_taken_back_survive_a_restart_and_count_once(scorer, library, learned):
    """From the published state, or where that was lost, from the published scores; never from both."""
    events = [entry(f"p{number}", number, "5", START + timedelta(hours=number), keys=BOUNCED) for number in range(4)]
    before = DosePartition(scorer, Teacher(learned, lambda _hospital: library))
    published = [(score, offset) for offset, event in enumerate(events[:3]) for score in before.apply(event, offset)]
    states = list(learned.take_changed(0))
    for told in (states, []):
        again = Learned()
        for state in told:
            again.put(state)
        after = DosePartition(scorer, Teacher(again, lambda _hospital: library))
        after.restore(published)
        after.teach_restored()
        assert again.taken_back("st-test") == pytest.approx({"key_bounce": 3.0})
        for offset, event in enumerate(events):
            after.apply(event, offset)
        assert again.taken_back("st-test") == pytest.approx({"key_bounce": 4.0})


def test_names_of_a_drug_and_spellings_of_a_unit_meet(enter, learned):
    enter((0, "5"), (60, "6"))
    enter((0, "5"), (60, "6"), pump="q", drug="LEVOPHED", unit="mcg/minute")
    assert of(learned).values == pytest.approx({5.0: 2.0})
    assert len(learned) == 1


def test_a_record_read_again_teaches_nothing_twice(scorer, library, learned):
    """A restart takes up the published scores and reads the last records again."""
    events = [entry("p", number, typed, START + timedelta(hours=number)) for number, typed in enumerate("56789")]
    before = DosePartition(scorer, Teacher(learned, lambda _hospital: library))
    published = [(score, offset) for offset, event in enumerate(events[:4]) for score in before.apply(event, offset)]
    states = list(learned.take_changed(0))

    again = Learned()
    for state in states:
        again.put(state)
    after = DosePartition(scorer, Teacher(again, lambda _hospital: library))
    after.restore(published)
    after.teach_restored()
    for offset, event in enumerate(events):
        after.apply(event, offset)
    assert of(again).values == pytest.approx({5.0: 1, 6.0: 1, 7.0: 1, 8.0: 1})


def test_what_was_not_told_before_a_crash_is_learned_from_the_published_scores(scorer, library, learned):
    events = [entry("p", number, typed, START + timedelta(hours=number)) for number, typed in enumerate("5678")]
    before = DosePartition(scorer, Teacher(learned, lambda _hospital: library))
    published = [(score, offset) for offset, event in enumerate(events) for score in before.apply(event, offset)]
    again = Learned()
    after = DosePartition(scorer, Teacher(again, lambda _hospital: library))
    after.restore(published)
    after.teach_restored()
    assert of(again).values == pytest.approx({5.0: 1.0, 6.0: 1.0, 7.0: 1.0})
