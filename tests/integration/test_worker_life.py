"""How a worker starts, stops, gives up and takes a new drug library. Apache Kafka and real Redis."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from schemas.codec import encode
from schemas.events import DrugLibrary, LibraryRow
from schemas.topics import DRUG_LIBRARY, KEYSTROKES
from tests.integration.stream import eventually, first_scores, producer, publish, settled
from tests.made_events import entry, in_pieces, now
from tests.servers.worker import Worker

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]

BROKEN_WORKER = Path(__file__).with_name("broken_worker.py")


def scored(kafka: str, pump: str) -> set[str]:
    return {name.partition("/")[2] for name in first_scores(kafka) if name.startswith(f"{pump}/")}


def test_a_worker_stops_by_itself_in_mid_stream(topics, redis_url, worker):
    running = worker()
    publish(topics, [entry("stopped", number, "5") for number in range(5000)])
    assert running.terminate() == 0
    worker()
    settled(topics, [KEYSTROKES])
    assert scored(topics, "stopped") == {f"stopped-e{number}" for number in range(5000)}


def test_an_open_entry_outlives_the_worker_and_its_successor_scores_it(topics, redis_url, worker):
    """The commit waits at its first key, so the keys are read again after a graceful stop as after a kill."""
    *keys, commit = in_pieces(entry("open", 1, "45"))
    first = worker()
    publish(topics, [*keys, entry("closed", 1, "5")])
    eventually(lambda: bool(scored(topics, "closed")), 90, "the other entry is scored")
    assert first.terminate() == 0
    worker()
    publish(topics, [commit])
    eventually(lambda: bool(scored(topics, "open")), 90, "the open entry is scored")
    score = first_scores(topics)["open/open-e1"]
    assert score.typed == 45
    assert not any("keys" in sentence for sentence in score.evidence), "no key was lost"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("hang", "has not been finished for"),
        ("block", "the event loop has not turned for"),
        ("raise", "dose agent: broken on purpose"),
    ],
)
def test_a_worker_that_makes_no_progress_exits_and_says_why(fault, said, topics, redis_url, tmp_path, worker):
    """Faust would hang or skip the event; here the process ends before the ack and the next one takes it up."""
    broken = Worker("broken", topics, redis_url, tmp_path / "broken", {"PUMPWATCH_WATCHDOG_S": "10", "FAULT": fault})
    broken.process.command = [sys.executable, str(BROKEN_WORKER)]
    # It may fail before it is ever ready, on what an earlier worker had not yet acknowledged.
    broken.process.launch()
    try:
        publish(topics, [entry(f"fault-{fault}", 1, "5")])
        assert broken.wait(150) == 70
    finally:
        broken.kill()
    assert said in broken.process.tail()
    worker()
    eventually(lambda: bool(scored(topics, f"fault-{fault}")), 60, "the successor scores the entry")


def test_a_hospitals_own_library_judges_within_seconds(topics, redis_url, worker):
    """The score names the version; a tombstone brings the shipped library back."""
    worker()
    publish(topics, [entry("library", 1, "5", hospital="st-own")])
    eventually(lambda: "library-e1" in scored(topics, "library"), 90, "the entry is scored")
    shipped = first_scores(topics)["library/library-e1"]
    assert shipped.limit is None

    strict = LibraryRow(
        drug="Norepinephrine", care_area="adult_icu", field="dose", unit="mcg/min", hard_high=2.0, source="test"
    )
    own = DrugLibrary(id="own-1", hospital="st-own", at=now(), version="own-1", rows=[strict])
    sender = producer(topics)
    sender.produce(DRUG_LIBRARY, encode(own), "st-own")
    assert sender.flush(10) == 0

    def judged_by(version: str) -> bool:
        number = int(time.time() * 10)
        publish(topics, [entry("library", number, "5", hospital="st-own")])
        name = f"library/library-e{number}"
        eventually(lambda: name in first_scores(topics), 90, "the entry is scored")
        return first_scores(topics)[name].library_version == version

    eventually(lambda: judged_by("own-1"), 90, "the published library judges")
    latest = max((score for score in first_scores(topics).values() if score.pump == "library"), key=lambda s: s.at)
    assert latest.limit == "hard_high"

    sender.produce(DRUG_LIBRARY, None, "st-own")
    assert sender.flush(10) == 0
    eventually(lambda: judged_by(shipped.library_version), 90, "the shipped library judges again")


def test_two_workers_share_the_partitions_evenly(topics, redis_url, worker):
    """The same partition number of all topics meets in one worker; maintenance windows have one partition alone."""
    first = worker()
    second = worker()

    def shares() -> list[int]:
        return sorted(one.health()[1]["partitions"] for one in (first, second))

    eventually(lambda: shares() == [7 * 6, 7 * 6 + 1], 120, "both read six partitions of each of the seven topics")


def test_a_worker_listens_on_loopback_only(topics, redis_url, worker):
    """Faust's own web server would bind every address."""
    running = worker()
    listening = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True, check=True).stdout
    ours = [line for line in listening.splitlines() if f"pid={running.process.pid}," in line]
    assert [line.split()[3] for line in ours] == [f"127.0.0.1:{running.port}"]


def test_a_kafka_that_does_not_answer_is_named_in_one_line(redis_url, pumpwatch):
    """No traceback: what does not answer, and what to do."""
    said = pumpwatch("worker", PUMPWATCH_KAFKA="127.0.0.1:9", PUMPWATCH_REDIS=redis_url)
    assert said.returncode == 1
    assert said.stderr.strip().splitlines()[-1].startswith("pumpwatch: Kafka at 127.0.0.1:9 does not answer")
    assert "Traceback" not in said.stderr


def test_the_doctor_finds_everything_well_or_says_what_is_not(topics, redis_url, worker, pumpwatch):
    servers = {"PUMPWATCH_KAFKA": topics, "PUMPWATCH_REDIS": redis_url}
    worker()
    well = pumpwatch("doctor", "--json", **servers)
    assert well.returncode == 0, well.stdout + well.stderr
    assert '"what": "workers", "well": true' in well.stdout
    ill = pumpwatch("doctor", **servers | {"PUMPWATCH_REDIS": "redis://127.0.0.1:9"})
    assert ill.returncode == 1
    assert "set PUMPWATCH_REDIS" in " ".join(ill.stdout.split())
    assert "Traceback" not in ill.stderr
