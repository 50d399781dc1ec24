"""The publisher against librdkafka's own mock cluster: real protocol, no server."""

import socket
import threading
from collections import defaultdict
from itertools import islice
from time import monotonic

import pytest
from confluent_kafka import Consumer, TopicPartition

from schemas import codec, topics
from schemas.events import PowerEvent
from services.pumps.publisher import Publisher, PublishingError
from services.pumps.simulator import simulated
from tests.unit.pumps.conftest import START_MS

MOCK = {"test.mock.num.brokers": 3}
WITHIN_S = 120


def events(figures, number, pumps=40):
    traffic = simulated(pumps=pumps, hospitals=2, seed=1, start_ms=START_MS, behaviour=figures, busy=50)
    return list(islice(traffic.records(), number))


def brokers(publisher):
    metadata = publisher._producer.list_topics(timeout=WITHIN_S)
    return ",".join(f"{broker.host}:{broker.port}" for broker in metadata.brokers.values())


def read(servers, topic, number):
    """All records of a topic, partition by partition in order of offset."""
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "test", "auto.offset.reset": "earliest"})
    found = []
    try:
        partitions = consumer.list_topics(topic, timeout=WITHIN_S).topics[topic].partitions
        consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        until = monotonic() + WITHIN_S
        while len(found) < number and monotonic() < until:
            found += [message for message in consumer.consume(500, 0.2) if message.error() is None]
    finally:
        consumer.close()
    return found


def test_every_event_arrives_once_in_order_under_its_pump(figures):
    """Value, key and CloudEvents headers are right; one pump's events are in one partition, in the order sent."""
    records = events(figures, 3000)
    with Publisher(MOCK) as publisher:
        servers = brokers(publisher)
        for topic, key, event, _ in records:
            publisher.publish(topic, key, event)
        assert publisher.flush(WITHIN_S) == 0
        assert (publisher.published, publisher.delivered, publisher.failed) == (3000, 3000, 0)
        for topic in (topics.KEYSTROKES, topics.POWER):
            sent = defaultdict(list)
            for name, key, event, _ in records:
                if name == topic:
                    sent[key].append(event.id)
            messages = read(servers, topic, sum(map(len, sent.values())))
            came, places = defaultdict(list), defaultdict(set)
            for message in messages:
                headers = dict(message.headers())
                key = message.key().decode()
                event_id = headers["ce_id"].decode()
                assert f'"id":"{event_id}"'.encode() in message.value()
                assert headers["ce_specversion"] == b"1.0"
                assert headers["content-type"] == b"application/json"
                assert headers["ce_source"].endswith(f"/pumps/{key}".encode())
                came[key].append(event_id)
                places[key].add(message.partition())
            assert came == sent
            assert all(len(partitions) == 1 for partitions in places.values())


def test_a_key_goes_to_the_partition_that_every_other_client_chooses(figures):
    """Murmur2 as in the Java client: known partitions of four keys under four partitions."""
    records = events(figures, 400)
    with Publisher(MOCK) as publisher:
        servers = brokers(publisher)
        for topic, key, event, _ in records:
            publisher.publish(topic, key, event)
        publisher.flush(WITHIN_S)
        messages = read(servers, topics.POWER, sum(topic == topics.POWER for topic, *_ in records))
    consumer_partitions = {message.key().decode(): message.partition() for message in messages}
    count = 4  # partitions that the mock cluster gives a new topic
    assert consumer_partitions == {key: (murmur2(key.encode()) & 0x7FFFFFFF) % count for key in consumer_partitions}


def murmur2(key):
    """Kafka's own hash of a key (org.apache.kafka.common.utils.Utils.murmur2), written out."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = (0x9747B28C ^ len(key)) & mask
    whole = len(key) // 4 * 4
    for at in range(0, whole, 4):
        k = int.from_bytes(key[at : at + 4], "little") * m & mask
        h = (h * m & mask) ^ ((k ^ (k >> 24)) * m & mask)
    rest = key[whole:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ (h >> 13)) * m & mask
    return h ^ (h >> 15)


def test_a_full_queue_makes_the_publisher_wait_and_loses_nothing(figures):
    """With room for 100 events, 5,000 still all arrive; the queue never holds more."""
    records = events(figures, 5000)
    most = 0
    with Publisher(MOCK, queue_messages=100) as publisher:
        for topic, key, event, _ in records:
            publisher.publish(topic, key, event)
            most = max(most, publisher.undelivered)
        publisher.flush(WITHIN_S)
        assert (publisher.delivered, publisher.failed) == (5000, 0)
    # Librdkafka counts what it hands over to and from a broker's thread beside its queue.
    assert 10 < most <= 200


@pytest.fixture
def deaf():
    """Bound but deaf: connections are refused, and nobody else, a client's own end least of all, can have the port."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@pytest.fixture
def nowhere(deaf):
    """The address of a broker that is away."""
    return f"127.0.0.1:{deaf.getsockname()[1]}"


