"""A published library reaches the workers' index on a real broker."""

import time

import pytest
from confluent_kafka import Consumer, TopicPartition
from typer.testing import CliRunner

from schemas.topics import DRUG_LIBRARY
from services.library_cli import app
from streams.libraries import Libraries, LibraryFollower

pytestmark = pytest.mark.servers

LIBRARY = """\
hospital: st-example
version: "{version}"
at: 2026-11-23T00:00:00Z
drugs:
  heparin:
    limits:
      adult_icu:
        source: our committee, 2026
        dose units/h: {{hard: [~, {limit}]}}
"""


@pytest.fixture
def publish(topics, tmp_path):
    def published(version, limit):
        path = tmp_path / "library.yaml"
        path.write_text(LIBRARY.format(version=version, limit=limit), encoding="utf-8")
        result = CliRunner().invoke(app, ["publish", str(path), "--kafka", topics])
        assert result.exit_code == 0, result.stderr
        return result.stdout

    return published


def until(holds, within_s=60):
    """Wait until something holds, at most so long."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_library_is_in_force_for_its_hospital_alone_and_the_next_version_replaces_it(topics, publish):
    assert "st-example, version 1, 1 drug, 1 row" in publish("1", 4000)
    libraries = Libraries()
    follower = LibraryFollower({"bootstrap.servers": topics}, libraries)
    follower.start()
    try:
        assert follower.wait_until_read()
        row = libraries("st-example").row("heparin", "MICU", "dose", "units/h")
        assert (libraries("st-example").version, row.hard_high) == ("1", 4000)
        assert libraries("elsewhere").version != "1"
        publish("2", 5000)
        until(lambda: libraries("st-example").version == "2")
        assert libraries("st-example").row("heparin", "MICU", "dose", "units/h").hard_high == 5000
    finally:
        follower.stop()
        follower.join(10)


def test_the_record_is_keyed_by_the_hospital_and_says_what_it_is(topics, publish):
    publish("3", 6000)
    consumer = Consumer({"bootstrap.servers": topics, "group.id": "library-test", "enable.auto.commit": False})
    try:
        _, end = consumer.get_watermark_offsets(TopicPartition(DRUG_LIBRARY, 0), 10)
        consumer.assign([TopicPartition(DRUG_LIBRARY, 0, end - 1)])
        record = consumer.poll(60)
        assert record is not None
        assert record.key() == b"st-example"
        headers = dict(record.headers())
        assert headers["ce_type"] == b"pump.drug-library.v1"
        assert headers["ce_id"] == b"drug-library/st-example/3"
    finally:
        consumer.close()
