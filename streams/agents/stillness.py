"""For how long nothing has come in a partition, though all that there is was read.

Only such time may pass for the pumps: while Kafka, the worker or its partitions are away, nobody knows what they say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Looks further apart than this saw nothing of what was between them: the process stood still.
MOST_BETWEEN_S = 20.0


class Stillness:
    """Of the partitions of one topic, by looks at those that are read to their end."""

    def __init__(self) -> None:
        self._since: dict[int, tuple[int, float]] = {}
        self._looked_s = 0.0

    def look(self, at_end: Mapping[int, int], now_s: float) -> dict[int, float]:
        """For how many seconds each of these partitions was at its end, at the same offset, at every look."""
        if now_s - self._looked_s > MOST_BETWEEN_S:
            self._since.clear()
        self._looked_s = now_s
        since = {}
        for partition, offset in at_end.items():
            before = self._since.get(partition)
            since[partition] = before if before is not None and before[0] == offset else (offset, now_s)
        self._since = since
        return {partition: now_s - began_s for partition, (_, began_s) in since.items()}
