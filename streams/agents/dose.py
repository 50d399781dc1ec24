"""The dose agent: keystrokes to entries to what was meant, and what is learned from how entries ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import DoseScore, KeystrokeEvent
from schemas.topics import DOSE_SCORES, INTENT_STATE, KEYSTROKES
from streams.agents.learning import LearningHere
from streams.agents.pump_events import PumpEventAgent
from streams.intent import parameters, priors
from streams.intent.partition import DosePartition
from streams.intent.score import DoseScorer
from streams.positions import read_position

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import Message

    from schemas.library import Library
    from streams.agents.context import WorkerContext
    from streams.agents.pump_events import PartitionState
    from streams.intent.learned import Learned
    from streams.learned_states import Furthest
    from streams.settings import Settings

# Longer than a broker takes that is there; one that is away is not waited for when the worker stops.
LAST_WORDS_S = 2.0
# What a crash kept from Redis was published in its last moments.
SHOWN_AGAIN = 1000


class DoseAgent(PumpEventAgent):
    """Scores every committed dose entry; open entries hold the commit of their partition back."""

    name = "dose"
    topics = (KEYSTROKES,)
    holds = True
    source, output = KEYSTROKES, DOSE_SCORES
    event, derived = KeystrokeEvent, DoseScore

    def __init__(self, context: WorkerContext) -> None:
        super().__init__(context)
        settings = context.settings
        self.learning: LearningHere | None = None
        if settings.intent_learning != "off":
            self.learning = LearningHere(settings, self.outbox, context.metrics)
        self._scorer = scorer(settings, context.libraries, None if self.learning is None else self.learning.learned)
        self._taught: dict[int, list[Furthest]] = {}

    def decisions(self, partition: int) -> DosePartition:
        """Decisions of a partition; all share one scorer and its caches."""
        teacher = None if self.learning is None else self.learning.teacher(self.context.libraries, partition)
        return DosePartition(self._scorer, teacher)

    def restore(self, partition: int, first_offset: int) -> PartitionState:
        """The state of a partition from its published scores, and what it taught so far."""
        if self.learning is not None:
            self._taught[partition] = self.learning.read(partition, self.readback.whole(INTENT_STATE, partition))
        return super().restore(partition, first_offset)

    async def restored_here(self, partition: int, state: PartitionState) -> None:
        """Learned counts belong to the event loop: they are taken up here, then what was scored after them."""
        if self.learning is not None:
            await self.learning.take_up(partition, self._taught.pop(partition, []))
            state.decisions.teach_restored()

    def derived_from(self, offset: int, derived: DoseScore) -> None:
        """Show the entry in Redis."""
        self.context.recent_entries.note(offset, derived)

    def read_back(self, tail: list[Message]) -> None:
        """Show the last entries in Redis once more: the worker before may have ended with them in its hands."""
        for message, score in self.published(DoseScore, tail[-SHOWN_AGAIN:]):
            if (found := read_position(message.headers())) is not None:
                self.context.recent_entries.note(found[1][0], score)

    def forget(self, partitions: set[tuple[str, int]]) -> None:
        """Drop the state of partitions that were taken away, and tell what they taught."""
        if self.learning is not None:
            self.learning.let_go(number for topic, number in partitions if topic == self.source)
            self.outbox.flush(LAST_WORDS_S)  # before another worker reads it back
        super().forget(partitions)

    def turn(self) -> None:
        """Hear and tell what was learned."""
        if self.learning is not None:
            self.learning.turn()

    def close(self) -> None:
        """Tell what was learned, as far as Kafka is there."""
        if self.learning is not None:
            self.learning.close()
            self.outbox.flush(LAST_WORDS_S)
        super().close()

    def hold(self, topic: str, partition: int) -> int | None:  # noqa: ARG002 (one topic)
        """First record of the oldest entry still open in the partition."""
        state = self.state(partition)
        return None if state is None else state.decisions.hold()


def scorer(settings: Settings, libraries: Callable[[str], Library], learned: Learned | None) -> DoseScorer:
    """The scorer by the settings. Raises ParametersError or PriorsError with the field at fault."""
    own, fitted = settings.intent_parameters, settings.intent_priors
    return DoseScorer(
        parameters.load() if own is None else parameters.read(own),
        libraries,
        None if fitted is None else priors.read(fitted),
        learned,
    )
