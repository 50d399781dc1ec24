"""What is asked of a broker, and how differences are named, without a broker."""

import pytest
from typer.testing import CliRunner

from schemas import topics as declared
from services import topics
from services.topics import OnBroker
from services.topics_cli import app


@pytest.fixture
def there():
    """A broker that has every topic as declared."""
    return {
        topic.name: OnBroker(topic.partitions, 1, {**topic.config, "min.insync.replicas": "1"}, frozenset(topic.config))
        for topic in declared.load().values()
    }


def found(there, partitions=None):
    return topics.differences(declared.load().values(), there, partitions)


def test_three_replicas_wait_for_a_second_copy():
    """From three replicas on a write is acknowledged by two; with fewer the setting would refuse writes."""
    three, one = (topics.planned(None, replication)[0] for replication in (3, 1))
    assert (three.replication_factor, three.config["min.insync.replicas"]) == (3, "2")
    assert "min.insync.replicas" not in one.config


def test_asked_partitions_are_for_all_that_share_the_number():
    """What every worker reads whole keeps its one partition, and so does the audit, whose order is what it is for."""
    plan = {topic.topic: topic.num_partitions for topic in topics.planned(24, 1)}
    assert {plan.pop(topic) for topic in (declared.AUDIT, declared.DRUG_LIBRARY, declared.MAINTENANCE)} == {1}
    assert set(plan.values()) == {24}


def test_settings_can_be_left_to_the_broker():
    assert all(topic.config == {} for topic in topics.planned(None, 3, configs=False))


def test_no_difference_is_an_empty_list(there):
    """The order of policies is Kafka's business."""
    alerts = there[declared.ALERTS]
    alerts.config["cleanup.policy"] = "delete,compact"
    assert found(there) == []


def test_every_difference_is_one_sentence(there):
    del there[declared.POWER]
    there[declared.ALERTS] = OnBroker(6, 1, there[declared.ALERTS].config, frozenset())
    del there[declared.KEYSTROKES].config["retention.ms"]
    assert found(there) == [
        "pump.alerts.v1: 6 partitions, declared 12",
        "pump.keystrokes.v1: retention.ms is not set, declared 604800000",
        "pump.power.v1: missing",
    ]


def test_replicas_without_a_second_acknowledgement_are_named(there):
    there[declared.POWER] = OnBroker(12, 3, there[declared.POWER].config, frozenset())
    [line] = found(there)
    assert line.startswith("pump.power.v1: min.insync.replicas is 1 with 3 replicas")


def test_no_broker_is_one_clear_line(monkeypatch):
    """The address that did not answer and the option to correct stand in the line; there is no traceback."""
    monkeypatch.setattr(topics, "TIMEOUT_S", 1)
    for command in ("create", "check", "show"):
        result = CliRunner().invoke(app, [command, "--kafka", "127.0.0.1:1"])
        assert result.exit_code == 1
        assert result.stderr.startswith("pumpwatch: Kafka at 127.0.0.1:1 does not answer")
        assert "--kafka" in result.stderr


def test_declared_topics_are_shown_without_a_broker():
    result = CliRunner().invoke(app, ["show", "--declared"])
    assert [line.split()[0] for line in result.output.splitlines()[1:]] == declared.list_topics()
