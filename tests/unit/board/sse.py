"""Reads a live stream as a browser does."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Event:
    """One event of a stream."""

    name: str
    id: str
    data: Any


@contextlib.asynccontextmanager
async def opened(
    client: httpx.AsyncClient, last: str | None = None, **query: str
) -> AsyncIterator[AsyncIterator[Event]]:
    """Open the stream, resuming after the event `last`."""
    headers = {"Last-Event-ID": last} if last else {}
    async with client.stream("GET", "/api/stream", headers=headers, params=query) as answer:
        assert answer.status_code == 200, answer.status_code
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


async def _events(answer: httpx.Response) -> AsyncIterator[Event]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield Event(fields.get("event", ""), fields.get("id", ""), json.loads(fields["data"]))
            fields = {}
        else:
            fields = {}


async def next_of(events: AsyncIterator[Event], *names: str) -> Event:
    """The next event of one of these names."""
    async for event in events:
        if event.name in names:
            return event
    raise AssertionError("the stream ended")
