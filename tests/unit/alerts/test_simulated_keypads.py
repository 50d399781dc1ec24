"""Simulated pumps of which some have a keypad that bounces: keys to scores to alerts, with the stream's own code."""

from collections import Counter
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from schemas.library import Library, load_default
from schemas.topics import KEYSTROKES
from services.pumps import behaviour
from services.pumps.simulator import simulated
from services.pumps.truth import PumpTruth
from streams.alerts.partition import AlertPartition
from streams.alerts.rules import load_rules
from streams.intent import parameters
from streams.intent.partition import DosePartition
from streams.intent.score import DoseScorer
from tests.unit.pumps.conftest import START_MS

HOUR_MS = 3_600_000


class Watched(NamedTuple):
    """Entries of each pump, pumps with a bouncing digit keypad, and who was accused after how many of its entries."""

    entries: Counter[str]
    faulty: set[str]
    accused: dict[str, int]


def watched(*, hours: float, taken_back: float, slip_rate: float | None = None) -> Watched:
    """16 pumps; `taken_back` is the share of entries with a wrong key that the nurse sees at once."""
    figures = behaviour.load()
    slips = replace(figures.slips, faulty_keypads=0.25, corrected_while_typing=taken_back)
    models = {"alaris_8015": 0.5, "spectrum": 0.5}  # a chevron has no digits that bounce
    figures = replace(figures, slips=slips, fleet=replace(figures.fleet, models=models))
    library = Library(load_default())
    scores = DosePartition(DoseScorer(parameters.load(), lambda _hospital: library))
    alerts = AlertPartition(load_rules())
    truths = []
    seen = Watched(Counter(), set(), {})
    traffic = simulated(
        pumps=16, hospitals=2, seed=4, start_ms=START_MS, behaviour=figures, slip_rate=slip_rate, busy=10,
        tell=truths.append,
    )  # fmt: skip
    for offset, (topic, pump, event, at_ms) in enumerate(traffic.records()):
        if at_ms > START_MS + hours * HOUR_MS:
            break
        if topic != KEYSTROKES:
            continue
        for score in scores.apply(event, offset):
            seen.entries[pump] += score.revision == 1
            for alert in alerts.apply_score(score):
                if alert.kind == "keypad_fault":
                    seen.accused.setdefault(alert.pump, seen.entries[pump])
    seen.faulty.update(truth.pump for truth in truths if isinstance(truth, PumpTruth) and truth.faulty_keypad)
    return seen


@pytest.mark.parametrize(
    ("taken_back", "slip_rate"), [(0.05, 0.0), (0.0, 0.06)], ids=["corrected at once", "committed"]
)
def test_faulty_keypads_are_found_and_no_sound_one_is_accused(taken_back, slip_rate):
    """Whether the nurse sees each bounce and takes it back, or it goes through: the keys tell.

    A faulty keypad here bounces in 7.5% (5% times 5, 3 in 10 of them bounces) or 9% of its entries.
    """
    seen = watched(hours=100, taken_back=taken_back, slip_rate=slip_rate)
    assert len(seen.faulty) == 4
    assert seen.accused.keys() <= seen.faulty
    assert len(seen.accused) >= 3
    assert max(seen.accused.values()) < 300
    assert sum(seen.entries.values()) > 4000
