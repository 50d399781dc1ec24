"""Turns a reading into metric families; names, labels and HELP texts are the catalogue's."""

from __future__ import annotations

from importlib.metadata import version
from itertools import product
from typing import TYPE_CHECKING, get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from schemas.events import AlertKind, Cause
from services.metrics.catalogue import load
from services.metrics.outcomes import by_drug, figures, top_drugs
from services.metrics.windows import ALL
from services.readmodel.alerts import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from services.metrics.catalogue import Family
    from services.metrics.reading import Reading
    from services.readmodel.progress import Pipeline

# Metric of the catalogue → figure of a rollup, and what it is multiplied by to come to base units.
ROLLUPS = {
    "pumpwatch_rollup_entries": ("entries", 1),
    "pumpwatch_rollup_overridden_entries": ("overridden", 1),
    "pumpwatch_rollup_cancelled_entries": ("cancelled", 1),
    "pumpwatch_rollup_soft_warning_entries": ("soft_warnings", 1),
    "pumpwatch_rollup_hard_warning_entries": ("hard_warnings", 1),
    "pumpwatch_rollup_suspect_entries": ("suspect", 1),
    "pumpwatch_rollup_error_entries": ("error", 1),
    "pumpwatch_rollup_given_up_entries": ("given_up", 1),
    "pumpwatch_rollup_battery_episodes": ("episodes", 1),
    "pumpwatch_rollup_battery_seconds": ("unplugged_minutes", 60),
    "pumpwatch_rollup_deep_discharge_episodes": ("deep_discharges", 1),
    "pumpwatch_rollup_low_alarm_episodes": ("low_alarms", 1),
    "pumpwatch_rollup_avoidable_low_alarm_episodes": ("avoidable_low_alarms", 1),
    "pumpwatch_rollup_infusing_seconds": ("infusing_minutes", 60),
    "pumpwatch_rollup_infusing_on_battery_seconds": ("battery_minutes", 60),
}
_Sample = tuple[str, tuple[str, ...], float]


def expose(reading: Reading) -> bytes:
    """The text that Prometheus scrapes."""
    registry = CollectorRegistry()
    registry.register(_Once(reading))
    return generate_latest(registry)


def samples(reading: Reading) -> Iterator[_Sample]:
    """Every sample of a reading: name, label values in the order of the catalogue, value in base units."""
    yield "pumpwatch_redis_up", (), reading.up
    yield "pumpwatch_read_model_read_seconds", (), reading.took_s
    yield "pumpwatch_build_info", (version("pumpwatch"),), 1
    for each in reading.fleet:
        # Zeros too: an alert rule must not lose its series when the last alert is resolved.
        for severity, kind in product(SEVERITIES, get_args(AlertKind)):
            count = reading.open_alerts.get((each.hospital, severity, kind), 0)
            yield "pumpwatch_alerts_open", (each.hospital, severity, kind), count
        yield "pumpwatch_pumps_online", (each.hospital,), each.online
        yield "pumpwatch_pumps_infusing", (each.hospital,), each.infusing
        yield "pumpwatch_pumps_on_battery", (each.hospital,), each.battery
    for (hospital, severity, kind), count in reading.open_alerts.items():
        if kind not in get_args(AlertKind):
            yield "pumpwatch_alerts_open", (hospital, severity, kind), count
    yield from _rollups(reading)
    if reading.pipeline is not None:
        yield from _pipeline(reading.pipeline, reading.at)


def _rollups(reading: Reading) -> Iterator[_Sample]:
    top = {hospital: top_drugs(reading.rollups[hospital, ALL].flagged_drugs) for hospital, _ in reading.rollups}
    for (hospital, window), sums in reading.rollups.items():
        for name, (figure, factor) in ROLLUPS.items():
            yield name, (hospital, window), getattr(sums.whole, figure) * factor
        for cause in get_args(Cause):
            yield "pumpwatch_rollup_cause_episodes", (hospital, window, cause), sums.whole.causes.get(cause, 0)
        for name, more, value in figures(sums.whole):
            yield f"pumpwatch_rollup_{name}", (hospital, window, *more), value
        for drug, of_drug in by_drug(sums.flagged_drugs, top[hospital]).items():
            for name, more, value in figures(of_drug):
                yield f"pumpwatch_rollup_drug_{name}", (hospital, drug, window, *more), value


def _pipeline(pipeline: Pipeline, now: float) -> Iterator[_Sample]:
    yield "pumpwatch_pipeline_ok", (), pipeline.ok
    yield "pumpwatch_pipeline_workers", (), len(pipeline.workers)
    yield "pumpwatch_pipeline_lag_records", (), pipeline.lag
    idle_s = pipeline.idle_s(now)
    if idle_s is not None:
        yield "pumpwatch_pipeline_progress_age_seconds", (), idle_s
    for worker in pipeline.workers:
        name = (worker.worker,)
        yield "pumpwatch_pipeline_worker_started_timestamp_seconds", name, worker.started_at
        yield "pumpwatch_pipeline_worker_partitions", name, worker.partitions
        yield "pumpwatch_pipeline_worker_records_total", name, worker.records
        yield "pumpwatch_pipeline_worker_dead_letters_total", name, worker.dead_letters
        yield "pumpwatch_pipeline_worker_lag_records", name, worker.lag
        yield "pumpwatch_pipeline_worker_waiting_seconds", name, worker.waiting_s
        yield "pumpwatch_pipeline_worker_progress_age_seconds", name, worker.idle_s(now)


class _Once(Collector):
    """A collector of one reading."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def collect(self) -> Iterable[Family]:
        """The families that have samples, in the order of the catalogue."""
        families = {name: metric.family(name) for name, metric in load().items() if metric.process == "metrics"}
        for name, labels, value in samples(self._reading):
            families[name].add_metric(labels, float(value))
        return [family for family in families.values() if family.samples]
