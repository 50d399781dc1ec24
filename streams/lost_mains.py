"""Episodes of all partitions as they are published: what a worker must know of the pumps of other workers."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from confluent_kafka import OFFSET_END, TopicPartition

from schemas.codec import EventRefused, decode
from schemas.events import PowerEpisode
from schemas.topics import POWER_EPISODES
from streams.following import TopicFollower

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluent_kafka import Message

# A power failure is known from episodes that began in the same seconds, and what is usual in a unit from a few hours.
READ_BACK_S = 3 * 3600
TIMEOUT_S = 10.0
# More than a fleet of a million publishes in ten minutes; what is not fetched in time is let go.
MOST_WAITING = 100_000


class EpisodeFollower(TopicFollower):
    """Hands published episodes over to whoever fetches them, oldest first, from a few hours ago on."""

    topic = POWER_EPISODES
    what = "episodes"

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        self._waiting: deque[PowerEpisode] = deque(maxlen=MOST_WAITING)

    def fetch(self) -> PowerEpisode | None:
        """The next episode, if one waits; for one thread other than the follower's."""
        return self._waiting.popleft() if self._waiting else None

    def take(self, message: Message) -> None:
        """Keep an episode; what this version cannot read is reported by the agents."""
        raw = message.value()
        if not raw:
            return
        try:
            self._waiting.append(decode(PowerEpisode, raw if isinstance(raw, bytes) else raw.encode()))
        except EventRefused:
            return

    def begin(self, partitions: list[int]) -> list[TopicPartition]:
        """From the first record of the last hours on."""
        since = round((time.time() - READ_BACK_S) * 1000)
        wanted = [TopicPartition(self.topic, number, since) for number in partitions]
        found = self._consumer.offsets_for_times(wanted, TIMEOUT_S)
        return [
            TopicPartition(self.topic, place.partition, place.offset if place.offset >= 0 else OFFSET_END)
            for place in found
        ]
