"""Which offset of a partition may be committed: the finished prefix, held back by open work.

Batches are finished in any order. The committed offset never passes a batch that is delivered but unfinished, nor
the first record of work still open (a dose entry whose keys are still arriving).
"""

from __future__ import annotations

from collections import deque


class PartitionProgress:
    """Delivered and finished batches of one partition, by the offset of their last record."""

    __slots__ = ("_delivered", "_finished", "_hold", "_next")

    def __init__(self) -> None:
        self._delivered: deque[tuple[int, float]] = deque()
        self._finished: set[int] = set()
        self._next: int | None = None
        self._hold: int | None = None

    @property
    def in_flight(self) -> int:
        """Batches delivered and not yet part of the finished prefix."""
        return len(self._delivered)

    @property
    def waiting_since(self) -> float | None:
        """Clock reading at which the oldest unfinished batch was delivered."""
        return self._delivered[0][1] if self._delivered else None

    def deliver(self, last_offset: int, clock: float) -> None:
        """Note a batch handed to the agents; offsets grow from call to call."""
        self._delivered.append((last_offset, clock))

    def finish(self, last_offset: int) -> bool:
        """Note that a batch took full effect. False if it is none of ours any more (a seek or rebalance)."""
        if not any(offset == last_offset for offset, _ in self._delivered):
            return False
        self._finished.add(last_offset)
        while self._delivered and self._delivered[0][0] in self._finished:
            offset, _ = self._delivered.popleft()
            self._finished.discard(offset)
            self._next = offset + 1
        return True

    def hold(self, offset: int | None) -> None:
        """Keep the committed offset at or before `offset` until another call says otherwise."""
        self._hold = offset

    def committable(self) -> int | None:
        """The offset to commit (the next record to read), or None before anything finished."""
        if self._next is None or self._hold is None:
            return self._next
        return min(self._next, self._hold)

    def forget(self) -> None:
        """Drop everything: the partition was taken away or is read again from its committed offset."""
        self._delivered.clear()
        self._finished.clear()
        self._next = None
        self._hold = None
