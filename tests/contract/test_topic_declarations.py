"""The topics' YAML is data that other programs rely on: it is linted like code."""

import importlib.util
import re

import msgspec
import pytest

from schemas import events, topics
from schemas.topics import SCHEMAS

TOPICS = topics.load()
EVENT_TOPICS = [topic for topic in TOPICS.values() if topic.event]
each = pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
each_with_events = pytest.mark.parametrize("topic", EVENT_TOPICS, ids=lambda topic: topic.name)

# contracts of the platform: what `docs` and other programs call the topics
CONTRACT = {
    topics.KEYSTROKES: "KeystrokeEvent",
    topics.POWER: "PowerEvent",
    topics.DOSE_SCORES: "DoseScore",
    topics.POWER_EPISODES: "PowerEpisode",
    topics.ALERTS: "Alert",
    topics.ALERT_ACTIONS: "AlertAction",
    topics.ROLLUPS: "Rollup",
    topics.INTENT_STATE: "IntentState",
    topics.DRUG_LIBRARY: "DrugLibrary",
    topics.MAINTENANCE: "MaintenanceWindow",
    topics.AUDIT: "AuditEvent",
}


def test_every_topic_of_the_contract_is_declared_and_no_other():
    """What is not a topic of the contract is the dead-letter topic of one."""
    assert {name: topic.kind for name, topic in TOPICS.items() if not name.endswith(".dlq")} == CONTRACT
    paired = {topic.dead_letter for topic in TOPICS.values()} - {None}
    assert {name for name in TOPICS if name.endswith(".dlq")} == paired


@each
def test_file_is_named_after_its_topic(topic):
    assert (SCHEMAS / "topics" / f"{topic.name}.yaml").is_file()
    assert re.fullmatch(r"pump\.[a-z]+(-[a-z]+)*\.v[1-9][0-9]*(\.dlq)?", topic.name)


@each
def test_description_is_prose(topic):
    """A description is at least one sentence, without line breaks of the file."""
    assert re.fullmatch(r"[A-Z][^\n]{20,}\.", topic.description.strip())


@each
def test_policy_is_complete(topic):
    """What is deleted says when, what is compacted says how soon a closed segment is there to compact."""
    policies = set(topic.config["cleanup.policy"].split(","))
    assert policies <= {"compact", "delete"}
    assert ("retention.ms" in topic.config) == ("delete" in policies)
    days = {topics.KEYSTROKES: 7, topics.POWER: 7, topics.AUDIT: 365}.get(topic.name, 30)
    if "delete" in policies:
        assert topic.config["retention.ms"] == str(days * 24 * 3600 * 1000)


def test_compacted_topics_are_those_of_the_contract():
    compacted = {name for name, topic in TOPICS.items() if "compact" in topic.config["cleanup.policy"]}
    assert compacted == {*(topics.ALERTS, topics.ROLLUPS, topics.INTENT_STATE, topics.DRUG_LIBRARY, topics.MAINTENANCE)}


def test_copartitioned_topics_have_the_same_partitions():
    """Whatever concerns one pump meets in one worker; what every worker reads whole, and the audit, stand apart."""
    assert {topic.partitions for topic in TOPICS.values() if topic.copartitioned} == {12}
    apart = {topic.name for topic in TOPICS.values() if not topic.copartitioned}
    assert apart == {topics.DRUG_LIBRARY, topics.MAINTENANCE, topics.AUDIT}


