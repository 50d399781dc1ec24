"""On a Kafka as production has it: TLS, users, and nothing allowed that no ACL allows."""

import os
import socket
import ssl
import subprocess
import sys
import time

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.codec import decode, encode
from schemas.envelope import headers
from schemas.events import Alert, DoseScore
from schemas.topics import ALERTS, DOSE_SCORES, KEYSTROKES, POWER, ROLLUPS, list_topics
from services.acls import ROLES, bindings
from streams.settings import Settings
from tests.integration.stream import eventually
from tests.made_events import entry
from tests.servers.secure_kafka import SecureKafka
from tests.servers.worker import Worker

pytestmark = pytest.mark.servers
PARTITIONS = 3
TRAFFIC = ("simulate", "--pumps", "30", "--seed", "4", "--speed", "0", "--for", "3600", "--busy", "20")
WARDS = ("--slip-rate", "0.5", "--only", "keystrokes")


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """A broker with users, but without topics and ACLs."""
    server = SecureKafka(tmp_path_factory.mktemp("secure"))
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="module")
def as_user(secure):
    """Run a `pumpwatch` command as a user of the broker."""

    def run(user, *words, **environment):
        return subprocess.run(
            [sys.executable, "-m", "services.cli", *words],
            env={**os.environ, **secure.environment(user), **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def ready(secure, as_user):
    """The broker once the administrator has granted the ACLs and the operator has made the topics."""
    granted = as_user("admin", "topics", "acls", "--apply")
    assert granted.returncode == 0, granted.stderr
    # A new ACL takes a moment to be in force.
    operator = AdminClient(secure.client("operator"))
    eventually(lambda: _may_create(operator), 60, "the operator may create topics")
    made = as_user("operator", "topics", "create", "--partitions", str(PARTITIONS))
    assert made.returncode == 0, made.stderr
    return secure


@pytest.fixture
def start_worker(ready, redis_url, tmp_path):
    """Start workers as the user of their role; all end with the test."""
    started = []

    def start():
        name = f"worker{len(started) + 1}"
        started.append(Worker(name, ready.bootstrap, redis_url, tmp_path / name, ready.environment("worker")))
        started[-1].start()
        return started[-1]

    yield start
    for running in started:
        running.kill()


def _may_create(operator):
    [future] = operator.create_topics([NewTopic(KEYSTROKES, PARTITIONS)], validate_only=True).values()
    try:
        future.result(10)
    except KafkaException as error:
        return error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS
    return True


def write(config, topic):
    """Produce one record and return the code of the error, or None once it is there."""
    answers = []
    producer = Producer({**config, "message.timeout.ms": 60_000, "error_cb": lambda _: None})
    producer.produce(topic, b"{}", "P", on_delivery=lambda error, _: answers.append(error))
    assert producer.flush(90) == 0
    return answers[0].code() if answers[0] else None


def read(config, topic, within_s=90):
    """All records of a topic that are there now. Raises KafkaException for what the broker refuses."""
    consumer = Consumer({**config, "group.id": "not-committed", "enable.auto.commit": False})
    found, deadline = [], time.monotonic() + within_s
    try:
        ends = [consumer.get_watermark_offsets(TopicPartition(topic, n), 10)[1] for n in range(PARTITIONS)]
        left = {number: end for number, end in enumerate(ends) if end}
        consumer.assign([TopicPartition(topic, number, 0) for number in left])
        while left:
            assert time.monotonic() < deadline, f"{topic} could not be read to its end"
            message = consumer.poll(0.5)
            if message is None:
                continue
            if message.error():
                raise KafkaException(message.error())
            found.append(message)
            if message.offset() >= left.get(message.partition(), 0) - 1:
                left.pop(message.partition(), None)
    finally:
        consumer.close()
    return found


def refused_line(done):
    """The one line with which a command ended."""
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    [line] = done.stderr.strip().splitlines()
    return line


def test_acls_are_granted_once_and_what_is_too_much_is_named(ready, as_user):
    """Applied again nothing changes; a right that nobody needs is named, not taken away behind somebody's back."""
    count = sum(len(bindings(role)) for role in ROLES)
    again = as_user("admin", "topics", "acls", "--apply")
    assert (again.returncode, again.stdout) == (0, f"0 granted, {count} were there\n")
    for_screen = as_user("admin", "topics", "acls", "--apply", "--role", "board", "--principal", "screen").stdout
    assert "granted User:screen allow write topic literal pump.alert-actions.v1\n" in for_screen
    assert for_screen.endswith(f"\n{len(bindings('board'))} granted, 0 were there\n")
    eventually(
        lambda: (
            "not needed, take it away with kafka-acls.sh: User:screen allow write topic literal pump.alert-actions.v1"
            in as_user("admin", "topics", "acls", "--apply", "--role", "pumps", "--principal", "screen").stdout
        ),
        90,
        "the right of the board is too much for pumps",
    )


def test_only_a_super_user_grants(ready, as_user):
    line = refused_line(as_user("operator", "topics", "acls", "--apply"))
    assert line == "pumpwatch: this user may not change ACLs; connect as a super user of the brokers"


def test_entries_are_scored_end_to_end(ready, as_user, redis_url, start_worker):
    """Pumps, worker, subscriber and operator, each with its own user and no right too few."""
    running = start_worker()
    sent = as_user("pumps", *TRAFFIC, *WARDS)
    assert sent.returncode == 0, sent.stderr
    entries = int(sent.stdout.split(": ")[1].split(" entries")[0].replace(",", ""))
    assert entries > 50

    subscriber = ready.client("subscriber")
    scored = []

    def all_scored():
        scored[:] = [decode(DoseScore, message.value()) for message in read(subscriber, DOSE_SCORES)]
        return sum(score.revision == 1 for score in scored) >= entries

    eventually(all_scored, 60, f"{entries} entries are scored")
    assert sum(score.revision == 1 for score in scored) == entries
    errors = {f"{score.pump}/{score.entry}" for score in scored if score.verdict == "error"}
    assert errors
    eventually(lambda: bool(read(subscriber, ALERTS)), 90, "there are alerts")
    assert {decode(Alert, message.value()).kind for message in read(subscriber, ALERTS)} >= {"dose_entry_error"}

    # Restarted it gets its state back from its own outputs: what is new is scored, and nothing twice.
    assert running.terminate() == 0
    start_worker()
    more = [entry(f"other{number}", 1, "5") for number in range(20)]
    pumps = Producer(ready.client("pumps") | {"enable.idempotence": True, "partitioner": "murmur2_random"})
    for event in more:
        pumps.produce(KEYSTROKES, encode(event), event.pump, headers=headers(event, KEYSTROKES))
    assert pumps.flush(60) == 0
    entries += len(more)
    eventually(all_scored, 60, f"{len(more)} more entries are scored")
    assert sum(score.revision == 1 for score in scored) == entries

    rebuilt = as_user("operator", "rebuild-redis", PUMPWATCH_REDIS=redis_url)
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert as_user("operator", "topics", "check", "--partitions", str(PARTITIONS)).returncode == 0


def test_a_refused_record_goes_back_by_the_operator(ready, as_user, start_worker):
    """The dead letters are the operator's to read, and to send back where they came from."""
    assert write(ready.client("pumps"), POWER) is None
    start_worker()
    eventually(lambda: "schema" in as_user("operator", "dlq", "list", POWER).stdout, 60, "the record is refused")
    sent = as_user("operator", "dlq", "replay", POWER)
    assert (sent.returncode, sent.stdout) == (0, f"1 records published to {POWER}\n")


@pytest.mark.parametrize(
    "command",
    [
        ("worker",),
        ("simulate", "--pumps", "1", "--for", "1"),
        ("topics", "check"),
        ("topics", "acls", "--apply"),
        ("dlq", "list", POWER),
        ("rebuild-redis",),
    ],
    ids=" ".join,
)
def test_a_wrong_password_is_one_line(secure, as_user, redis_url, command):
    """Faust alone would wait for ever. Nothing starts, Redis is not emptied."""
    line = refused_line(as_user("worker", *command, PUMPWATCH_KAFKA_PASSWORD="sesame", PUMPWATCH_REDIS=redis_url))
    assert f"Kafka at {secure.bootstrap} does not let user `worker` in; correct PUMPWATCH_KAFKA_USER" in line
    assert "sesame" not in line


def test_a_replay_with_a_wrong_password_is_one_line(secure, as_user, tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("hospital,care_area,pump,at,drug,unit,value\nH,MICU,P,2026-11-01T00:00:00Z,heparin,units/h,900\n")
    line = refused_line(as_user("pumps", "replay", str(log), "--fast", PUMPWATCH_KAFKA_PASSWORD="sesame"))
    assert "does not let user `pumps` in" in line


def test_a_worker_with_too_few_rights_says_which(ready, as_user, redis_url):
    """Faust alone would wait for ever for a group that it may not join."""
    line = refused_line(as_user("worker", "worker", PUMPWATCH_GROUP="other", PUMPWATCH_REDIS=redis_url))
    assert line == (
        "pumpwatch: Kafka does not allow user `worker` to read group other; a super user grants what a worker needs "
        "by `pumpwatch topics acls --role worker --apply`"
    )
    line = refused_line(as_user("pumps", "worker", PUMPWATCH_REDIS=redis_url))
    assert "does not allow user `pumps` to read pump.alert-actions.v1" in line


def test_a_plaintext_client_gets_nothing(secure, as_user):
    line = refused_line(as_user("worker", "topics", "check", PUMPWATCH_KAFKA_SECURITY="plaintext"))
    assert f"Kafka at {secure.bootstrap} does not answer" in line
    with pytest.raises(KafkaException):
        AdminClient({"bootstrap.servers": secure.bootstrap, "log_level": 0}).list_topics(timeout=3)


def test_tls_without_a_user_gets_nothing(secure):
    client = {"security.protocol": "ssl", "ssl.ca.location": str(secure.authority.certificate), "log_level": 0}
    with pytest.raises(KafkaException):
        AdminClient({"bootstrap.servers": secure.bootstrap, **client}).list_topics(timeout=3)


def test_pumps_write_their_topics_and_nothing_else(ready):
    """They see no topic but their own, read none, not even those, and cannot write what the stream derives."""
    pumps = ready.client("pumps")
    assert write(pumps, KEYSTROKES) is None
    assert set(AdminClient(pumps).list_topics(timeout=10).topics) == {KEYSTROKES, POWER}
    assert_unreadable(pumps, KEYSTROKES)
    assert_unreadable(pumps, POWER)
    for topic in set(list_topics()) - {KEYSTROKES, POWER}:
        assert write(pumps, topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def assert_unreadable(config, topic, within_s=90):
    """Fetch from the start of a topic, outside any group, until the broker refuses it."""
    consumer = Consumer({**config, "group.id": "not-committed", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    deadline = time.monotonic() + within_s
    while True:
        assert time.monotonic() < deadline, f"{topic} was not refused"
        message = consumer.poll(0.5)
        if message is None:
            continue
        assert message.error(), f"{topic} was read"
        if message.error().code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            break
        assert message.error().code() == KafkaError.GROUP_AUTHORIZATION_FAILED, message.error().str()
    consumer.close()


def test_a_subscriber_reads_alerts_and_writes_nothing(ready):
    subscriber = ready.client("subscriber")
    read(subscriber, ALERTS)
    visible = set(AdminClient(subscriber).list_topics(timeout=10).topics)
    assert {ALERTS, DOSE_SCORES, ROLLUPS} <= visible
    assert not {KEYSTROKES, f"{KEYSTROKES}.dlq"} & visible
    for topic in list_topics():
        assert write(subscriber, topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_the_name_in_the_certificate_is_checked(ready, as_user, redis_url, monkeypatch):
    """A certificate of the right authority for another host is not enough, neither for librdkafka nor for Faust."""
    line = refused_line(as_user("worker", "worker", PUMPWATCH_KAFKA=ready.impostor, PUMPWATCH_REDIS=redis_url))
    assert f"Kafka at {ready.impostor} shows a certificate that is not for this address" in line

    for name, value in ready.environment("worker").items():
        monkeypatch.setenv(name, value)
    context = Settings.load().ssl_context()  # what Faust connects with
    shake_hands(ready.bootstrap, context)
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        shake_hands(ready.impostor, context)


def shake_hands(server, context):
    """Open a TLS connection as Faust's client does."""
    host, _, port = server.partition(":")
    with socket.create_connection((host, int(port)), 10) as plain, context.wrap_socket(plain, server_hostname=host):
        pass
