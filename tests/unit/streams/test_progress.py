"""What may be committed, whatever the order in which batches finish."""

from hypothesis import given
from hypothesis import strategies as st

from streams.transport.progress import PartitionProgress


def delivered(*offsets: int) -> PartitionProgress:
    progress = PartitionProgress()
    for clock, offset in enumerate(offsets):
        progress.deliver(offset, float(clock))
    return progress


def test_nothing_is_committed_before_anything_finished():
    assert delivered(9).committable() is None


def test_a_finished_batch_is_committed_up_to_its_last_record():
    progress = delivered(9)
    assert progress.finish(9)
    assert progress.committable() == 10


def test_a_batch_finished_out_of_turn_waits_for_the_one_before_it():
    """Stock Faust commits past an unfinished message; here the older batch holds the commit."""
    progress = delivered(9, 19)
    progress.finish(19)
    assert progress.committable() is None
    progress.finish(9)
    assert progress.committable() == 20


def test_open_work_holds_the_commit_back():
    progress = delivered(9)
    progress.hold(4)
    progress.finish(9)
    assert progress.committable() == 4
    progress.hold(None)
    assert progress.committable() == 10


def test_gaps_between_batches_are_no_gaps():
    """Compaction and transaction markers leave offsets out; batches are counted, not offsets."""
    progress = delivered(9, 500)
    progress.finish(9)
    progress.finish(500)
    assert progress.committable() == 501


def test_a_batch_from_before_a_seek_counts_for_nothing():
    progress = delivered(9)
    progress.forget()
    assert not progress.finish(9)
    assert progress.committable() is None


def test_the_oldest_unfinished_batch_tells_how_long_work_waits():
    progress = delivered(9, 19)
    assert progress.waiting_since == 0.0
    progress.finish(9)
    assert progress.waiting_since == 1.0
    progress.finish(19)
    assert progress.waiting_since is None


@given(st.permutations(range(8)), st.integers(0, 8))
def test_the_commit_never_passes_an_unfinished_batch(order: list[int], finished: int):
    progress = delivered(*(batch * 10 + 9 for batch in range(8)))
    done = order[:finished]
    for batch in done:
        progress.finish(batch * 10 + 9)
    prefix = 0
    while prefix in done:
        prefix += 1
    assert progress.committable() == (prefix * 10 if prefix else None)
    assert progress.in_flight == 8 - prefix
