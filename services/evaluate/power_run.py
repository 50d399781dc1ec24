"""One evaluation of power: a simulated fleet heard by the stream's own code and, beside it, by a simple rule."""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING

from msgspec import Struct

from services.evaluate.power_empty import EmptyError, EmptyErrors
from services.evaluate.power_habit import HabitScore, habits_told
from services.evaluate.power_rule import GaugeSlopeRule
from services.evaluate.power_score import PowerScore, score
from services.evaluate.power_stream import Stream
from services.evaluate.power_world import START_MS, World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.evaluate.power_told import Contender

_TELL_EVERY = 20_000  # events


class Judged(Struct, frozen=True):
    """One contender's figures; seconds of CPU are of hearing alone."""

    score: PowerScore
    empty: dict[str, dict[str, EmptyError]]
    habits: HabitScore
    refused: int
    us_per_event: float


class PowerEvaluation(Struct, frozen=True):
    """What was simulated, and how the stream's code and the simple rule did."""

    seed: int
    pumps: int
    days: float
    busy: float
    events: int
    stretches: int
    depletions: int
    worn: int
    stream: Judged
    rule: Judged


def judge(
    world: World, contenders: Sequence[Contender], on_progress: Callable[[float], None] | None = None
) -> tuple[list[Judged], int]:
    """Let all hear the same world; their figures in order, and how many events they heard."""
    errors = [EmptyErrors() for _ in contenders]
    spent = [0.0] * len(contenders)
    events = 0
    health = world.ledger.health
    for heard in world.heard():
        events += 1
        for place, contender in enumerate(contenders):
            before = process_time()
            contender.hear(heard)
            spent[place] += process_time() - before
            if heard.left is not None:
                errors[place].hear(heard, health[heard.event.pump], contender.told)
        if on_progress and events % _TELL_EVERY == 0:
            on_progress((heard.arrival_ms - START_MS) / (world.end_ms - START_MS))
    return [
        Judged(
            score(world.ledger, contender.told, world.end_ms),
            error.summary(),
            habits_told(contender.told, world.hours, world.habit),
            contender.told.refused,
            round(seconds / max(events, 1) * 1e6, 2),
        )
        for contender, error, seconds in zip(contenders, errors, spent, strict=True)
    ], events


def evaluate(
    *, pumps: int, days: float, seed: int, busy: float, on_progress: Callable[[float], None] | None = None
) -> PowerEvaluation:
    """Run it; `on_progress` hears how much of the time has passed, 0..1."""
    world = World(pumps, days, seed, busy)
    (stream, rule), events = judge(world, (Stream(), GaugeSlopeRule()), on_progress)
    return PowerEvaluation(
        seed=seed,
        pumps=pumps,
        days=days,
        busy=busy,
        events=events,
        stretches=len(world.ledger.stretches),
        depletions=sum(bool(one.depleted) for one in world.ledger.stretches),
        worn=stream.score.worn_found.of,
        stream=stream,
        rule=rule,
    )
