"""`pumpwatch topics` against Apache Kafka."""

import json
import time

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from typer.testing import CliRunner

from schemas import topics as declared
from services import topics
from services.topics_cli import app
from tests.servers import outside

pytestmark = pytest.mark.servers


@pytest.fixture
def run(monkeypatch):
    for name in ("KAFKA", "KAFKA_SECURITY"):
        monkeypatch.delenv(f"PUMPWATCH_{name}", raising=False)
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture(autouse=True)
def _no_topics_left(kafka):
    yield
    outside.sweep(kafka)


def test_life_of_the_topics_on_a_broker(kafka, run):
    """Missing topics are named, created once with the asked partitions, and every later difference is named."""
    missing = run("check", "--kafka", kafka)
    assert missing.exit_code == 1
    assert missing.output.count(": missing\n") == len(declared.load())

    created = run("create", "--kafka", kafka, "--partitions", "3")
    assert (created.exit_code, created.output.splitlines()[-1]) == (0, "16 created, 0 were there")
    again = run("create", "--kafka", kafka, "--partitions", "3")
    assert (again.exit_code, again.output) == (0, "0 created, 16 were there\n")

    as_asked = run("check", "--kafka", kafka, "--partitions", "3")
    assert (as_asked.exit_code, as_asked.output) == (0, "16 topics are as declared\n")
    assert topics.check({"bootstrap.servers": kafka})[0] == "pump.alert-actions.v1: 3 partitions, declared 12"

    changed = ConfigResource(
        ResourceType.TOPIC,
        declared.ROLLUPS,
        incremental_configs=[
            ConfigEntry("cleanup.policy", "delete", incremental_operation=AlterConfigOpType.SET),
            ConfigEntry("retention.bytes", "1000", incremental_operation=AlterConfigOpType.SET),
        ],
    )
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.incremental_alter_configs([changed])[changed].result(10)
    deadline = time.monotonic() + 10  # the controller has taken the change, the broker learns of it
    while not (found := topics.check({"bootstrap.servers": kafka}, 3)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found == [
        "pump.rollups.v1: cleanup.policy is delete, declared compact",
        "pump.rollups.v1: retention.bytes is 1000, not declared",
    ]


def test_show_counts_the_records(kafka, run):
    """The table and the JSON say what is declared and how much is there."""
    topics.create({"bootstrap.servers": kafka}, 3)
    producer = Producer({"bootstrap.servers": kafka})
    for number in range(5):
        producer.produce(declared.POWER, key=f"PUMP-{number}", value=b"{}")
    assert producer.flush(10) == 0
    rows = {row["topic"]: row for row in json.loads(run("show", "--kafka", kafka, "--json").output)}
    assert list(rows) == declared.list_topics()
    assert rows[declared.POWER]["on_broker"] == {"partitions": 3, "replication": 1, "records": 5}
    assert rows[declared.DRUG_LIBRARY]["on_broker"] == {"partitions": 1, "replication": 1, "records": 0}
    line = next(line for line in run("show", "--kafka", kafka).output.splitlines() if declared.POWER + " " in line)
    assert line.split() == ["pump.power.v1", "pump", "serial", "delete", "7", "d", "12", "3", "(1)", "5"]


def test_too_many_replicas_are_refused(kafka):
    """What the broker refuses is one sentence that names the topic."""
    with pytest.raises(topics.TopicsError, match=r"^topic pump\.[a-z-]+\.v1: .*replica"):
        topics.create({"bootstrap.servers": kafka}, 3, replication=2)
