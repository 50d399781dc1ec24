"""What the proofs ask of a running stream: publish, wait, read a topic whole, compare with Redis."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import redis
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from schemas.codec import decode, encode
from schemas.envelope import headers
from schemas.events import Alert, DoseScore, KeystrokeEvent, PowerEvent, Rollup
from schemas.topics import ALERTS, DOSE_SCORES, KEYSTROKES, POWER, ROLLUPS
from streams.readback import AWAY

TOPIC_OF = {KeystrokeEvent: KEYSTROKES, PowerEvent: POWER}


def producer(kafka: str) -> Producer:
    """A producer as a pump gateway uses it."""
    return Producer(
        {
            "bootstrap.servers": kafka,
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "message.timeout.ms": 0,
            "queue.buffering.max.messages": 1_000_000,
            "message.max.bytes": 2_000_000,
            "compression.type": "lz4",
            "log_level": 2,
        }
    )


def publish(kafka: str, events: Iterable[KeystrokeEvent | PowerEvent]) -> int:
    """Publish events in their order and return how many, all confirmed."""
    sender, count = producer(kafka), 0
    for event in events:
        topic = TOPIC_OF[type(event)]
        sender.produce(topic, encode(event), event.pump, headers=headers(event, topic))
        count += 1
        if not count % 1000:
            sender.poll(0)
    assert sender.flush(60) == 0, "Kafka did not take the events"
    return count


def whole(kafka: str, topic: str, within_s: float = 60) -> list[Any]:
    """All records of a topic that are there now, partition by partition in offset order."""
    consumer = Consumer(
        {"bootstrap.servers": kafka, "group.id": "proof", "enable.auto.commit": False, "enable.partition.eof": True}
    )
    partitions = consumer.list_topics(topic, 15).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    unread, found, deadline = set(partitions), [], time.monotonic() + within_s
    while unread:
        assert time.monotonic() < deadline, f"{topic} could not be read to its end"
        for message in consumer.consume(5000, 0.2):
            error = message.error()
            if error is None:
                found.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                unread.discard(message.partition())
            elif error.code() not in AWAY:
                raise AssertionError(error.str())
    consumer.close()
    return sorted(found, key=lambda message: (message.partition(), message.offset()))


def scores(kafka: str) -> list[DoseScore]:
    """Every published score."""
    return [decode(DoseScore, message.value()) for message in whole(kafka, DOSE_SCORES)]


def first_scores(kafka: str) -> dict[str, DoseScore]:
    """Revision 1 of every entry, by entry; fails if one is there twice."""
    found = [score for score in scores(kafka) if score.revision == 1]
    twice = [entry for entry, count in Counter((score.pump, score.entry) for score in found).items() if count > 1]
    assert not twice, f"{len(twice)} entries have more than one score with revision 1, such as {twice[:3]}"
    return {f"{score.pump}/{score.entry}": score for score in found}


def latest(kafka: str, topic: str, kind: type) -> dict[bytes, Any]:
    """The last value of each key of a compacted topic."""
    return {message.key(): decode(kind, message.value()) for message in whole(kafka, topic) if message.value()}


def sums(rollups: Iterable[Rollup]) -> dict[tuple[str, str, str, str], Counter]:
    """Rollups added over source partitions: counts by hospital, care area, drug and hour.

    The minutes that pumps of a model infused are left out: they are told every half minute, not with each record.
    """
    added: dict[tuple[str, str, str, str], Counter] = {}
    for rollup in rollups:
        if rollup.model is not None:
            continue
        place = (rollup.hospital, rollup.care_area, rollup.drug, rollup.hour.isoformat())
        cell = added.setdefault(place, Counter())
        cell.update(
            entries=rollup.entries,
            confirmed=rollup.confirmed,
            overridden=rollup.overridden,
            cancelled=rollup.cancelled,
            suspect=rollup.suspect,
            error=rollup.error,
            corrected=rollup.corrected,
            caught=rollup.caught,
            stood=rollup.stood,
            episodes=rollup.episodes,
        )
        cell.update({f"slip {slip}": count for slip, count in rollup.slips.items()})
        cell.update({f"harm {harm}": count for harm, count in rollup.harm.items()})
    return added


def topic_sums(kafka: str) -> dict[tuple[str, str, str, str], Counter]:
    """The sums as the rollups topic says them."""
    return sums(latest(kafka, ROLLUPS, Rollup).values())


def redis_sums(url: str) -> dict[tuple[str, str, str, str], Counter]:
    """The sums as Redis says them."""
    client = redis.Redis.from_url(url)
    found = []
    for name in client.scan_iter(match="pw:roll:*", count=1000):
        if not name.endswith(b":offsets"):
            found += [decode(Rollup, raw) for raw in client.hvals(name)]
    return sums(found)


def open_in_topic(kafka: str) -> set[str]:
    """Fingerprints of the alerts that are open by the alerts topic."""
    return {alert.fingerprint for alert in latest(kafka, ALERTS, Alert).values() if alert.state != "resolved"}


def open_in_redis(url: str) -> set[str]:
    """Fingerprints of the alerts that are open by Redis."""
    client = redis.Redis.from_url(url, decode_responses=True)
    found = set()
    for name in client.scan_iter(match="pw:alerts:open:*"):
        for fingerprint in client.zrange(name, 0, -1):
            stored = orjson.loads(client.hget(f"pw:alert:{fingerprint}", "alert"))
            assert stored["fingerprint"] == fingerprint
            found.add(fingerprint)
    return found


def eventually(check: Callable[[], bool], within_s: float, what: str) -> None:
    """Poll until `check` is true."""
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline, f"after {within_s:.0f} s still not: {what}"
        time.sleep(0.1)


def read_all(kafka: str, group: str, topics: Iterable[str]) -> bool:
    """Whether the group has committed every record of these topics; no, while the broker cannot tell.

    It cannot in the first moments of a topic or of its own: who leads a partition is not settled then.
    """
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": group, "enable.auto.commit": False})
    try:
        for topic in topics:
            numbers = consumer.list_topics(topic, 15).topics[topic].partitions
            for committed in consumer.committed([TopicPartition(topic, number) for number in numbers], 15):
                _, high = consumer.get_watermark_offsets(TopicPartition(topic, committed.partition), 15)
                if high > 0 and committed.offset < high:
                    return False
    except KafkaException as error:
        print(f"{group} cannot be asked yet: {error.args[0].str()}")
        return False
    finally:
        consumer.close()
    return True


def settled(kafka: str, topics: Iterable[str], within_s: float = 120, group: str = "pumpwatch") -> None:
    """Wait until the workers have taken every record of these topics, and of what follows from them."""
    for topic in topics:
        eventually(lambda t=topic: read_all(kafka, group, [t]), within_s, f"{topic} is read to its end")
