"""A Kafka that was started elsewhere (`PUMPWATCH_KAFKA`): used only when nothing of value can be in it.

Topic names are fixed, so each test module needs them empty. On a cluster of our own that is a fresh broker;
on one that somebody gives us it means deleting topics, and that is done only to topics this run has made.
"""

import time

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.servers.processes import ServerError


def ours(admin: AdminClient) -> set[str]:
    """Return the topics of Pumpwatch in the cluster."""
    return {name for name in admin.list_topics(timeout=10).topics if name.startswith("pump.")}


def refuse_used(bootstrap: str) -> None:
    """Fail when the cluster already holds Pumpwatch's topics: they may be somebody's records."""
    if found := ours(AdminClient({"bootstrap.servers": bootstrap})):
        raise ServerError(
            f"PUMPWATCH_KAFKA={bootstrap} already holds {min(found)} ({len(found)} such); the "
            "tests delete topics: point it at an empty cluster, or unset it and they start their own Kafka"
        )


def sweep(bootstrap: str) -> None:
    """Delete this run's topics and its idle consumer groups, and wait until they are gone."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    listed = admin.list_consumer_groups(request_timeout=10).result().valid
    groups = [group.group_id for group in listed if group.group_id.startswith("pumpwatch")]
    for done in admin.delete_consumer_groups(groups).values() if groups else ():
        try:
            done.result()
        except KafkaException:  # a member has not left yet: its offsets die with the topics
            continue
    if topics := ours(admin):
        for done in admin.delete_topics(sorted(topics)).values():
            done.result()
    deadline = time.monotonic() + 30
    while ours(admin):
        if time.monotonic() > deadline:
            raise ServerError(f"{bootstrap} did not delete the topics within 30 s")
        time.sleep(0.1)
