from collections.abc import Callable

import pytest

from schemas.events import DoseScore
from schemas.library import Library, load_default
from streams.intent import parameters
from streams.intent.partition import DosePartition
from streams.intent.score import DoseScorer
from tests.made_events import entry, keys


@pytest.fixture(scope="session")
def library() -> Library:
    return Library(load_default())


@pytest.fixture(scope="session")
def scorer(library) -> DoseScorer:
    return DoseScorer(parameters.load(), lambda _hospital: library)


@pytest.fixture
def partition(scorer) -> DosePartition:
    return DosePartition(scorer)


@pytest.fixture
def judge(scorer) -> Callable[..., DoseScore]:
    """Score one entry by itself: what was typed, at which intervals in ms (380 each if not said), and its context."""

    def score(typed: str, gaps: list[int] | None = None, **context) -> DoseScore:
        pressed = keys(typed)
        if gaps is not None:
            times = [sum(gaps[:place]) for place in range(len(typed))]
            pressed = [type(key)(k=key.k, t=at) for key, at in zip(pressed, times, strict=True)]
        return DosePartition(scorer).apply(entry("p1", 1, typed, **{"keys": pressed, **context}), 0)[0]

    return score
