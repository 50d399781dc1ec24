"""Following a topic outlives what a broker cannot tell yet and a record that our own code fails on."""

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from structlog.testing import capture_logs

from streams import following
from streams.following import TopicFollower

NOT_LEADER = KafkaException(KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION))


class _Follower(TopicFollower):
    """Refused a few times when it asks where to begin, and unable to take one record."""

    topic = "pump.drug-library.v1"
    what = "drug libraries"

    def __init__(self, refusals: int = 0) -> None:
        super().__init__({"bootstrap.servers": "127.0.0.1:1"})
        self.refusals = refusals
        self.taken: list[bytes | None] = []

    def begin(self, partitions: list[int]) -> list[TopicPartition]:
        if self.refusals:
            self.refusals -= 1
            raise NOT_LEADER
        return super().begin(partitions)

    def take(self, message) -> None:
        if message.key() == b"bad":
            raise ZeroDivisionError
        self.taken.append(message.key())


class _Record:
    def __init__(self, key: bytes) -> None:
        self._key = key

    def key(self) -> bytes:
        return self._key


def test_a_broker_that_cannot_tell_where_to_begin_is_asked_again(monkeypatch):
    """A topic just made has no leader for a moment; the follower waits for it and says so."""
    monkeypatch.setattr(following, "ASK_AGAIN_S", 0.001)
    follower = _Follower(refusals=3)
    with capture_logs() as said:
        begun = follower._begun([0, 1])
    assert [(place.topic, place.partition) for place in begun] == [(follower.topic, 0), (follower.topic, 1)]
    assert [line["event"] for line in said] == ["a topic cannot be read now"] * 3


def test_a_follower_told_to_stop_does_not_ask_on():
    """The end of a worker does not wait for a broker."""
    follower = _Follower(refusals=1_000_000)
    follower.stop()
    assert follower._begun([0]) == []
    assert follower.refusals == 1_000_000


def test_a_record_that_our_code_fails_on_does_not_end_the_thread():
    """It is reported with its key, and the next ones are taken."""
    follower = _Follower()
    with capture_logs() as said:
        for key in (b"good", b"bad", b"also good"):
            follower.take_safely(_Record(key))
    assert follower.taken == [b"good", b"also good"]
    (line,) = said
    assert (line["log_level"], line["key"]) == ("error", b"bad")
