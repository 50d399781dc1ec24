"""The servers that other tests stand on: they start, keep records over a restart, and replicate."""

import time

import pytest
import redis
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from tests.servers.processes import ServerError, require
from tests.servers.redis_server import AT_ONCE

pytestmark = pytest.mark.servers


def create(bootstrap, topic, partitions=1, replication=1):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, partitions, replication)])[topic].result(30)


def produce(bootstrap, topic, values):
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True})
    refused = []
    for value in values:
        producer.produce(topic, value, on_delivery=lambda error, _: refused.append(error) if error else None)
    assert producer.flush(60) == 0
    assert refused == []


def consume(bootstrap, topic, count, within_s=90):
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "pumpwatch-test", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found, deadline = [], time.monotonic() + within_s
    while len(found) < count and time.monotonic() < deadline:
        found += [message.value() for message in consumer.consume(count, 0.2) if not message.error()]
    consumer.close()
    return found


def led_partition(bootstrap, topic, within_s=60):
    """The first partition of a topic once the node that is asked knows who leads it."""
    admin, deadline = AdminClient({"bootstrap.servers": bootstrap}), time.monotonic() + within_s
    while True:
        partition = admin.list_topics(topic, 10).topics[topic].partitions.get(0)
        if partition is not None and partition.leader > 0:
            return partition
        assert time.monotonic() < deadline, f"nobody leads {topic}"
        time.sleep(0.1)


def test_kafka_keeps_records_over_a_stop_and_over_a_kill(kafka_server):
    """The same broker on the same port has every confirmed record after SIGTERM and after SIGKILL."""
    create(kafka_server.bootstrap, "kept")
    produce(kafka_server.bootstrap, "kept", [b"one", b"two"])
    kafka_server.restart()
    assert consume(kafka_server.bootstrap, "kept", 2) == [b"one", b"two"]
    produce(kafka_server.bootstrap, "kept", [b"three"])
    kafka_server.kill()
    kafka_server.start()
    assert consume(kafka_server.bootstrap, "kept", 3) == [b"one", b"two", b"three"]


def test_kafka_makes_no_topic_by_itself(kafka):
    """A misspelt topic is an error, as in production, not a new topic with one partition."""
    producer = Producer({"bootstrap.servers": kafka, "message.timeout.ms": 3000})
    errors = []
    producer.produce("misspelt", b"value", on_delivery=lambda error, _: errors.append(error))
    producer.flush(30)
    assert [error is not None for error in errors] == [True]
    assert "misspelt" not in AdminClient({"bootstrap.servers": kafka}).list_topics(timeout=10).topics


def test_three_nodes_replicate_and_survive_the_loss_of_one(kafka_cluster):
    """A record confirmed by the cluster is still there when a node is killed, and writing goes on."""
    create(kafka_cluster.bootstrap, "copied", replication=3)
    produce(kafka_cluster.bootstrap, "copied", [b"before"])
    partition = led_partition(kafka_cluster.bootstrap, "copied")
    assert sorted(partition.replicas) == [1, 2, 3]
    kafka_cluster.nodes[partition.leader - 1].process.kill()
    produce(kafka_cluster.bootstrap, "copied", [b"after"])
    assert consume(kafka_cluster.bootstrap, "copied", 2) == [b"before", b"after"]


def test_a_stopped_kafka_is_really_gone(kafka_server):
    """While it is stopped nothing answers on its port, so an outage test tests an outage."""
    kafka_server.stop()
    with pytest.raises(KafkaException):
        AdminClient({"bootstrap.servers": kafka_server.bootstrap, "log_level": 0}).list_topics(timeout=1)
    kafka_server.start()
    assert AdminClient({"bootstrap.servers": kafka_server.bootstrap}).list_topics(timeout=10).brokers


def test_redis_keeps_its_keys_over_a_stop_and_loses_them_by_a_flush(redis_server):
    """SIGTERM and start bring the keys back; a flush leaves none."""
    with redis_server.client() as client:
        client.set("kept", "yes")
    redis_server.restart()
    with redis_server.client() as client:
        assert client.get("kept") == "yes"
        redis_server.flush()
        assert client.dbsize() == 0


def test_redis_refuses_a_client_without_its_password(redis_server, redis_url):
    """The password is generated and asked for."""
    port = redis_server.client().connection_pool.connection_kwargs["port"]
    with redis.Redis(port=port, retry=AT_ONCE) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    assert f":{port}/" in redis_url


def test_a_missing_program_names_the_package():
    """A machine without a server fails with what to install."""
    with pytest.raises(ServerError, match="apt-get install redis-server"):
        require("no-such-program", "redis-server")
