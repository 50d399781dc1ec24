"""Real servers for tests, started once per test module, and the tail of their logs beside every failure.

Topic names are fixed by the contract, so records of one test must not meet those of another. Each module
that asks for `kafka` therefore gets a fresh broker (4 s, 230 MB idle), and each that asks for `redis_url` a
fresh Redis (0.1 s). Within a module, tests share them: use pump names of your own, or flush. A server that
cannot be started is a failure that says what to install, never a skip.

`kafka` is the address; with `PUMPWATCH_KAFKA` set it is that one, emptied between modules
(tests/servers/outside.py). `kafka_server` and `kafka_cluster` are always our own,
because tests stop and kill them.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

from tests.servers import outside
from tests.servers.kafka import Kafka
from tests.servers.processes import STARTED
from tests.servers.redis_server import RedisServer
from tests.servers.worker import Worker

StartWorker = Callable[..., Worker]
Server = TypeVar("Server", Kafka, RedisServer)

# Machines are shared and noisy: no test fails for being slow, nor for making its examples slowly. In CI the examples
# are the same in every run, so that a change is judged by what it changed; at a developer's they are new each time.
settings.register_profile(
    "pumpwatch",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("pumpwatch")


def running(server: Server) -> Iterator[Server]:
    """Start a server for a fixture, and end it whatever happened."""
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="module")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One node of Apache Kafka that may be stopped, killed and started again."""
    server = Kafka(tmp_path_factory.mktemp("kafka"))
    yield from running(server)


@pytest.fixture(scope="module")
def kafka_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """Three nodes of Apache Kafka (12 s to start, 0.7 GB idle)."""
    cluster = Kafka(tmp_path_factory.mktemp("kafka3"), nodes=3)
    yield from running(cluster)


@pytest.fixture(scope="session")
def _outside_kafka() -> str | None:
    """The address of `PUMPWATCH_KAFKA`, once it is known to be empty."""
    address = os.environ.get("PUMPWATCH_KAFKA")
    if address:
        outside.refuse_used(address)
    return address


@pytest.fixture(scope="module")
def kafka(request: pytest.FixtureRequest, _outside_kafka: str | None) -> Iterator[str]:
    """Bootstrap address of a Kafka without topics of ours."""
    if _outside_kafka:
        yield _outside_kafka
        outside.sweep(_outside_kafka)
    else:
        yield request.getfixturevalue("kafka_server").bootstrap


@pytest.fixture(scope="module")
def topics(kafka: str) -> str:
    """The address of `kafka` once every topic of the contract exists there."""
    from services.topics import create

    create({"bootstrap.servers": kafka}, replication=1)
    return kafka


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A real Redis with a password that may be stopped, killed, flushed and started again."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield from running(server)


@pytest.fixture(scope="module")
def redis_url(redis_server: RedisServer) -> str:
    """The URL of `redis_server`, with its password."""
    return redis_server.url


@pytest.fixture
def worker(kafka: str, redis_url: str, tmp_path: Path) -> Iterator[StartWorker]:
    """Start workers: `worker()` is ready when it returns, `worker(wait=False)` is not; all end with the test.

    Keywords in capitals are settings without their prefix: `worker(MAX_POLL_RECORDS="100")`.
    """
    started: list[Worker] = []

    def start(*, wait: bool = True, **settings: str) -> Worker:
        name = f"worker{len(started) + 1}"
        env = {f"PUMPWATCH_{key}": value for key, value in settings.items()}
        started.append(Worker(name, kafka, redis_url, tmp_path / name, env))
        if wait:
            started[-1].start()
        else:
            started[-1].process.launch()
        return started[-1]

    yield start
    for child in started:
        child.kill()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show the end of every server's log beside a failure."""
    report = yield
    if report.failed:
        report.sections += [(f"log of {process.name}", process.tail()) for process in STARTED if process.log.exists()]
    return report