def test_a_broker_that_is_away_makes_publishing_wait_until_it_is_there(figures, deaf, nowhere):
    """Nothing is dropped meanwhile, the wait is told once, and all is delivered after the broker came."""
    records, told = events(figures, 300), []
    publisher = Publisher(
        {"bootstrap.servers": nowhere, "reconnect.backoff.max.ms": 200},
        queue_messages=50,
        on_trouble=told.append,
    )

    def publish():
        for topic, key, event, _ in records:
            publisher.publish(topic, key, event)

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    until = monotonic() + WITHIN_S
    while not (told and publisher.published == 50) and monotonic() < until:
        thread.join(0.05)
    thread.join(0.5)
    assert thread.is_alive()
    assert (publisher.published, publisher.undelivered, publisher.failed) == (50, 50, 0)
    assert len(told) == 1
    assert nowhere in told[0]
    with Publisher({"test.mock.num.brokers": 1}) as host, Door(deaf, brokers(host)):
        thread.join(WITHIN_S)
        assert not thread.is_alive()
        assert publisher.flush(WITHIN_S) == 0
        assert (publisher.published, publisher.delivered, publisher.failed) == (300, 300, 0)


class Door:
    """Lets connections to a bound socket through to a server, from now on."""

    def __init__(self, deaf, server):
        host, _, there = server.rpartition(":")
        self._to = host, int(there)
        self._door = deaf
        self._door.listen()
        self._open = []

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        for one in (self._door, *self._open):
            one.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._door.accept()
                server = socket.create_connection(self._to)
            except OSError:
                return
            self._open += [client, server]
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass_on(one, other):
        try:
            while part := one.recv(65536):
                other.sendall(part)
        except OSError:
            return


def test_an_event_that_kafka_refuses_is_counted_and_told_once(figures):
    """Two events too large for the client's own limit: both counted, one line, and the others go on."""
    told = []
    (_, key, event, _) = next(record for record in events(figures, 50) if isinstance(record[2], PowerEvent))
    large = PowerEvent(**{name: getattr(event, name) for name in event.__struct_fields__} | {"drugs": ["x" * 128] * 64})
    with Publisher(MOCK | {"message.max.bytes": 4000}, on_trouble=told.append) as publisher:
        for one in (large, event, large, event):
            publisher.publish(topics.POWER, key, one)
        publisher.flush(WITHIN_S)
        assert (publisher.published, publisher.delivered, publisher.failed) == (4, 2, 2)
    assert len(told) == 1
    assert topics.POWER in told[0]
    assert publisher.first_failure == told[0]


def test_a_failed_delivery_report_is_counted_and_told_once(figures, nowhere):
    """Reports of failure, as for a topic that one may not write to, come later and from librdkafka."""
    told = []
    publisher = Publisher({"bootstrap.servers": nowhere}, on_trouble=told.append)
    for topic, key, event, _ in events(figures, 5):
        publisher.publish(topic, key, event)
    publisher._producer.purge()
    until = monotonic() + WITHIN_S
    while publisher.undelivered and monotonic() < until:
        publisher.poll(0.1)
    assert (publisher.published, publisher.delivered, publisher.failed) == (5, 0, 5)
    assert told.count(publisher.first_failure) == 1
    assert "not taken by pump." in publisher.first_failure


def test_a_topic_that_is_missing_is_refused_before_the_first_event():
    with (
        Publisher(MOCK) as publisher,
        pytest.raises(PublishingError, match=r"pump\.power\.v1 does not exist.*topics create"),
    ):
        publisher.check([topics.POWER])


def test_a_wrong_address_is_refused_in_one_line(nowhere):
    publisher = Publisher({"bootstrap.servers": nowhere})
    with pytest.raises(PublishingError, match="does not answer") as refused:
        publisher.check([topics.POWER], timeout_s=0.5)
    assert "\n" not in str(refused.value)


def test_leaving_early_does_not_wait_for_ever(figures, nowhere):
    """An error inside the block waits for the broker as long as allowed, then leaves the count of what is left."""
    records = events(figures, 20)
    publisher = Publisher({"bootstrap.servers": nowhere}, hurry_s=0.3)

    def leave_early():
        with publisher:
            for topic, key, event, _ in records:
                publisher.publish(topic, key, event)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave_early()
    assert publisher.undelivered == 20


def test_an_interrupted_publisher_leaves_in_a_hurry(figures, nowhere):
    """After Ctrl-C during an outage the block ends by itself, and says what was not confirmed."""
    ((topic, key, event, _),) = events(figures, 1)
    with Publisher({"bootstrap.servers": nowhere}, hurry_s=0.3) as publisher:
        publisher.publish(topic, key, event)
        publisher.hurry = True
    assert (publisher.undelivered, publisher.delivered) == (1, 0)


def test_the_record_is_what_the_codec_makes_of_the_event(figures):
    ((topic, key, event, _),) = events(figures, 1)
    with Publisher(MOCK) as publisher:
        servers = brokers(publisher)
        publisher.publish(topic, key, event)
        publisher.flush(WITHIN_S)
        (message,) = read(servers, topic, 1)
    assert message.value() == codec.encode(event)