@pytest.mark.parametrize(
    "topic", [topic for topic in TOPICS.values() if topic.dead_letter], ids=lambda topic: topic.name
)
def test_dead_letters_fit_their_parent(topic):
    """A refused record keeps its partition, stays at least as long, and fits with its headers."""
    letters = TOPICS[topic.dead_letter]
    assert letters.name == f"{topic.name}.dlq"
    assert (letters.partitions, letters.copartitioned) == (topic.partitions, topic.copartitioned)
    assert (letters.owner, letters.versions, letters.config["cleanup.policy"]) == (topic.owner, (), "delete")
    assert int(letters.config["retention.ms"]) >= int(topic.config.get("retention.ms", 0))
    brokers_default = 1_048_588  # max.message.bytes of Kafka 4.1
    largest = int(topic.config.get("max.message.bytes", brokers_default))
    assert int(letters.config["max.message.bytes"]) >= largest + 512 * 1024
    assert set(letters.producers) <= set(topic.consumers)


@each_with_events
def test_versions_count_up_from_one(topic):
    assert [version.version for version in topic.versions] == list(range(1, len(topic.versions) + 1))
    name = topic.versions[0].schema.partition("/")[0]
    for version in topic.versions:
        assert version.schema == f"{name}/{version.version}.json"
        assert version.json_schema()["$id"] == f"urn:pumpwatch:schema:{name}:{version.version}"
        assert version.json_schema()["title"] == topic.kind


@each_with_events
def test_direction_decides_openness_and_compatibility(topic):
    """What comes in is closed, what goes out is open to new fields, in Struct and JSON Schema alike."""
    inbound = topic.direction == "inbound"
    assert topic.compatibility == ("BACKWARD_TRANSITIVE" if inbound else "FORWARD_TRANSITIVE")
    assert topic.versions[-1].json_schema()["additionalProperties"] is not inbound
    assert topic.event.__struct_config__.forbid_unknown_fields is inbound


def test_cloud_event_types_are_unique():
    types = [topic.ce_type for topic in EVENT_TOPICS]
    assert len(set(types)) == len(types)
    assert all(re.fullmatch(r"pump\.[a-z-]+\.v1", name) for name in types)


def test_no_schema_or_example_is_unreferenced():
    """Every file below schemas/json and schemas/examples belongs to a version of a topic."""
    versions = [version for topic in EVENT_TOPICS for version in topic.versions]
    schemas = {SCHEMAS / "json" / version.schema for version in versions}
    assert {path for path in (SCHEMAS / "json").rglob("*") if path.is_file()} - schemas == {
        SCHEMAS / "json" / "released.sha256"
    }
    examples = {example.path for version in versions for example in version.iter_examples()}
    refusals = {SCHEMAS / "examples" / version.examples / "refusals.yaml" for version in versions}
    assert {path for path in (SCHEMAS / "examples").rglob("*") if path.is_file()} == examples | refusals


def test_every_event_struct_has_a_topic():
    """A Struct with an id that no topic carries would be an event nobody can subscribe to."""
    structs = {
        name
        for name, kind in vars(events).items()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and "id" in kind.__struct_fields__
    }
    assert structs == {topic.kind for topic in EVENT_TOPICS}


@each
def test_producers_and_consumers_are_modules(topic):
    """The service graph names programs by the module that writes or reads; each is there."""
    for name in (*topic.producers, *topic.consumers):
        assert name.split(".")[0] in {"services", "streams"}
        assert importlib.util.find_spec(name), name


def test_declaration_with_an_unknown_setting_is_refused(tmp_path, monkeypatch):
    """A misspelt line is named with its file instead of being ignored."""
    (tmp_path / "topics").mkdir()
    original = (SCHEMAS / "topics" / f"{topics.POWER}.yaml").read_text("utf-8")
    (tmp_path / "topics" / f"{topics.POWER}.yaml").write_text(original.replace("partitions:", "partition:"))
    monkeypatch.setattr(topics, "SCHEMAS", tmp_path)
    with pytest.raises(ValueError, match=r"^pump\.power\.v1\.yaml: .*`partition"):
        topics.load.__wrapped__()


def test_unknown_topic_names_the_known_ones():
    with pytest.raises(KeyError, match=r"no topic `pump\.typo\.v1`; there are pump\.alert"):
        topics.get_topic("pump.typo.v1")
