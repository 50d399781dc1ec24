"""The streams that are scored: real values in order, with slips whose truth is known."""

from collections import Counter
from itertools import pairwise

import pytest

from services.evaluate.stream import COLD, LAYOUTS, LONGEST_CORRECTION_MS, WARM, Stream, streams
from services.pumps import behaviour
from streams.intent.keypad import layout

FIGURES = behaviour.load()


@pytest.fixture(scope="module")
def cold(few) -> list[Stream]:
    return list(streams(few.of_logs, FIGURES, COLD, 1))


@pytest.fixture(scope="module")
def warm(few) -> list[Stream]:
    return [stream for seed in range(4) for stream in streams(few.of_logs, FIGURES, WARM, seed)]


def trials(made: list[Stream]) -> list:
    return [trial for stream in made for trial in stream.trials if trial.counted]


def test_the_same_seed_makes_the_same_entries(few, cold):
    """Keys, times and slips are repeated exactly; another seed makes others."""
    assert list(streams(few.of_logs, FIGURES, COLD, 1)) == cold
    assert list(streams(few.of_logs, FIGURES, COLD, 2)) != cold


def test_a_stream_does_not_depend_on_the_other_hospitals(few, cold):
    """Made alone, a hospital's entries have the same keys."""
    last = cold[-1]
    alone = [one for one in few.of_logs if one.entered.hospital == last.hospital]
    (made,) = streams(alone, FIGURES, COLD, 1)
    assert [trial.event.keys for trial in made.trials] == [trial.event.keys for trial in last.trials]


def test_cold_each_value_is_entered_right_and_once_with_a_slip_that_is_forgotten(cold):
    """Right entries stand and have what was meant; slips do not stand and have something else."""
    for trial in trials(cold):
        truth = trial.truth
        assert trial.stands == (truth.slip is None) == (truth.value == truth.meant)
        assert trial.event.commit.value == truth.value
    count = Counter(trial.truth.slip is None for trial in trials(cold))
    assert count[False] == pytest.approx(count[True], rel=0.02)


def test_all_fifteen_slips_and_all_layouts_occur(few):
    """A few streams suffice for each kind of slip and each keypad."""
    made = trials([one for seed in range(8) for one in streams(few.of_logs, FIGURES, COLD, seed)])
    assert len({trial.truth.slip for trial in made} - {None}) == 15
    assert {trial.event.model for trial in made} == set(LAYOUTS)
    assert {trial.event.unit for trial in made if layout(trial.event.model).kind != "digits"} == {"mL/h"}


def test_warm_six_in_a_hundred_slip_and_most_are_put_right_within_minutes(warm):
    """Slips stand; the entry that corrects one follows on its pump with the value that was meant."""
    made = trials(warm)
    slips = [trial for trial in made if trial.truth.slip]
    corrections = [trial for trial in made if trial.truth.corrects]
    intended = len(made) - len(corrections)
    assert len(slips) / intended == pytest.approx(0.06, abs=0.015)
    assert len(corrections) / len(slips) == pytest.approx(0.8, abs=0.1)
    by_channel: dict = {}
    for trial in made:
        by_channel.setdefault((trial.event.pump, trial.event.channel), []).append(trial)
    put_right = 0
    for some in by_channel.values():
        for before, after in pairwise(some):
            if after.truth.corrects and before.truth.slip:
                put_right += 1
                assert after.truth.slip is None
                assert after.truth.value == before.truth.meant
                assert after.event.previous == before.truth.value
                apart_ms = (after.event.at - before.event.at).total_seconds() * 1000
                assert 0 < apart_ms <= LONGEST_CORRECTION_MS
    assert put_right > 0.5 * len(corrections)


def test_entries_come_in_the_order_of_time_and_their_second_half_is_late(warm):
    """Each hospital's stream is sorted; about half of the counted entries are late, and they come last."""
    for stream in warm:
        at = [trial.event.at for trial in stream.trials]
        assert at == sorted(at)
        late = [trial.truth.late for trial in stream.trials if trial.counted]
        assert late == sorted(late)
        assert sum(late) == (len(late) + 1) // 2


def test_a_pump_is_told_weight_and_volume_before_it_is_asked_to_know_them(warm):
    """Uncounted entries tell other fields of the log's row; never the flow of a dose, which a pump works out."""
    told = [trial.event.field for stream in warm for trial in stream.trials if not trial.counted]
    assert set(told) == {"weight", "vtbi"}
