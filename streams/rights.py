"""What the worker must be allowed on Kafka, and whether it is: Faust waits for ever for a group it may not join."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from confluent_kafka import KafkaError, KafkaException, TopicCollection

from schemas.topics import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.cluster import Cluster

TIMEOUT_S = 15.0
_NOT_ALLOWED = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}


def needed() -> dict[str, tuple[Literal["read", "write"], ...]]:
    """What the worker does with each topic: reads its sources, writes its outputs, gets its state back from them."""
    rights: dict[str, tuple[Literal["read", "write"], ...]] = {}
    for topic in load().values():
        if _ours(topic.producers):
            rights[topic.name] = ("read", "write")
        elif _ours(topic.consumers):
            rights[topic.name] = ("read",)
    return rights


def lacking(cluster: Cluster, group: str) -> list[str]:
    """What this user may not do of what the worker needs, such as "write pump.alerts.v1"."""
    wanted = needed()
    about_topics = cluster.client.describe_topics(
        TopicCollection(list(wanted)), include_authorized_operations=True, request_timeout=TIMEOUT_S
    )
    about_group = cluster.client.describe_consumer_groups(
        [group], include_authorized_operations=True, request_timeout=TIMEOUT_S
    )
    found = []
    for topic, operations in wanted.items():
        allowed = _allowed(about_topics[topic])
        found += [f"{operation} {topic}" for operation in operations if operation not in allowed]
    if "read" not in _allowed(about_group[group]):
        found.append(f"read group {group}")
    return found


def _allowed(answer: Any) -> set[str]:
    """The operations that a description allows; a topic that is not there is not a matter of rights."""
    try:
        return {operation.name.lower() for operation in answer.result(TIMEOUT_S).authorized_operations or ()}
    except KafkaException as error:
        if error.args[0].code() in _NOT_ALLOWED:
            return set()
        return {"read", "write"}


def _ours(modules: Iterable[str]) -> bool:
    return any(module.startswith("streams.") for module in modules)
