"""The worker's own metrics: each with its meaning, base units, and no pump in any label."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for every counter that no rule of ours reads


class WorkerMetrics:
    """Metrics of one worker process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.records = Counter(
            "pumpwatch_worker_records", "Records taken, by agent and topic.", ["agent", "topic"], registry=self.registry
        )
        self.published = Counter(
            "pumpwatch_worker_published", "Records published, by topic.", ["topic"], registry=self.registry
        )
        self.dead_letters = Counter(
            "pumpwatch_worker_dead_letters",
            "Records refused and sent to the dead-letter topic, by topic and error class.",
            ["topic", "error_class"],
            registry=self.registry,
        )
        self.batch_seconds = Histogram(
            "pumpwatch_worker_batch_seconds",
            "Time from taking a batch until its effects are confirmed, by agent.",
            ["agent"],
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
            registry=self.registry,
        )
        self.lag = Gauge(
            "pumpwatch_worker_lag_records", "Records not yet committed, by topic.", ["topic"], registry=self.registry
        )
        self.last_progress = Gauge(
            "pumpwatch_worker_last_progress_timestamp_seconds",
            "Unix time at which a batch was last finished, by agent.",
            ["agent"],
            registry=self.registry,
        )
        self.waiting = Gauge(
            "pumpwatch_worker_waiting_seconds",
            "Seconds the oldest delivered batch has waited; 0 when nothing waits.",
            registry=self.registry,
        )
        self.partitions = Gauge(
            "pumpwatch_worker_partitions_assigned", "Topic partitions this worker reads.", registry=self.registry
        )
        self.learned = Gauge(
            "pumpwatch_worker_learned_drugs",
            "Drugs, by hospital and unit, that this worker knows learned counts of.",
            registry=self.registry,
        )
        self.redis_up = Gauge(
            "pumpwatch_worker_redis_up", "1 while writes to Redis succeed, else 0.", registry=self.registry
        )
        self.redis_up.set(1)
