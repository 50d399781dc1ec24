"""Screens without a browser: raw connections to a board's stream, cheap enough to open hundreds of them."""

import asyncio
import json
import socket
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class Screen:
    """An open stream. It reads only while it is asked for changes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    last: str = ""
    ended: bool = False
    fingerprints: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls, url: str, cookie: str, last: str = "", *, window: int = 0) -> "Screen":
        """Connect, resuming after the event `last`; `window` keeps the socket's buffer small (bytes)."""
        address = httpx.URL(url)
        connection = socket.socket()
        if window:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (address.host, address.port))
        reader, writer = await asyncio.open_connection(sock=connection, limit=window or 2**20)
        resume = f"Last-Event-ID: {last}\r\n" if last else ""
        head = f"GET /api/stream HTTP/1.1\r\nHost: {address.host}\r\nCookie: {cookie}\r\n{resume}\r\n"
        writer.write(head.encode())
        await writer.drain()
        return cls(reader, writer, last)

    async def begin(self) -> None:
        """Read the answer's head."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head

    async def next(self, *names: str) -> dict[str, Any] | None:
        """What the next event of one of these names says, or None when the stream has ended."""
        while True:
            try:
                size = int(await self.reader.readuntil(b"\r\n"), 16)
                chunk = (await self.reader.readexactly(size + 2))[:size].decode()
            except (asyncio.IncompleteReadError, ConnectionError, ValueError):
                self.ended = True
                return None
            fields = dict(line.split(": ", 1) for line in chunk.splitlines() if ": " in line)
            self.last = fields.get("id", self.last)
            if fields.get("event") in names:
                said: dict[str, Any] = json.loads(fields["data"])
                return said

    async def changes(self, wanted: int) -> None:
        """Read on until so many changes have come."""
        while len(self.fingerprints) < wanted and (said := await self.next("alert")) is not None:
            self.fingerprints.append(said["alert"]["fingerprint"])

    def close(self) -> None:
        """Leave."""
        self.writer.close()
