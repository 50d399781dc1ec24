"""The alert agent: scores, episodes and people's actions to alert revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.codec import EventRefused, check_key
from schemas.events import Alert, AlertAction, DoseScore, PowerEpisode
from schemas.topics import ALERT_ACTIONS, ALERTS, DOSE_SCORES, POWER_EPISODES
from streams.agents.batch_agent import BatchAgent, unexpected
from streams.alerts.partition import AlertPartition
from streams.alerts.rules import load_rules

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

    from streams.agents.context import WorkerContext
    from streams.transport import Batch

EVENTS: dict[str, type[DoseScore | PowerEpisode | AlertAction]] = {
    DOSE_SCORES: DoseScore,
    POWER_EPISODES: PowerEpisode,
    ALERT_ACTIONS: AlertAction,
}


class AlertAgent(BatchAgent):
    """Keeps the alerts of each partition; they come back from the compacted alerts topic itself."""

    name = "alert"
    topics = (DOSE_SCORES, POWER_EPISODES, ALERT_ACTIONS)

    def __init__(self, context: WorkerContext) -> None:
        super().__init__(context)
        self._rules = load_rules()
        self._partitions: dict[int, AlertPartition] = {}
        self._applied: dict[tuple[str, int], int] = {}
        self._buried: dict[tuple[str, int], int] = {}

    def forget(self, partitions: set[tuple[str, int]]) -> None:
        """Drop what belongs to partitions that were taken away."""
        for topic, partition in partitions:
            if topic in EVENTS:
                self._partitions.pop(partition, None)
                self._applied.pop((topic, partition), None)
                self._buried.pop((topic, partition), None)

    async def take(self, batch: Batch) -> None:
        """Apply the records of a batch and send the alerts they lead to."""
        place = (batch.topic, batch.partition)
        if batch.partition not in self._partitions:
            self._partitions[batch.partition] = await self.restored(self._restore, batch.partition)
        if place not in self._buried:
            self._buried[place] = await self.restored(self.last_buried, *place)
        alerts, buried = self._partitions[batch.partition], self._buried[place]
        kind = EVENTS[batch.topic]
        for record, event in self.decoded(kind, batch.records, self._applied.get(place, -1), buried):
            self._apply(alerts, record, event, buried)
        self._applied[place] = batch.offset

    def _apply(
        self,
        alerts: AlertPartition,
        record: ConsumerRecord,
        event: DoseScore | PowerEpisode | AlertAction,
        buried: int,
    ) -> None:
        try:
            if isinstance(event, AlertAction):
                check_key(record.key, event.key)
                outcome = alerts.apply_action(event)
            elif isinstance(event, DoseScore):
                outcome = alerts.apply_score(event)
            else:
                outcome = alerts.apply_episode(event)
        except EventRefused as refusal:
            self.refuse(record, refusal, buried)
            return
        except Exception as error:  # noqa: BLE001 (one event must not stop a worker; it is kept and reported)
            self.refuse(record, unexpected(record, error), buried)
            return
        for index, alert in enumerate(outcome):
            self.publish(ALERTS, alert.fingerprint, alert, record, (record.offset, index))
        self.accept(record)

    def _restore(self, partition: int) -> AlertPartition:
        alerts = AlertPartition(self._rules, self.context.libraries)
        alerts.restore(alert for _, alert in self.published(Alert, self.readback.whole(ALERTS, partition)))
        return alerts
