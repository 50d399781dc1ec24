"""Acknowledging batches once what they led to is confirmed.

Kafka confirms in milliseconds, and an agent need not wait for it with every batch: it goes on with the next one, and
one confirmation serves all batches applied meanwhile. A batch is acknowledged only after its own effects are on disk.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.agents.batch_agent import BatchAgent


class Applied(NamedTuple):
    """A batch whose effects are on their way. `hold` is what the agent's open work held back right after it."""

    event: Any
    hold: int | None
    started: float


class Finishing:
    """The batches of one agent between applied and acknowledged."""

    def __init__(self, agent: BatchAgent, done: Callable[[Applied], None], failed: Callable[[Exception], None]) -> None:
        self._agent, self._done, self._failed = agent, done, failed
        self._waiting: list[Applied] = []
        self._wake = asyncio.Event()

    def add(self, event: Any, hold: int | None, started: float) -> None:
        """Take over a batch right after it was applied."""
        self._waiting.append(Applied(event, hold, started))
        self._wake.set()

    async def run(self) -> None:
        """Confirm and acknowledge until cancelled, in the order in which batches were applied."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            waiting, self._waiting = self._waiting, []
            try:
                await self._agent.outbox.confirm()
            except Exception as error:  # noqa: BLE001 (whatever it is, nothing may be acknowledged after it)
                self._failed(error)
                return
            for applied in waiting:
                self._done(applied)
