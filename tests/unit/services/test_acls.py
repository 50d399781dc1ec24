"""What each role may do on Kafka follows from the topics' declarations, and is no more than it needs."""

import json

import pytest
from typer.testing import CliRunner

from schemas import topics
from schemas.topics import (
    ALERT_ACTIONS,
    ALERTS,
    DOSE_SCORES,
    DRUG_LIBRARY,
    KEYSTROKES,
    MAINTENANCE,
    POWER,
    POWER_EPISODES,
    ROLLUPS,
)
from services.acls import ROLES, Binding, bindings, role_of
from services.topics_cli import app
from streams.app import AGENTS

LETTERS = [name for name in topics.list_topics() if name.endswith(".dlq")]


def names(role, operation, resource="topic"):
    return {right.name for right in bindings(role) if (right.operation, right.resource) == (operation, resource)}


def test_every_producer_and_consumer_runs_in_a_role():
    """Who is named in a topic's YAML gets its rights from there; an unknown program is an error, not a gap."""
    for topic in topics.load().values():
        for module in (*topic.producers, *topic.consumers):
            assert role_of(module) in ROLES
    assert role_of("services.board.actions") == "board"
    assert role_of("services.boarding") == "operator"
    with pytest.raises(ValueError, match="`elsewhere` belongs to no role"):
        role_of("elsewhere")


def test_pumps_write_their_two_topics_and_nothing_else():
    assert bindings("pumps") == [
        Binding("User:pumps", "write", "topic", KEYSTROKES),
        Binding("User:pumps", "write", "topic", POWER),
    ]


def test_the_board_only_writes_what_persons_did():
    assert names("board", "write") == {ALERT_ACTIONS, MAINTENANCE, topics.AUDIT}


def test_the_board_reads_drug_libraries_and_nothing_else():
    """It shows the limits that an entry was judged by; whatever else it shows is in Redis."""
    assert names("board", "read") == {DRUG_LIBRARY}
    assert names("board", "describe", "group") == {"pumpwatch-follower"}


def test_metrics_need_no_kafka():
    assert bindings("metrics") == []


def test_the_worker_writes_outputs_only_and_reads_them_back():
    """It cannot forge what a pump or a person said, nor a drug library."""
    outputs = {DOSE_SCORES, POWER_EPISODES, ALERTS, ROLLUPS, topics.INTENT_STATE, *LETTERS}
    assert names("worker", "write") == outputs
    assert names("worker", "read") == outputs | {KEYSTROKES, POWER, ALERT_ACTIONS, DRUG_LIBRARY, MAINTENANCE}
    assert {topic for kind in AGENTS for topic in kind.topics} <= names("worker", "read")
    assert names("worker", "read", "group") == {"pumpwatch"}
    assert names("worker", "describe", "group") == {"pumpwatch-readback", "pumpwatch-follower"}


def test_the_workers_group_is_a_setting():
    rights = bindings("worker", "ward-worker", "ward")
    assert Binding("User:ward-worker", "read", "group", "ward") in rights
    assert {right.principal for right in rights} == {"User:ward-worker"}


def test_a_subscriber_reads_what_is_published_and_writes_nothing():
    """Refused records are not for others; its consumer groups carry its own name."""
    rights = bindings("subscriber", "pharmacy")
    assert {right.operation for right in rights} == {"read", "describe"}
    assert {right.name for right in rights if right.resource == "topic"} == {
        *(DOSE_SCORES, POWER_EPISODES, ALERTS, ROLLUPS, topics.INTENT_STATE)
    }
    assert [right[1:] for right in rights if right.resource == "group"] == [
        ("read", "group", "pharmacy", False),
        ("read", "group", "pharmacy.", True),
        ("describe", "group", "not-committed", False),
    ]


def test_the_operator_makes_topics_and_sends_refused_records_back():
    assert names("operator", "create") == set(topics.list_topics())
    parents = {topic.name for topic in topics.load().values() if topic.dead_letter}
    assert names("operator", "write") == parents | {DRUG_LIBRARY, MAINTENANCE}
    rebuilt = {ALERTS, DOSE_SCORES, POWER, POWER_EPISODES, ROLLUPS, MAINTENANCE}
    assert names("operator", "read") == {*LETTERS, *rebuilt, topics.INTENT_STATE, topics.AUDIT}


def test_nobody_gets_rights_on_all_topics_or_on_the_cluster():
    for role in ROLES:
        for right in bindings(role):
            assert right.name != "*"
            assert right.resource == "group" or right.name in topics.load()


def test_the_rights_are_shown_as_json_and_as_a_table():
    shown = CliRunner().invoke(app, ["acls", "--role", "pumps", "--json"])
    assert json.loads(shown.output)[0] == {
        "principal": "User:pumps",
        "operation": "write",
        "resource": "topic",
        "name": KEYSTROKES,
        "prefixed": False,
    }
    table = CliRunner().invoke(app, ["acls", "--role", "subscriber", "--principal", "pharmacy"]).output.splitlines()
    assert table[1].split() == ["User:pharmacy", "topic", "literal", ALERTS, "read"]
    assert table[-2].split() == ["User:pharmacy", "group", "prefixed", "pharmacy.", "read"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--principal", "one"], "--principal needs --role"),
        (["--role", "board", "--principal", "User:board"], "without `User:`"),
        (["--role", "board", "--principal", "*"], "the name of one Kafka user"),
        (["--role", "subscriber", "--principal", "pumpwatch"], "this is the workers' group"),
    ],
)
def test_a_principal_that_would_get_too_much_is_refused(words, message):
    refused = CliRunner().invoke(app, ["acls", *words])
    assert refused.exit_code == 2
    assert message in refused.stderr
