"""The dose agent: keystrokes to entries to what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import DoseScore, KeystrokeEvent
from schemas.topics import DOSE_SCORES, KEYSTROKES
from streams.agents.pump_events import PumpEventAgent
from streams.intent import parameters
from streams.intent.partition import DosePartition
from streams.intent.score import DoseScorer

if TYPE_CHECKING:
    from streams.agents.context import WorkerContext


class DoseAgent(PumpEventAgent):
    """Scores every committed dose entry; open entries hold the commit of their partition back."""

    name = "dose"
    topics = (KEYSTROKES,)
    holds = True
    source, output = KEYSTROKES, DOSE_SCORES
    event, derived = KeystrokeEvent, DoseScore

    def __init__(self, context: WorkerContext) -> None:
        super().__init__(context)
        path = context.settings.intent_parameters
        self._scorer = DoseScorer(parameters.load() if path is None else parameters.read(path), context.libraries)

    def decisions(self) -> DosePartition:
        """Decisions of a partition; all share one scorer and its caches."""
        return DosePartition(self._scorer)

    def hold(self, topic: str, partition: int) -> int | None:  # noqa: ARG002 (one topic)
        """First record of the oldest entry still open in the partition."""
        state = self.state(partition)
        return None if state is None else state.decisions.hold()
