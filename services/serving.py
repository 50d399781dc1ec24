"""Serves an HTTP application until SIGTERM or Ctrl-C: binds first, says when it is ready, ends with exit code 0."""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from streams.settings import SettingsError, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.types import ASGIApp

_STOP_WITHIN_S = 1
_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. Without TLS only loopback is allowed, unless `plain_beyond_loopback` says why it may."""

    host: str
    port: int
    tls_cert: Path | None = None
    tls_key: Path | None = None
    plain_beyond_loopback: bool = False

    def __post_init__(self) -> None:
        """Refuse what would listen in clear text on a network, and certificates that are not there."""
        if (self.tls_cert is None) != (self.tls_key is None):
            raise SettingsError("--tls-cert and --tls-key belong together: give both")
        for option, path in (("--tls-cert", self.tls_cert), ("--tls-key", self.tls_key)):
            if path is not None and not path.is_file():
                raise SettingsError(f"{option}: there is no file {path}")
        if not (self.secure or self.plain_beyond_loopback or is_loopback(self.host)) or not self.host:
            raise SettingsError(
                f"--host {self.host or '(empty)'} is not on this machine: give --tls-cert and --tls-key, "
                "or listen on 127.0.0.1 behind a proxy that has them"
            )

    @property
    def secure(self) -> bool:
        """Whether browsers reach it over TLS."""
        return self.tls_cert is not None

    def bind(self) -> socket.socket:
        """Take the address. Raises SettingsError where it is in use, unknown or not allowed."""
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listening = socket.socket(family, kind, protocol)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
        except OSError as error:
            raise SettingsError(f"cannot listen on {self.host} port {self.port}: {error.strerror}") from None
        return listening

    def url(self, listening: socket.socket) -> str:
        """What to type into a browser."""
        host, port = listening.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.secure else 'http'}://{shown}:{port}"


class _Server(uvicorn.Server):
    """A server that tells when it accepts requests, lets streams end first when it stops, and then exits with 0."""

    def __init__(self, config: uvicorn.Config, ready: str, before_stop: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._before_stop = before_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(self._ready, file=sys.stderr, flush=True)  # noqa: T201 - the line a supervisor waits for

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._before_stop()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does, but without raising the signal again at the end: a wanted stop is no failure."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(app: ASGIApp, address: Address, ready: str, before_stop: Callable[[], None] = lambda: None) -> None:
    """Serve until told to stop, within two seconds then. `{url}` in `ready` becomes the address."""
    listening = address.bind()
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan="on",
        backlog=_BACKLOG,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=_STOP_WITHIN_S,
        ssl_certfile=address.tls_cert,
        ssl_keyfile=address.tls_key,
    )
    try:
        config.load()
    except OSError as error:
        # A key that does not fit its certificate, or a file that is neither.
        raise SettingsError(f"--tls-cert and --tls-key cannot be used: {error.strerror or error}") from None
    _Server(config, ready.replace("{url}", address.url(listening)), before_stop).run([listening])
