"""Debian's redis-server on loopback with a generated password, memory only unless told to keep its data."""

import secrets
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.embedded.ports import LOOPBACK, free_port
from tests.servers.processes import ServerProcess, require

AT_ONCE = Retry(NoBackoff(), 0)  # the client would otherwise retry for seconds


class RedisServer:
    """One redis-server that can be stopped, killed and started again on the same port."""

    def __init__(self, directory: Path) -> None:
        require("redis-server", "redis-server")
        directory.mkdir(parents=True, exist_ok=True)
        password = secrets.token_urlsafe(18)
        port = free_port()
        self.url = f"redis://:{password}@{LOOPBACK}:{port}/0"
        config = directory / "redis.conf"
        config.touch(mode=0o600)
        # `save` writes the data at a SIGTERM, so a stopped server comes back with it; a killed one does not.
        settings = (
            f"bind {LOOPBACK}",
            f"port {port}",
            f"requirepass {password}",
            f"dir {directory}",
            "save 3600 1",
        )
        config.write_text("\n".join(settings) + "\n")
        self.process = ServerProcess("Redis", ["redis-server", str(config)], directory / "redis.log")

    def client(self) -> redis.Redis:
        """Return a client that says at once when the server is down, instead of retrying."""
        return redis.Redis.from_url(self.url, decode_responses=True, retry=AT_ONCE)

    def start(self, within_s: float = 60) -> None:
        """Start if it does not run, and wait until it answers with its data loaded."""
        if not self.process.running:
            self.process.launch()
        self.process.wait_until(self._ready, within_s)

    def _ready(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.BusyLoadingError):
            return False

    def stop(self) -> None:
        """SIGTERM: the data is written and comes back with `start`."""
        if self.process.running:
            self.process.terminate()

    def kill(self) -> None:
        """SIGKILL: what is in memory is lost."""
        self.process.kill()

    def flush(self) -> None:
        """Drop every key."""
        with self.client() as client:
            client.flushall()

    def restart(self) -> None:
        """Stop and start again with the data."""
        self.stop()
        self.start()
