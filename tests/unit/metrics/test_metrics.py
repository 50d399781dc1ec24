"""The metrics text: complete, correct, in base units, without pumps, and accepted by promtool."""

import re
import subprocess
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.metrics.app import Metrics
from services.metrics.catalogue import load
from services.metrics.reading import Reader
from streams.worker_metrics import WorkerMetrics
from tests.made_read_model import alert, beat, hear, rollup, store, store_rollups
from tests.servers.kafka import require


async def _scrape(metrics: Metrics, path: str = "/metrics", **headers: str | bytes) -> httpx.Response:
    transport = httpx.ASGITransport(metrics.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://metrics") as client:
        return await client.get(path, headers=headers)


def _samples(text: str) -> dict[tuple[str, ...], float]:
    """Samples by name and label values in the order of the label names."""
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _promtool(text: bytes) -> tuple[int, bytes]:
    require("promtool", "prometheus")
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    return checked.returncode, checked.stdout + checked.stderr


@pytest.fixture
async def filled(redis, redis_url):
    """A read model with two hospitals, alerts, pumps, rollups and a worker."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    await hear(redis, "North", "N1", "online", "infusing", "battery")
    await hear(redis, "North", "N2", "online")
    await hear(redis, 'St. "Anna"\\\n', "S1", "online")
    await store(
        redis,
        alert("a"),
        alert("b", severity="warning", state="acknowledged"),
        alert("c", severity="warning", kind="unplugged_infusion"),
        alert("d", state="resolved"),
    )
    await store_rollups(
        redis,
        rollup("North", hour, 0, entries=10, overridden=3, error=1, corrected=1, caught=1, avoided_harm={"high": 1}),
        rollup("North", hour, 1, entries=5, suspect=2, stood=1, soft_warnings=4, hard_warnings=1, cancelled=2),
        rollup("North", hour - timedelta(days=2), 0, entries=100, overridden=7),
        rollup("North", hour - timedelta(days=2), 0, drug="heparin", error=3, corrected=1, stood=1, given_up=1),
        rollup("North", hour, 0, drug="-", episodes=2, unplugged_minutes=12.5, causes={"practice": 2}, low_alarms=1),
        rollup("North", hour, 0, drug="- S5", model="S5", infusing_minutes=100, battery_minutes=25),
    )
    await beat(redis, "host-1", lag=7, waiting_s=0.5, records_total=1234, dead_letters_total=5)
    return Metrics(redis_url, fresh_for_s=0)


async def test_the_figures_are_those_of_the_read_model(filled):
    """Alerts by kind, pumps, sums by window, and what the worker says of itself."""
    samples = _samples((await _scrape(filled)).text)
    assert samples["pumpwatch_redis_up",] == 1
    assert samples["pumpwatch_alerts_open", "North", "dose_entry_error", "critical"] == 1
    assert samples["pumpwatch_alerts_open", "North", "dose_entry_error", "warning"] == 1
    assert samples["pumpwatch_alerts_open", "North", "unplugged_infusion", "warning"] == 1
    assert samples["pumpwatch_alerts_open", "North", "keypad_fault", "info"] == 0
    assert sum(value for (name, *_), value in samples.items() if name == "pumpwatch_alerts_open") == 3
    assert samples["pumpwatch_pumps_online", "North"] == 2
    assert samples["pumpwatch_pumps_infusing", "North"] == 1
    assert samples["pumpwatch_pumps_on_battery", "North"] == 1
    assert samples["pumpwatch_pumps_online", 'St. "Anna"\\\n'] == 1
    assert samples["pumpwatch_rollup_entries", "North", "24h"] == 15
    assert samples["pumpwatch_rollup_entries", "North", "all"] == 115
    assert samples["pumpwatch_rollup_overridden_entries", "North", "24h"] == 3
    assert samples["pumpwatch_rollup_overridden_entries", "North", "all"] == 10
    assert samples["pumpwatch_rollup_battery_seconds", "North", "24h"] == 750
    assert samples["pumpwatch_rollup_infusing_seconds", "North", "3h"] == 6000
    assert samples["pumpwatch_rollup_infusing_on_battery_seconds", "North", "24h"] == 1500
    assert samples["pumpwatch_rollup_cause_episodes", "practice", "North", "24h"] == 2
    assert samples["pumpwatch_rollup_low_alarm_episodes", "North", "24h"] == 1
    assert samples["pumpwatch_rollup_caught_entries", "North", "24h"] == 1
    assert samples["pumpwatch_rollup_stood_entries", "North", "24h"] == 1
    assert samples["pumpwatch_rollup_undecided_entries", "North", "24h"] == 1
    assert samples["pumpwatch_rollup_precision_ratio", "North", "24h"] == 0.5
    assert samples["pumpwatch_rollup_precision_ratio", "North", "all"] == 0.25
    assert samples["pumpwatch_rollup_avoided_harm_entries", "high", "North", "all"] == 1
    assert samples["pumpwatch_rollup_drug_precision_ratio", "norepinephrine", "North", "all"] == 0.5
    assert samples["pumpwatch_rollup_drug_precision_ratio", "heparin", "North", "all"] == 0
    assert samples["pumpwatch_rollup_drug_undecided_entries", "heparin", "North", "all"] == 0
    assert ("pumpwatch_rollup_drug_stood_entries", "heparin", "North", "24h") not in samples
    assert samples["pumpwatch_pipeline_ok",] == 1
    assert samples["pumpwatch_pipeline_lag_records",] == 7
    assert samples["pumpwatch_pipeline_worker_records_total", "host-1"] == 1234
    assert samples["pumpwatch_pipeline_worker_dead_letters_total", "host-1"] == 5
    assert samples["pumpwatch_pipeline_worker_partitions", "host-1"] == 60
    assert 59 < time.time() - samples["pumpwatch_pipeline_worker_started_timestamp_seconds", "host-1"] < 120
    assert 0.9 < samples["pumpwatch_pipeline_worker_progress_age_seconds", "host-1"] < 30


async def test_promtool_accepts_it(filled):
    """`promtool check metrics` has nothing to say."""
    answer = await _scrape(filled)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert _promtool(answer.content) == (0, b"")


async def test_the_catalogue_and_the_metrics_agree(filled):
    """Every metric that the catalogue gives to this process is served with its meaning as HELP, and no other is."""
    families = list(text_string_to_metric_families((await _scrape(filled)).text))
    catalogue = {name: metric for name, metric in load().items() if metric.process == "metrics"}
    served = {family.name + ("_total" if family.type == "counter" else ""): family for family in families}
    assert set(served) == set(catalogue)
    for name, family in served.items():
        assert family.documentation == catalogue[name].meaning
        assert family.type == catalogue[name].kind
        assert all(set(sample.labels) == set(catalogue[name].labels) for sample in family.samples)


def test_the_worker_serves_what_the_catalogue_says():
    """The worker's own metrics stand in the same file, with the same words."""
    catalogue = {name: metric for name, metric in load().items() if metric.process == "worker"}
    served = {
        family.name + ("_total" if family.type == "counter" else ""): family
        for family in WorkerMetrics().registry.collect()
    }
    assert served.keys() == catalogue.keys()
    for name, family in served.items():
        assert (family.type, family.documentation) == (catalogue[name].kind, catalogue[name].meaning)


def test_the_worker_labels_are_those_of_the_catalogue():
    """A rule may trust the labels that the catalogue names."""
    collectors = WorkerMetrics().registry._collector_to_names
    labels = {name: set(each._labelnames) for each, names in collectors.items() for name in names}
    for name, metric in load().items():
        if metric.process == "worker":
            assert labels[name] == set(metric.labels)


def test_the_catalogue_tells_meaning_and_remedy():
    """Sentences for people, names in Prometheus' style, and no pump in any label."""
    for name, metric in load().items():
        assert re.fullmatch(r"pumpwatch_[a-z_]+", name)
        assert name.endswith("_total") is (metric.kind == "counter")
        assert metric.meaning.endswith(".")
        assert metric.remedy.endswith(".")
        assert not {"pump", "entry", "fingerprint"} & set(metric.labels)
        assert not re.search("_(minutes|hours|ms|percent)$", name)


async def test_without_redis_only_that_is_told(redis, redis_url, redis_server):
    """No stale figure is served; health says why, and it recovers by itself."""
    await beat(redis)
    metrics = Metrics(redis_url, fresh_for_s=0)
    assert (await _scrape(metrics, "/healthz")).status_code == 200
    redis_server.stop()
    down = await _scrape(metrics)
    assert {name for name, *_ in _samples(down.text)} == {
        "pumpwatch_redis_up",
        "pumpwatch_read_model_read_seconds",
        "pumpwatch_build_info",
    }
    assert _samples(down.text)["pumpwatch_redis_up",] == 0
    health = await _scrape(metrics, "/healthz")
    assert (health.status_code, health.json()) == (503, {"status": "failing", "reason": "Redis does not answer."})
    redis_server.start()
    assert _samples((await _scrape(metrics)).text)["pumpwatch_redis_up",] == 1


async def test_health_follows_the_workers(redis, redis_url):
    """503 with the reason while none runs or one is stuck, 200 while all move."""
    metrics = Metrics(redis_url, fresh_for_s=0)
    none = await _scrape(metrics, "/healthz")
    assert (none.status_code, none.json()["reason"]) == (503, "No stream worker is running.")
    await beat(redis, lag=3)
    moving = await _scrape(metrics, "/healthz")
    assert moving.status_code == 200
    assert moving.json() | {"progress_age_s": 0} == {
        "status": "ok", "reason": "Every stream worker makes progress.", "workers": 1, "lag": 3, "progress_age_s": 0,
    }  # fmt: skip
    await beat(redis, waiting_s=31)
    assert (await _scrape(metrics, "/healthz")).status_code == 503


async def test_a_token_guards_the_figures(redis, redis_url):
    """Without the bearer token there are no figures, and health tells good or bad only."""
    await beat(redis)
    metrics = Metrics(redis_url, token="s3cret-token")
    refused = await _scrape(metrics)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    for wrong in ("Bearer wrong", "Basic s3cret-token", "s3cret-token", "Bearer s3cret-tokén"):
        assert (await _scrape(metrics, authorization=wrong.encode())).status_code == 401
    assert (await _scrape(metrics, authorization="Bearer s3cret-token")).status_code == 200
    assert (await _scrape(metrics, "/healthz")).json() == {"status": "ok"}


async def test_scrapes_within_seconds_share_a_reading(redis):
    """A burst of scrapes reads Redis once."""
    reader = Reader(redis, fresh_for_s=60)
    first = await reader.latest()
    await hear(redis, "North", "N1", "online")
    assert await reader.latest() is first


async def test_more_alerts_than_are_read_are_still_counted(redis, redis_url, monkeypatch):
    """Beyond the bound the severity is known and the kind is `not_read`."""
    monkeypatch.setattr("services.metrics.reading.KINDS_READ_PER_HOSPITAL", 3)
    await store(redis, *(alert(f"a{number}") for number in range(5)), alert("w", severity="warning"))
    samples = _samples((await _scrape(Metrics(redis_url))).text)
    assert samples["pumpwatch_alerts_open", "North", "dose_entry_error", "critical"] == 3
    assert samples["pumpwatch_alerts_open", "North", "not_read", "critical"] == 2
    assert samples["pumpwatch_alerts_open", "North", "not_read", "warning"] == 1
