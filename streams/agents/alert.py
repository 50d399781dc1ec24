"""The alert agent: scores, episodes and people's actions to alert revisions."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from schemas.codec import EventRefused, check_key
from schemas.events import Alert, AlertAction, DoseScore, PowerEpisode
from schemas.topics import ALERT_ACTIONS, ALERTS, DOSE_SCORES, POWER_EPISODES
from streams.agents.batch_agent import BatchAgent, unexpected
from streams.alerts.partition import AlertPartition
from streams.rules_file import RulesFile

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

    from streams.agents.context import WorkerContext
    from streams.transport import Batch

# How often the rules file is looked at, and the clock of a partition to which nothing comes is moved on.
LOOK_EVERY_S = 1.0

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
        self._rules = RulesFile(context.settings.alert_rules)
        self._partitions: dict[int, AlertPartition] = {}
        self._heard: dict[int, float] = {}
        self._looked_at = time.monotonic()
        self._applied: dict[tuple[str, int], int] = {}
        self._buried: dict[tuple[str, int], int] = {}

    def forget(self, partitions: set[tuple[str, int]]) -> None:
        """Drop what belongs to partitions that were taken away."""
        for topic, partition in partitions:
            if topic in EVENTS:
                self._partitions.pop(partition, None)
                self._heard.pop(partition, None)
                self._applied.pop((topic, partition), None)
                self._buried.pop((topic, partition), None)

    async def take(self, batch: Batch) -> None:
        """Apply the records of a batch and send the alerts they lead to."""
        place = (batch.topic, batch.partition)
        if batch.partition not in self._partitions:
            restored = await self.restored(self._restore, batch.partition)
            restored.use(self._rules.rules)  # they may have changed meanwhile
            self._partitions[batch.partition] = restored
        if place not in self._buried:
            self._buried[place] = await self.restored(self.last_buried, *place)
        alerts, buried = self._partitions[batch.partition], self._buried[place]
        kind = EVENTS[batch.topic]
        for record, event in self.decoded(kind, batch.records, self._applied.get(place, -1), buried):
            self._apply(alerts, record, event, buried)
        self._applied[place] = batch.offset
        self._heard[batch.partition] = time.monotonic()

    def turn(self) -> None:
        """Take changed rules into use, and let time pass where nothing comes."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = now
        if self._rules.changed():
            for alerts in self._partitions.values():
                alerts.use(self._rules.rules)
        for partition, heard in self._heard.items():
            if now - heard < LOOK_EVERY_S:
                continue
            self._heard[partition] = now
            for alert in self._partitions[partition].elapse(timedelta(seconds=now - heard)):
                self.publish_unprompted(ALERTS, alert.fingerprint, alert, partition)

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
        alerts = AlertPartition(self._rules.rules, self.context.libraries)
        alerts.restore(alert for _, alert in self.published(Alert, self.readback.whole(ALERTS, partition)))
        return alerts
