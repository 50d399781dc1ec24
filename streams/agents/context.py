"""What every agent of a worker shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.libraries import Libraries
    from streams.maintenance import Maintenance
    from streams.settings import Settings
    from streams.sink import ReadModel
    from streams.sink.entries import RecentEntries
    from streams.sink.live import LivePumps
    from streams.worker_metrics import WorkerMetrics


@dataclass(frozen=True)
class WorkerContext:
    """Settings, what every worker reads whole, read models, metrics, and how to tell that it must let go of its work.

    `at_end` tells the partitions of a topic that are read to their end and finished, and the offset of what comes next.
    """

    settings: Settings
    libraries: Libraries
    maintenance: Maintenance
    read_model: ReadModel
    live_pumps: LivePumps
    recent_entries: RecentEntries
    metrics: WorkerMetrics
    letting_go: Callable[[], bool]
    at_end: Callable[[str], dict[int, int]]
