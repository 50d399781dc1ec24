"""What an operator asks: does everything make progress, where does it wait, what was refused."""

from __future__ import annotations

from deploy.grafana.source.frame import Page, Section
from deploy.grafana.source.palette import BAD, GOOD, PLAIN, WATCH
from deploy.grafana.source.panels import ONE_IS_GOOD, SECONDS, by_label, number, over_time, yes_or_no
from deploy.grafana.source.queries import Query, increase, quantile, rate, total

PER_SECOND = "suffix: records/s"
COUNT = "locale"
# The metrics catalogue says from where on each needs a look.
_AGE_STEPS = ((None, GOOD), (60, WATCH))
_WAITING_STEPS = ((None, PLAIN), (30, BAD))
_SILENT = "no worker is heard"

_now = (
    yes_or_no(
        "Making progress",
        "Yes while workers are heard and all of them make progress.",
        Query("Progress", total("pumpwatch_pipeline_ok")),
        none="Redis or the metrics service is away",
    ),
    yes_or_no(
        "Redis answers",
        "Yes while the metrics service can read the read model.",
        Query("Redis", total("pumpwatch_redis_up")),
        none="the metrics service is away",
    ),
    number(
        "Workers",
        "Stream workers that are heard.",
        Query("Workers", total("pumpwatch_pipeline_workers")),
        unit=COUNT,
        steps=ONE_IS_GOOD,
        none=_SILENT,
    ),
    number(
        "Lag",
        "Records not committed yet, over all workers and topics.",
        Query("Records", total("pumpwatch_pipeline_lag_records")),
        unit=COUNT,
        none=_SILENT,
    ),
    number(
        "Since the last batch",
        "Time since any worker finished a batch.",
        Query("Time", total("pumpwatch_pipeline_progress_age_seconds")),
        unit=SECONDS,
        steps=_AGE_STEPS,
        none=_SILENT,
    ),
    number(
        "Refused",
        "Records that went to a dead-letter topic in the time that the dashboard shows.",
        Query("Records", increase("pumpwatch_pipeline_worker_dead_letters_total")),
        unit=COUNT,
        steps=((None, GOOD), (0.5, WATCH)),
        none=_SILENT,
    ).decimals(0),  # an increase is extrapolated to the ends of the time
)

_finished = over_time(
    "Records finished by worker",
    "Records of all topics that a worker reads.",
    Query("{{worker}}", rate("pumpwatch_pipeline_worker_records_total", by="worker")),
    unit=PER_SECOND,
    none=_SILENT,
)
_lag = over_time(
    "Lag by worker",
    "Records of a worker's partitions that wait at each moment.",
    Query("{{worker}}", total("pumpwatch_pipeline_worker_lag_records", by="worker")),
    unit=COUNT,
    none=_SILENT,
)
_waiting = over_time(
    "Oldest batch by worker",
    "How long the oldest batch has waited to be finished.",
    Query("{{worker}}", total("pumpwatch_pipeline_worker_waiting_seconds", by="worker")),
    unit=SECONDS,
    steps=_WAITING_STEPS,
    none=_SILENT,
)
_age = over_time(
    "Since the last batch by worker",
    "Read it beside the lag.",
    Query("{{worker}}", total("pumpwatch_pipeline_worker_progress_age_seconds", by="worker")),
    unit=SECONDS,
    none=_SILENT,
)
_workers = by_label(
    "Each worker",
    "A worker is called by its host and process, so a new name is a new start.",
    "worker",
    Query("Partitions", total("pumpwatch_pipeline_worker_partitions", by="worker")),
    Query("Lag", total("pumpwatch_pipeline_worker_lag_records", by="worker")),
    Query("Refused", total("pumpwatch_pipeline_worker_dead_letters_total", by="worker")),
    Query("Up for", f"time() - {total('pumpwatch_pipeline_worker_started_timestamp_seconds', by='worker')}", SECONDS),
    none=_SILENT,
)
_versions = by_label(
    "Versions",
    "How many metrics services run each version; two at once are an upgrade that is under way.",
    "version",
    Query("Services", "count by (version) (pumpwatch_build_info)"),
    none="the metrics service is away",
)

_taken = over_time(
    "Records taken by agent",
    "The agents of all workers together.",
    Query("{{agent}}", rate("pumpwatch_worker_records_total", by="agent")),
    unit=PER_SECOND,
    none="no worker is scraped",
)
_published = over_time(
    "Records published by topic",
    "Scores, episodes, alerts, rollups and what was learned.",
    Query("{{topic}}", rate("pumpwatch_worker_published_total", by="topic")),
    unit=PER_SECOND,
    none="nothing was published",
)
_batch = over_time(
    "Time of a batch by agent",
    "Median and 99th percentile, interpolated within the histogram's buckets.",
    Query("{{agent}}, median", quantile(0.5, "pumpwatch_worker_batch_seconds", "agent")),
    Query("{{agent}}, 99 %", quantile(0.99, "pumpwatch_worker_batch_seconds", "agent")),
    unit=SECONDS,
    none="no batch in this time",
)
_topic_lag = over_time(
    "Lag by topic",
    "Records of each topic that the workers have not committed yet.",
    Query("{{topic}}", total("pumpwatch_worker_lag_records", by="topic")),
    unit=COUNT,
    none="no worker is scraped",
)
_refused = over_time(
    "Records refused by topic and reason",
    "Empty is good: there is no line before a first refusal.",
    Query("{{topic}}: {{error_class}}", rate("pumpwatch_worker_dead_letters_total", by="topic, error_class")),
    unit=PER_SECOND,
    none="nothing was refused",
)
_agents = over_time(
    "Since the last batch by agent",
    "Time since any worker's agent of that name finished a batch.",
    Query("{{agent}}", "time() - max by (agent) (pumpwatch_worker_last_progress_timestamp_seconds)"),
    unit=SECONDS,
    none="no batch yet",
)
_redis = over_time(
    "Writing to and reading from Redis",
    "Workers that write to Redis, and how long the metrics service took to read from it.",
    Query("Workers that write", total("pumpwatch_worker_redis_up")),
    Query("Time to read", total("pumpwatch_read_model_read_seconds"), SECONDS),
    unit=COUNT,
    none="nothing is scraped",
)
_learned = over_time(
    "Drugs with learned counts",
    "By hospital and unit; each worker follows what all others learned, so the least is what all of them know.",
    Query("Least of all workers", "min(pumpwatch_worker_learned_drugs)"),
    Query("Most", "max(pumpwatch_worker_learned_drugs)"),
    unit=COUNT,
    none="no worker is scraped",
)

PAGE = Page(
    uid="pumpwatch-pipeline",
    title="Pipeline",
    purpose="Whether the stream makes progress, where it waits and what it refused. Kafka holds whatever waits: "
    "nothing is lost while a worker or Redis is away.",
    since="now-3h",
    refresh="10s",
    sections=(
        Section("Now", (_now,)),
        Section("Workers", ((_finished, _lag), (_waiting, _age), (_workers, _versions))),
        Section("Agents and topics", ((_taken, _published), (_batch, _topic_lag), (_refused, _agents))),
        Section("Redis and learning", ((_redis, _learned),)),
    ),
    by_hospital=False,
)
