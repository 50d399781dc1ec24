"""From entries to figures: what nurses do with flagged entries, as rollups and as metrics, across restarts."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.codec import decode, encode
from schemas.events import Commit, DoseScore, Rollup
from schemas.library import Library, load_default
from services.metrics.outcomes import figures
from services.metrics.windows import RollupWindows
from streams.intent import parameters
from streams.intent.partition import DosePartition
from streams.intent.score import DoseScorer
from streams.rollups.partition import RollupPartition, rollup_key
from tests.made_events import entry, keys
from tests.made_read_model import store_rollups

STARTED = datetime(2026, 11, 23, 8, 50, tzinfo=UTC)
# Pump, minute, what is typed, and whether it is cancelled: 55 is 5 with a key that bounced.
DONE = [
    ("caught", 0, "55", False),
    ("stood", 1, "55", False),
    ("otherwise", 2, "55", False),
    ("undecided", 3, "55", False),
    ("given up", 4, "55", True),
    ("fine", 5, "6", False),
    ("otherwise", 9, "20", False),
    ("caught", 15, "5", False),
    ("stood", 60, "60", False),
]
WANTED = {
    "caught_entries": 1,
    "corrected_entries": 2,
    "stood_entries": 1,
    "undecided_entries": 1,
    "precision_ratio": pytest.approx(1 / 3),
    "precision_low_ratio": pytest.approx(0.0615, abs=1e-4),
    "precision_high_ratio": pytest.approx(0.7923, abs=1e-4),
}


def scored() -> list[tuple[DoseScore, tuple[int, int]]]:
    """Every score with its position."""
    library = Library(load_default())
    partition = DosePartition(DoseScorer(parameters.load(), lambda _hospital: library))
    scores = []
    values: dict[str, float] = {}
    for offset, (pump, minute, typed, cancelled) in enumerate(DONE):
        event = entry(
            pump,
            offset,
            typed,
            STARTED + timedelta(minutes=minute),
            previous=values.get(pump, 5.0),
            keys=keys(typed, pace_ms=40 if typed == "55" else 380),
            commit=Commit(action="cancel" if cancelled else "confirm", value=float(typed)),
        )
        values[pump] = float(typed)
        scores += [(score, (offset, index)) for index, score in enumerate(partition.apply(event, offset))]
    return scores


def told(rollups: RollupPartition, topic: dict[str, Rollup]) -> None:
    """Publish what changed, as it stands in the compacted topic."""
    topic |= {rollup_key(each): decode(Rollup, encode(each)) for each in rollups.take_changed()}


async def measured(redis, topic: dict[str, Rollup]) -> dict[str, float]:
    """The figures of the hospital and, which must be the same, of its only drug; and avoided harm by grade."""
    await store_rollups(redis, *topic.values())
    now = (STARTED + timedelta(hours=2)).timestamp()
    sums = (await RollupWindows(redis).read(["st-test"], now))["st-test", "24h"]
    whole = {"/".join((name, *more)): value for name, more, value in figures(sums.whole)}
    assert {"/".join((name, *more)): value for name, more, value in figures(sums.flagged_drugs["norepinephrine"])} == (
        whole
    )
    return whole


async def test_what_nurses_did_is_told_in_figures(redis):
    """One catch, one correction to another value, one false alarm, one undecided, one given up."""
    rollups, topic = RollupPartition(3), {}
    scores = scored()
    for score, position in scores:
        rollups.apply_score(score, position)
    told(rollups, topic)
    found = await measured(redis, topic)
    assert {name: found[name] for name in WANTED} == WANTED
    [caught] = [score for score, _ in scores if score.caught]
    harm = {name: value for name, value in found.items() if name.startswith("avoided_harm")}
    assert {name for name, value in harm.items() if value} == {f"avoided_harm_entries/{caught.harm}"}
    assert sum(harm.values()) == 1
    first, *later = sorted(topic.values(), key=lambda rollup: rollup.hour)
    assert (first.hour.hour, first.entries, first.given_up, first.caught, first.stood) == (8, 7, 1, 1, 1)
    assert [(rollup.hour.hour, rollup.entries, rollup.error + rollup.suspect) for rollup in later] == [(9, 2, 0)]


@pytest.mark.parametrize("crash", range(1, 12))
async def test_a_restart_anywhere_counts_no_outcome_twice(redis, crash):
    """A worker dies after any score; its successor reads the last three again."""
    scores, topic = scored(), {}
    lost = RollupPartition(3)
    for score, position in scores[:crash]:
        lost.apply_score(score, position)
        told(lost, topic)
    successor = RollupPartition(3)
    successor.restore(topic.values())
    for score, position in scores[max(crash - 3, 0) :]:
        successor.apply_score(score, position)
        told(successor, topic)
    found = await measured(redis, topic)
    assert {name: found[name] for name in WANTED} == WANTED
