"""Ten thousand bad events of twenty kinds: each is kept with a reason, and no good event among them is lost."""

from collections import Counter

import pytest

from schemas.codec import encode
from schemas.topics import KEYSTROKES
from tests.integration.malformed import KINDS, PUMP
from tests.integration.stream import first_scores, producer, settled, whole
from tests.made_events import entry

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

BAD = 10_000
GOOD = 2_500


def test_every_bad_event_is_kept_with_a_reason_and_every_good_one_scored(topics, redis_url, worker, pumpwatch):
    running = worker()
    sender = producer(topics)
    sender.produce(KEYSTROKES, encode(entry(PUMP, 0, "5")), PUMP)
    kinds = list(KINDS.items())
    good = [entry(f"good{number % 97}", number, "5") for number in range(GOOD)]
    sent: dict[str, str] = {}
    for number in range(BAD):
        kind, (make, _) = kinds[number % len(kinds)]
        sent[str(number)] = kind
        sender.produce(KEYSTROKES, make(number), PUMP, headers=[("bad", str(number).encode())])
        if number % 4 == 0:
            event = good[number // 4]
            sender.produce(KEYSTROKES, encode(event), event.pump)
        sender.poll(0)
    assert sender.flush(60) == 0
    settled(topics, [KEYSTROKES])
    assert running.healthy(), "a bad event never stops a worker"

    scored = {name for name in first_scores(topics) if name.startswith("good")}
    assert scored == {f"{event.pump}/{event.entry}" for event in good}

    # Other tests of this module leave dead letters too; those of this one carry its header.
    buried = [message for message in whole(topics, f"{KEYSTROKES}.dlq") if "bad" in dict(message.headers())]
    assert len(buried) == BAD
    originals = {
        dict(message.headers())["bad"]: message
        for message in whole(topics, KEYSTROKES)
        if dict(message.headers() or [])
    }
    seen = Counter()
    for message in buried:
        headers = dict(message.headers())
        kind = sent[headers["bad"].decode()]
        original = originals[headers["bad"]]
        assert message.value() == original.value(), "the raw bytes are untouched"
        assert message.key() == original.key()
        assert headers["dlq-original-topic"] == KEYSTROKES.encode()
        assert int(headers["dlq-original-partition"]) == original.partition()
        assert int(headers["dlq-original-offset"]) == original.offset()
        assert int(headers["dlq-original-timestamp"]) == original.timestamp()[1]
        reason = headers["dlq-reason"].decode()
        assert KINDS[kind][1] in reason, f"{kind}: {reason}"
        assert len(reason) < 400
        assert "\n" not in reason
        assert headers["dlq-error-class"]
        seen[kind] += 1
    assert seen == {kind: BAD // len(KINDS) for kind in KINDS}

    listed = pumpwatch("dlq", "list", KEYSTROKES, "--error-class", "clock", PUMPWATCH_KAFKA=topics)
    assert listed.returncode == 0, listed.stderr
    assert "1000 refused" in listed.stdout


def test_repaired_events_go_back_where_they_came_from(topics, redis_url, worker, pumpwatch):
    """What is still wrong comes back with its reason; the replay loses nothing and scores nothing twice."""
    worker()
    sender = producer(topics)
    for number in range(60):
        event = encode(entry("again", number, "5")).replace(b'"test":true', b'"test":true,"ward_clerk":"x"')
        sender.produce(KEYSTROKES, event, "again")
    assert sender.flush(30) == 0

    def of_ours() -> int:
        return sum(message.key() == b"again" for message in whole(topics, f"{KEYSTROKES}.dlq"))

    settled(topics, [KEYSTROKES])
    assert of_ours() == 60
    replayed = pumpwatch("dlq", "replay", KEYSTROKES, "--reason", "ward_clerk", PUMPWATCH_KAFKA=topics)
    assert replayed.returncode == 0, replayed.stderr
    assert f"60 records published to {KEYSTROKES}" in replayed.stdout
    settled(topics, [KEYSTROKES])
    assert of_ours() == 120
    assert not [name for name in first_scores(topics) if name.startswith("again/")]


def test_a_topic_of_nothing_but_refused_records_stops_the_worker(topics, redis_url, worker):
    """A wrong deployment is not drained into the dead letters."""
    sender = producer(topics)
    for number in range(3000):
        sender.produce(KEYSTROKES, b'{"schema": "of tomorrow"}', f"pump{number % 500}")
        sender.poll(0)
    assert sender.flush(60) == 0
    stopping = worker(wait=False, DLQ_WINDOW="500", DLQ_MAX_RATIO="0.9")
    assert stopping.wait(120) == 70
    assert "wrong deployment" in stopping.process.tail()
    draining = worker(DLQ_WINDOW="100000")
    settled(topics, [KEYSTROKES])
    assert draining.healthy()
