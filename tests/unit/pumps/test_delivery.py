"""A hospital's network: late, out of order, repeated, lost, and pumps that fall silent."""

from collections import Counter, defaultdict
from itertools import pairwise

import msgspec
import pytest

from schemas import codec, topics
from services.pumps.delivery import Delivery
from services.pumps.simulator import simulated
from services.pumps.truth import SilenceTruth
from tests.unit.pumps.conftest import START_MS

MINUTE_MS = 60_000


def delivered(figures, network, *, seed=5, hours=6):
    """What happened, what arrived (with its time), and what was told, of 60 pumps."""
    traffic = simulated(pumps=60, hospitals=2, seed=1, start_ms=START_MS, behaviour=figures, busy=10)
    happened, told = [], []

    def watched():
        for record in traffic.records():
            if record[3] >= START_MS + hours * 60 * MINUTE_MS:
                return
            happened.append(record)
            yield record

    return happened, list(Delivery(network, seed, told.append).of(watched())), told


@pytest.fixture(scope="module")
def day(figures):
    """With ten silences a day, so that six hours hold some."""
    return delivered(figures, msgspec.structs.replace(figures.delivery, silences_per_day=10.0))


def test_power_events_come_5_to_185_s_late_and_out_of_order(day):
    """In order of arrival; half within 20 s, the last tenth after more than two minutes; some overtake others."""
    _, arrived, _ = day
    times = [record[3] for record in arrived]
    assert times == sorted(times)
    first = {}
    for topic, _, event, at_ms in arrived:
        if topic == topics.POWER:
            first.setdefault(event.id, at_ms - codec.ms(event.at))
    late = sorted(first.values())
    assert 5_000 <= late[0] < 6_000
    assert 180_000 < late[-1] <= 185_000
    assert late[len(late) // 2] < 20_000
    assert late[len(late) * 9 // 10] > 120_000
    seqs = defaultdict(list)
    for topic, pump, event, _ in arrived:
        if topic == topics.POWER:
            seqs[pump].append(event.seq)
    assert all(any(before > after for before, after in pairwise(numbers)) for numbers in seqs.values())


def test_some_events_come_twice_and_some_never(day, figures):
    """Within a third of the configured shares, silences apart; a repeated event is the same one, later."""
    happened, arrived, told = day
    silent = defaultdict(list)
    for truth in told:
        silent[truth.pump].append((codec.ms(truth.at), codec.ms(truth.until)))
    sent = {
        event.id
        for topic, pump, event, at_ms in happened
        if topic == topics.POWER and not any(start <= at_ms < end for start, end in silent[pump])
    }
    times = Counter(event.id for topic, _, event, _ in arrived if topic == topics.POWER)
    assert set(times) <= sent
    assert 1 - len(times) / len(sent) == pytest.approx(figures.delivery.lost, rel=0.35)
    assert sum(number == 2 for number in times.values()) / len(times) == pytest.approx(
        figures.delivery.repeated, rel=0.35
    )
    assert max(times.values()) == 2


def test_nothing_of_a_silent_pump_arrives(day):
    """The truth names each silence; the others of its unit go on."""
    _, arrived, told = day
    assert len(told) > 100
    assert all(isinstance(truth, SilenceTruth) for truth in told)
    spans = {(truth.pump, codec.ms(truth.at), codec.ms(truth.until)) for truth in told}
    heard = defaultdict(list)
    for topic, pump, event, _ in arrived:
        if topic == topics.POWER:
            heard[pump].append(codec.ms(event.at))
    for pump, start, end in spans:
        assert not any(start <= at < end for at in heard[pump])
    assert max(end - start for _, start, end in spans) > 20 * MINUTE_MS


def test_keystrokes_come_at_once(day):
    happened, arrived, _ = day
    keys = [record for record in happened if record[0] == topics.KEYSTROKES]
    assert keys
    assert [record for record in arrived if record[0] == topics.KEYSTROKES] == keys


def test_the_same_seed_delivers_the_same(figures):
    """Event by event and silence by silence; another seed does not."""
    runs = [delivered(figures, figures.delivery, seed=seed, hours=1) for seed in (5, 5, 6)]
    arrived = [[(event.id, at_ms) for _, _, event, at_ms in run[1]] for run in runs]
    assert arrived[0] == arrived[1] != arrived[2]
    assert runs[0][2] == runs[1][2]
