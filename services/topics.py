"""The declared topics on a broker: create them, see what is there, name every difference."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # confluent does not list what it exports
    ConfigResource,
    ConfigSource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from schemas.topics import Topic, load
from streams.cluster import Cluster, ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable

TIMEOUT_S = 30  # a loaded broker creates our topics in about a second
SAFE_REPLICATION = 3  # from this many replicas on, a write waits for a second one
MIN_INSYNC = "min.insync.replicas"


class TopicsError(Exception):
    """The broker did not do what was asked; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class OnBroker:
    """A topic as a broker has it. `config` holds all settings, `set_here` the names of those set on the topic."""

    partitions: int
    replication: int
    config: dict[str, str]
    set_here: frozenset[str]


def planned(partitions: int | None, replication: int, *, configs: bool = True) -> list[NewTopic]:
    """What to ask of a broker that has no topic yet; `partitions` is for all that must have the same number."""
    safe = {MIN_INSYNC: "2"} if replication >= SAFE_REPLICATION else {}
    return [
        NewTopic(
            topic.name,
            num_partitions=_partitions(topic, partitions),
            replication_factor=replication,
            config=topic.config | safe if configs else {},
        )
        for topic in load().values()
    ]


def create(
    config: dict[str, Any], partitions: int | None = None, replication: int = 1, *, configs: bool = True
) -> list[str]:
    """Create the topics that are missing and return their names; one that exists is left as it is.

    `config` are confluent-kafka client settings. `configs=False` leaves retention and compaction to the broker, for
    one that has none. Returns when the broker serves all topics. Raises TopicsError.
    """
    admin = _Admin(config)
    there = admin.names()
    missing = [topic for topic in planned(partitions, replication, configs=configs) if topic.topic not in there]
    created = []
    for name, future in admin.client.create_topics(missing, operation_timeout=TIMEOUT_S).items() if missing else ():
        try:
            future.result(TIMEOUT_S)
            created.append(name)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise TopicsError(f"topic {name}: {error.args[0].str()}") from None
    admin.wait_for(load())
    return created


def observe(config: dict[str, Any]) -> dict[str, OnBroker]:
    """The declared topics that a broker has. Raises TopicsError."""
    return _Admin(config).observe(load())


def check(config: dict[str, Any], partitions: int | None = None) -> list[str]:
    """Every difference between the declared topics and those of a broker, one sentence each."""
    return differences(load().values(), observe(config), partitions)


def differences(declared: Iterable[Topic], there: dict[str, OnBroker], partitions: int | None = None) -> list[str]:
    """Every difference between declared topics and those there; `partitions` as for `planned`."""
    found = []
    for topic in declared:
        real = there.get(topic.name)
        if real is None:
            found.append(f"{topic.name}: missing")
            continue
        want = _partitions(topic, partitions)
        if real.partitions != want:
            found.append(f"{topic.name}: {real.partitions} partitions, declared {want}")
        found += [f"{topic.name}: {line}" for line in _setting_differences(topic, real)]
    return found


def _setting_differences(topic: Topic, real: OnBroker) -> Iterable[str]:
    for name, value in topic.config.items():
        came = real.config.get(name, "not set")
        if set(came.split(",")) != set(value.split(",")):
            yield f"{name} is {came}, declared {value}"
    for name in sorted(real.set_here - set(topic.config) - {MIN_INSYNC}):
        yield f"{name} is {real.config[name]}, not declared"
    insync = real.config.get(MIN_INSYNC, "1")
    if real.replication >= SAFE_REPLICATION and int(insync) < 2:
        yield f"{MIN_INSYNC} is {insync} with {real.replication} replicas: a write may be lost with one broker, set 2"


def records(config: dict[str, Any], there: dict[str, OnBroker]) -> dict[str, int]:
    """How many records the topics hold, at most: compaction and transactions leave gaps in the offsets."""
    admin = _Admin(config)
    places = [TopicPartition(name, number) for name, topic in there.items() for number in range(topic.partitions)]
    first = admin.offsets(places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]
    last = admin.offsets(places, OffsetSpec.latest())  # type: ignore[no-untyped-call]
    totals = dict.fromkeys(there, 0)
    for place in places:
        totals[place.topic] += last[place] - first[place]
    return totals


def _partitions(topic: Topic, override: int | None) -> int:
    return override if override and topic.copartitioned else topic.partitions


class _Admin:
    """What is asked of a broker about topics."""

    def __init__(self, config: dict[str, Any]) -> None:
        try:
            self._cluster = Cluster(config)
        except ClusterError as error:
            raise TopicsError(str(error)) from None
        self.client = self._cluster.client

    def metadata(self) -> Any:
        try:
            return self._cluster.metadata(TIMEOUT_S / 3)
        except ClusterError as error:
            raise TopicsError(str(error)) from None

    def names(self) -> set[str]:
        return set(self.metadata().topics)

    def offsets(self, places: list[TopicPartition], spec: OffsetSpec) -> dict[TopicPartition, int]:
        asked = self.client.list_offsets(dict.fromkeys(places, spec), request_timeout=TIMEOUT_S) if places else {}
        return {place: future.result(TIMEOUT_S).offset for place, future in asked.items()}

    def wait_for(self, names: Iterable[str]) -> None:
        """Return when every partition of these topics has a leader."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            known = self.metadata().topics
            late = [name for name in names if name not in known or not _is_served(known[name])]
            if not late:
                return
            if time.monotonic() > deadline:
                raise TopicsError(f"after {TIMEOUT_S} s the broker still does not serve {', '.join(late)}")
            time.sleep(0.1)

    def observe(self, names: Iterable[str]) -> dict[str, OnBroker]:
        topics = self.metadata().topics
        asked = [ConfigResource(ResourceType.TOPIC, name) for name in names if name in topics]
        there = {}
        for resource, future in self.client.describe_configs(asked, request_timeout=TIMEOUT_S).items() if asked else ():
            try:
                entries = future.result(TIMEOUT_S)
            except KafkaException as error:
                raise TopicsError(f"topic {resource.name}: {error.args[0].str()}") from None
            parts = topics[resource.name].partitions
            there[resource.name] = OnBroker(
                partitions=len(parts),
                replication=min((len(part.replicas) for part in parts.values()), default=0),
                config={name: entry.value for name, entry in entries.items() if entry.value is not None},
                set_here=frozenset(
                    name for name, entry in entries.items() if entry.source == ConfigSource.DYNAMIC_TOPIC_CONFIG.value
                ),
            )
        return there


def _is_served(topic: Any) -> bool:
    return topic.error is None and topic.partitions and all(part.leader >= 0 for part in topic.partitions.values())
