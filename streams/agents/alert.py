"""The alert agent: scores, episodes and people's actions to alert revisions."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from schemas.codec import EventRefused, check_key, from_ms
from schemas.events import Alert, AlertAction, DoseScore, PowerEpisode
from schemas.topics import ALERT_ACTIONS, ALERTS, DOSE_SCORES, POWER_EPISODES
from streams.agents.batch_agent import BatchAgent, unexpected
from streams.alerts.partition import AlertPartition
from streams.rules_file import RulesFile

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

    from streams.agents.context import WorkerContext
    from streams.transport import Batch

# How often the rules file is looked at, and whether time alone has changed an alert.
LOOK_EVERY_S = 1.0
LAST_WORDS_S = 2.0

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
        self._windows = context.maintenance.windows
        self._partitions: dict[int, AlertPartition] = {}
        self._applied: dict[tuple[str, int], int] = {}
        self._buried: dict[tuple[str, int], int] = {}
        self._looked_at = time.monotonic()
        self._restores = asyncio.Lock()
        self._forgotten = 0
        self._waking: asyncio.Task[None] | None = None

    def forget(self, partitions: set[tuple[str, int]]) -> None:
        """Drop what belongs to partitions that were taken away."""
        self._forgotten += 1
        for topic, partition in partitions:
            if topic in EVENTS:
                self._partitions.pop(partition, None)
                self._applied.pop((topic, partition), None)
                self._buried.pop((topic, partition), None)
        self.outbox.flush(LAST_WORDS_S)  # before another worker reads it back

    async def take(self, batch: Batch) -> None:
        """Apply the records of a batch and send the alerts they lead to."""
        place = (batch.topic, batch.partition)
        async with self._restores:
            alerts = self._partitions.get(batch.partition)
            if alerts is None:
                alerts = self._partitions[batch.partition] = await self._restored_alerts(batch.partition)
        if place not in self._buried:
            self._buried[place] = await self.restored(self.last_buried, *place)
        buried = self._buried[place]
        kind = EVENTS[batch.topic]
        for record, event in self.decoded(kind, batch.records, self._applied.get(place, -1), buried):
            self._apply(alerts, record, event, buried)
        self._applied[place] = batch.offset

    def turn(self) -> None:
        """Take changed rules and maintenance windows into use, and let time pass where all that came was applied."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = now
        if self._rules.changed():
            for alerts in self._partitions.values():
                alerts.use(self._rules.rules)
        self._plan()
        if not self.outbox.crowded:
            self.wait()

    def _plan(self) -> None:
        windows = self.context.maintenance.windows
        if windows is not self._windows:
            self._windows = windows
            for alerts in self._partitions.values():
                alerts.plan(windows)

    def wait(self) -> None:
        """Publish what time alone has changed; a partition that nothing came from yet is restored first."""
        if self._waking is not None and self._waking.done():
            self._waking.result()  # what failed there ends the worker, as it would in a batch
            self._waking = None
        now = from_ms(time.time_ns() // 1_000_000)
        ends = [set(self.context.at_end(topic)) for topic in self.topics]
        for partition in sorted(set.intersection(*ends)):
            alerts = self._partitions.get(partition)
            if alerts is not None:
                for alert in alerts.wait(now):
                    self.publish_unprompted(ALERTS, alert.fingerprint, alert, partition)
            elif self._waking is None:
                self._waking = asyncio.get_running_loop().create_task(self.wake(partition))

    async def wake(self, partition: int) -> None:
        """Restore a partition that nothing came from yet."""
        async with self._restores:
            if partition in self._partitions:
                return
            forgotten = self._forgotten
            alerts = await self._restored_alerts(partition)
            if forgotten == self._forgotten:  # else it may have been taken away meanwhile
                self._partitions[partition] = alerts

    def _apply(
        self,
        alerts: AlertPartition,
        record: ConsumerRecord,
        event: DoseScore | PowerEpisode | AlertAction,
        buried: int,
    ) -> None:
        arrived = from_ms(record.timestamp) if record.timestamp >= 0 else None
        try:
            if isinstance(event, AlertAction):
                check_key(record.key, event.key)
                outcome = alerts.apply_action(event)
            elif isinstance(event, DoseScore):
                outcome = alerts.apply_score(event, arrived)
            else:
                outcome = alerts.apply_episode(event, arrived)
        except EventRefused as refusal:
            self.refuse(record, refusal, buried)
            return
        except Exception as error:  # noqa: BLE001 (one event must not stop a worker; it is kept and reported)
            self.refuse(record, unexpected(record, error), buried)
            return
        for index, alert in enumerate(outcome):
            self.publish(ALERTS, alert.fingerprint, alert, record, (record.offset, index))
        self.accept(record)

    async def _restored_alerts(self, partition: int) -> AlertPartition:
        alerts = await self.restored(self._restore, partition)
        alerts.use(self._rules.rules)  # they may have changed meanwhile
        alerts.plan(self._windows)
        return alerts

    def _restore(self, partition: int) -> AlertPartition:
        alerts = AlertPartition(self._rules.rules, self.context.libraries)
        alerts.restore(alert for _, alert in self.published(Alert, self.readback.whole(ALERTS, partition)))
        return alerts
