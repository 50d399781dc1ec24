"""State is read back through a broker outage: the reader waits and goes on when the broker is back."""

import threading
import time

import pytest

from schemas.topics import DOSE_SCORES
from services.topics import create
from streams.readback import Readback
from tests.integration.stream import producer
from tests.servers.kafka import Kafka

pytestmark = pytest.mark.servers


def test_a_reader_that_meets_an_outage_goes_on_when_the_broker_is_back(kafka_server: Kafka):
    """However long the broker was away, what is read is whole."""
    config = {"bootstrap.servers": kafka_server.bootstrap}
    create(config, replication=1)
    sender = producer(kafka_server.bootstrap)
    for number in range(10):
        sender.produce(DOSE_SCORES, str(number).encode(), "pump", partition=3)
    assert sender.flush(30) == 0
    reader = Readback(config)
    assert len(list(reader.whole(DOSE_SCORES, 3))) == 10

    kafka_server.stop()
    time.sleep(15)  # long enough that the idle client notices and gives its connections up
    found: list[bytes] = []
    asking = threading.Thread(
        target=lambda: found.extend(message.value() for message in reader.tail(DOSE_SCORES, 3, 5, lambda _: True)),
        daemon=True,
    )
    asking.start()
    time.sleep(5)
    assert asking.is_alive(), "it waits for the broker"
    kafka_server.start()
    asking.join(120)
    assert found == [b"5", b"6", b"7", b"8", b"9"]
    reader.close()


def test_two_readings_at_once_are_each_whole(topics):
    """One waits for the other: an agent that restores a partition also looks for what it buried of another."""
    sender = producer(topics)
    whole = {partition: [f"{partition}/{number}".encode() for number in range(3000)] for partition in (1, 2)}
    for partition, values in whole.items():
        for value in values:
            sender.produce(DOSE_SCORES, value, "pump", partition=partition)
    assert sender.flush(60) == 0
    reader = Readback({"bootstrap.servers": topics})
    first = reader.whole(DOSE_SCORES, 1)
    begun = [next(first)]
    second: list[bytes] = []
    reading = threading.Thread(
        target=lambda: second.extend(message.value() for message in reader.whole(DOSE_SCORES, 2)), daemon=True
    )
    reading.start()
    reading.join(3)
    assert reading.is_alive(), "it waits until the first is read"
    assert [message.value() for message in (*begun, *first)] == whole[1]
    reading.join(120)
    assert second == whole[2]
    reader.close()
