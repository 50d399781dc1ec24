"""A board on a real Redis, served from a thread, that is filled by tests instead of Kafka and workers."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import uvicorn

from schemas.events import Alert
from services.board.app import Board, BoardConfig
from services.embedded.ports import LOOPBACK, free_port
from services.readmodel.connection import connect
from tests.made_read_model import beat, store
from tests.unit.board.conftest import RecordingPublisher, fixed_book

if TYPE_CHECKING:
    from redis.asyncio import Redis

T = TypeVar("T")


class Stage:
    """What stands in Redis is on the screens; what people do is recorded in `publisher`."""

    def __init__(self, redis_url: str, *accounts: Any) -> None:
        self.publisher = RecordingPublisher()
        self._board = Board(BoardConfig(redis=redis_url, kafka={}, book=fixed_book(*accounts)), self.publisher)
        port = free_port()
        self._server = uvicorn.Server(
            uvicorn.Config(self._board, host=LOOPBACK, port=port, log_config=None, timeout_graceful_shutdown=1)
        )
        self._runner = asyncio.Runner()
        self._thread = threading.Thread(target=self._serve, name="board")
        self.redis: Redis = connect(redis_url)
        self.url = f"http://{LOOPBACK}:{port}"

    def start(self) -> None:
        """Serve, on an empty Redis with a worker that makes progress."""
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the board did not start"
            threading.Event().wait(0.01)
        self.empty()

    def empty(self) -> None:
        """Nothing is open and nobody is logged in; the pipeline moves."""
        self.run(self.redis.flushall())
        self.run(beat(self.redis))
        self.publisher.published.clear()

    def stop(self) -> None:
        """End the streams and the server."""
        self.run(self.redis.aclose())
        self._runner.get_loop().call_soon_threadsafe(self._board.close_streams)
        self._server.should_exit = True
        self._thread.join()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the board's event loop, as Playwright occupies this thread's."""
        return asyncio.run_coroutine_threadsafe(work, self._runner.get_loop()).result(60)

    def show(self, *alerts: Alert) -> None:
        """Let alerts or revisions of them come."""
        self.run(store(self.redis, *alerts))

    def _serve(self) -> None:
        with self._runner:
            self._runner.run(self._server.serve())
