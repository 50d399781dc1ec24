"""Whatever the order of arrival within the lateness, and wherever a worker restarts, closed episodes are the same."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.codec import EventRefused
from schemas.events import PowerEpisode, PowerEvent
from streams.power.partition import PowerPartition
from streams.power.settings import PowerSettings
from tests.made_power import Pump, closed, play

LOOSE = PowerSettings().loose_cord_returns


class Told(NamedTuple):
    """What must not depend on the order of arrival."""

    started_at: datetime
    ended_at: datetime
    minutes: float
    charge_start: float
    charge_min: float
    loose: bool


class Arrival(NamedTuple):
    """An event, how many seconds after its own time it arrives, and how many after that it arrives once more."""

    event: PowerEvent
    delay_s: int
    again_s: int | None


steps = st.lists(
    st.tuples(
        # From seconds to beyond the 15 min of silence, often a minute.
        st.one_of(st.just(60), st.integers(2, 120), st.integers(2, 120), st.integers(600, 1100)),
        st.sampled_from(["battery", "battery", "battery", "mains", "idle"]),
        st.integers(1, 100),
        st.integers(0, 185),  # real captures: 5 to 185 s late
        st.one_of(st.none(), st.none(), st.integers(1, 300)),
    ),
    max_size=40,
)


def arrivals(drawn) -> list[Arrival]:
    """The drawn steps as events of one pump that is back on mains in the end."""
    pump, seconds, made = Pump(), 0, []
    for gap, state, charge, delay, again in drawn:
        seconds += gap
        if state == "mains":
            event = pump.mains(seconds / 60, charge_pct=charge)
        else:
            event = pump.battery(seconds / 60, charge, infusing=state == "battery")
        made.append(Arrival(event, delay, again))
    return made + [Arrival(pump.mains((seconds + 400 * more) / 60), 0, None) for more in (1, 2)]


def told(episodes: list[PowerEpisode]) -> list[Told]:
    """The final figures of closed episodes."""
    return [
        Told(e.started_at, e.ended_at, e.minutes, e.charge_start, e.charge_min, e.cause == "loose_cord")
        for e in closed(episodes)
        if e.ended_at is not None
    ]


def independently(events: list[PowerEvent]) -> list[Told]:
    """The same figures straight from the definition: pieces between neighbours in time, then joined."""
    pieces = []  # on battery from, to, charges, silent after it
    for event, following in pairwise(events):
        if event.source == "battery" and event.infusing:
            silent = following.at - event.at > timedelta(minutes=15)
            charges = [event.charge_pct] + ([] if silent else [following.charge_pct])
            pieces.append((event.at, event.at if silent else following.at, charges, silent))
    groups = []
    for piece in pieces:
        last = groups[-1][-1] if groups else None
        if last is not None and not last[3] and piece[0] - last[1] < timedelta(seconds=60):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    episodes = []
    for group in groups:
        returns = sum(
            any(after[0] > e.at >= before[1] and e.source == "mains" for e in events)
            for before, after in pairwise(group)
        )
        length = sum(((piece[1] - piece[0]) for piece in group), timedelta())
        charges = [charge for piece in group for charge in piece[2]]
        minutes = round(length.total_seconds() / 60, 5)
        episodes.append(Told(group[0][0], group[-1][1], minutes, charges[0], min(charges), returns >= LOOSE))
    return episodes


@settings(max_examples=300, deadline=None)
@given(steps)
def test_order_and_repetition_within_the_lateness_change_no_closed_episode(drawn):
    """Events up to 185 s late and repeated give what the sorted events give by an independent computation."""
    sent = arrivals(drawn)
    queue = []
    for arrival in sent:
        due = arrival.event.at + timedelta(seconds=arrival.delay_s)
        queue.append((due, 0, arrival.event.seq, arrival.event))
        if arrival.again_s is not None:
            queue.append((due + timedelta(seconds=arrival.again_s), 1, arrival.event.seq, arrival.event))
    partition, revisions = PowerPartition(), []
    for offset, (_, again, _, event) in enumerate(sorted(queue, key=lambda row: row[:3])):
        if again:
            with pytest.raises(EventRefused) as refused:
                partition.apply(event, offset)
            assert refused.value.error_class in {"duplicate", "late"}
        else:
            revisions += partition.apply(event, offset)
    assert told(revisions) == independently([arrival.event for arrival in sent])
    numbered: dict[str, int] = {}
    for revision in revisions:
        assert revision.revision == numbered.get(revision.episode, 0) + 1
        numbered[revision.episode] = revision.revision
    assert partition.open_episodes == 0


@settings(max_examples=200, deadline=None)
@given(steps, st.data())
def test_a_restart_that_lost_nothing_changes_no_closed_episode(drawn, data):
    """Revisions come back from the topic, and records from the last published one or earlier are read again."""
    events = [arrival.event for arrival in arrivals(drawn)]
    crash = data.draw(st.integers(0, len(events)))
    partition, published = PowerPartition(), []
    for offset, event in enumerate(events[:crash]):
        published += [(revision, offset) for revision in partition.apply(event, offset)]
    last = max((offset for _, offset in published), default=-1)
    committed = data.draw(st.integers(0, last + 1))
    restarted = PowerPartition()
    restarted.restore(published)
    resumed = [revision for revision, _ in published] + play(restarted, events[committed:], committed)
    expected = told(play(PowerPartition(), events))
    # An episode of a few minutes between two others is more than revisions tell.
    assume(all(after.started_at - before.started_at > timedelta(minutes=6) for before, after in pairwise(expected)))
    # Nor do they tell the charge of the next episode, or how often a cord has flapped before it is called loose.
    assert [t[:3] for t in told(resumed)] == [t[:3] for t in expected]
    assert len({revision.id for revision in resumed}) == len(resumed)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["battery", "mains"]), st.integers(6, 12)), min_size=1, max_size=8),
    st.integers(0, 10_000),
)
def test_a_restart_that_lost_heartbeats_loses_no_minutes(phases, cut):
    """Phases of minutes with a heartbeat each; all before the crash is committed, published or not."""
    pump, minute, events = Pump(), 0, []
    for state, minutes in phases:
        for _ in range(minutes):
            charge = 100 - minute / 2
            events.append(pump.battery(minute, charge) if state == "battery" else pump.mains(minute, charge_pct=charge))
            minute += 1
    events += [pump.mains(minute), pump.mains(minute + 10)]
    crash = cut % len(events)
    partition, published = PowerPartition(), []
    for offset, event in enumerate(events[:crash]):
        published += [(revision, offset) for revision in partition.apply(event, offset)]
    restarted = PowerPartition()
    restarted.restore(published)
    resumed = told([revision for revision, _ in published] + play(restarted, events[crash:], crash))
    expected = told(play(PowerPartition(), events))
    assert len(resumed) == len(expected)
    # An episode that began while the one before was not settled may be known only from its next heartbeat on.
    for known, true in zip(resumed, expected, strict=True):
        assert true.started_at <= known.started_at <= true.started_at + timedelta(minutes=5)
        assert known.ended_at == true.ended_at
        assert known.minutes == pytest.approx((known.ended_at - known.started_at).total_seconds() / 60, abs=1e-4)
