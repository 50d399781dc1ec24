"""What is kept of a pump: bytes, few of them, and the same whether or not a heartbeat is looked at at once."""

import gc
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import EventRefused
from streams.power import waiting
from streams.power.names import MOST, Names
from streams.power.partition import PowerPartition
from streams.power.slot import Slot, highest_seq, parted
from tests.made_power import Pump, closed, play


@pytest.mark.parametrize("state", ["mains", "battery"])
def test_a_pump_costs_less_than_400_bytes(state):
    """Its name and its place in the table included, after ten minutes of heartbeats."""
    partition = PowerPartition()
    fleet = [Pump(f"SN-{number:08d}") for number in range(4000)]
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for minute in range(10):
        for number, pump in enumerate(fleet):
            partition.apply(getattr(pump, state)(minute, drugs=["Norepinephrine"], location="ICU 4"), number)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 400 * len(fleet) + 2**18  # the tables of the partition
    tracemalloc.stop()


@given(st.integers(0, 2**63), st.integers(0, 2**32 - 1), st.binary(min_size=8, max_size=80))
def test_a_slot_gives_back_its_parts(seq, since, window):
    """Whatever they are."""
    slot = Slot(seq, since, b"", b"", window)
    assert parted(slot.packed()) == slot


def test_the_highest_seq_is_known_from_five_bits():
    """As long as it is looked at every 31 events."""
    assert highest_seq(100, (131 & 31) << 16) == 131
    assert highest_seq(100, (100 & 31) << 16) == 100


def test_names_are_kept_once_and_bounded():
    """More names than any fleet has are refused, not kept."""
    names = Names()
    assert [names.number(name) for name in ("a", "b", "a")] == [0, 1, 0]
    assert names[1] == "b"
    for number in range(2, MOST + 1):
        names.number(str(number))
    with pytest.raises(EventRefused, match="different names"):
        names.number("one more")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(20, 90),
            st.sampled_from(["battery"] * 6 + ["mains"]),
            st.sampled_from(["ICU 4", "ICU 4", "ICU 4", "MRI"]),
            st.sampled_from([25.0, 25.0, 25.0, 120.0]),
        ),
        max_size=60,
    )
)
def test_a_heartbeat_that_waits_changes_no_closed_episode(drawn):
    """Looked at each at once, or only when one says something new: ends, minutes, charges and causes are the same."""
    pump, seconds, events = Pump(), 0, []
    for gap, state, location, rate in drawn:
        seconds += gap
        events.append(getattr(pump, state)(seconds / 60, location=location, rate_ml_h=rate, charge_pct=80))
    events += [pump.mains((seconds + 300 * more) / 60) for more in (1, 2, 3)]
    waited = play(PowerPartition(), events)
    rest, waiting.REST_S = waiting.REST_S, 0
    try:
        at_once = play(PowerPartition(), events)
    finally:
        waiting.REST_S = rest
    told = [
        [(e.started_at, e.ended_at, e.minutes, e.charge_min, e.cause, e.drugs) for e in closed(revisions)]
        for revisions in (waited, at_once)
    ]
    assert told[0] == told[1]
