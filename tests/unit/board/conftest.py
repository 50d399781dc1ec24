"""A board on a real Redis, served on loopback inside the test's event loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from redis.asyncio import Redis

from schemas.events import AlertAction, AuditEvent, AuditKind
from schemas.topics import AUDIT
from services.board.account_file import AccountBook
from services.board.accounts import Account, Accounts
from services.board.app import Board, BoardConfig
from services.board.publisher import EventPublisher, NotConfirmedError

USER, PASSWORD = "biomed", "correct horse battery"
# Hashing takes tens of ms and is the same for every test.
ACCOUNT = Account.create(USER, PASSWORD)


def fixed_book(*accounts: Account) -> AccountBook:
    """Accounts that no file holds."""
    return AccountBook(fixed=Accounts(accounts=list(accounts or [ACCOUNT])))


class RecordingPublisher(EventPublisher):
    """Confirms events without Kafka, or refuses them all; those of the audit stand apart."""

    def __init__(self) -> None:
        self.published: list[tuple[str, str, Any]] = []
        self.audited: list[AuditEvent] = []
        self.refusal: str | None = None

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    @property
    def actions(self) -> list[AlertAction]:
        """What was done with alerts."""
        return [event for _, _, event in self.published if isinstance(event, AlertAction)]

    async def publish(self, topic: str, key: str, event: Any) -> None:
        if self.refusal:
            raise NotConfirmedError(self.refusal)
        if isinstance(event, AuditEvent):
            assert (topic, key) == (AUDIT, event.hospital)
            self.audited.append(event)
        else:
            self.published.append((topic, key, event))


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):
        yield


@dataclass
class ServedBoard:
    """The board, where it is served, and what it would have published."""

    app: Board
    url: str
    publisher: RecordingPublisher
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    async def follows(self, *hospitals: str) -> None:
        """Wait until the board follows the feeds of these hospitals."""
        async with asyncio.timeout(60):
            while not self.app.feed.hospitals.issuperset(hospitals):  # noqa: ASYNC110 (no event tells it)
                await asyncio.sleep(0.01)

    async def audited(self, kind: AuditKind) -> list[AuditEvent]:
        """The events of a kind, once everything so far is taken down."""
        await asyncio.wait_for(self.app._audit._waiting.join(), 60)
        return [event for event in self.publisher.audited if event.kind == kind]

    def client(self, **options: Any) -> httpx.AsyncClient:
        """A browser without a session."""
        client = httpx.AsyncClient(base_url=self.url, timeout=60, verify=False, **options)  # noqa: S501 (plain HTTP)
        self.clients.append(client)
        return client

    async def logged_in(self, user: str = USER) -> httpx.AsyncClient:
        """A browser that has logged in; its CSRF token is in `client.headers`."""
        client = self.client()
        answer = await client.post("/login", data={"user": user, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        client.headers["X-CSRF-Token"] = (await client.get("/api/session")).json()["csrf"]
        return client


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """An empty Redis."""
    client = Redis.from_url(redis_url, decode_responses=True)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
def book() -> AccountBook:
    """Who may use the board: one admin. A test module that needs others has a fixture of this name."""
    return fixed_book()


@pytest.fixture
async def board(redis: Redis, redis_url: str, book: AccountBook) -> AsyncIterator[ServedBoard]:
    """A board that is up."""
    async with serving(BoardConfig(redis=redis_url, kafka={}, book=book)) as served:
        yield served


@contextlib.asynccontextmanager
async def serving(config: BoardConfig, listening: socket.socket | None = None) -> AsyncIterator[ServedBoard]:
    """Serve a board, on a port of its own unless a bound socket is given."""
    publisher = RecordingPublisher()
    app = Board(config, publisher)
    if listening is None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
    server = _Server(
        uvicorn.Config(app, log_config=None, lifespan="on", server_header=False, timeout_graceful_shutdown=1)
    )
    running = asyncio.create_task(server.serve([listening]))
    served = ServedBoard(app, f"http://127.0.0.1:{listening.getsockname()[1]}", publisher)
    while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
        await asyncio.sleep(0.01)
    yield served
    for client in served.clients:
        await client.aclose()
    app.close_streams()
    publisher.refusal = None
    server.should_exit = True
    await running
