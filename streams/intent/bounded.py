"""A dictionary of fixed size that forgets what was written longest ago."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """Keep at most `size` entries; writing one again makes it the newest."""

    __slots__ = ("_kept", "_size")

    def __init__(self, size: int) -> None:
        self._kept: dict[K, V] = {}
        self._size = size

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: K) -> bool:
        return key in self._kept

    def get(self, key: K) -> V | None:
        """The value kept for a key, or None."""
        return self._kept.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value as the newest and drop the oldest if there are too many."""
        kept = self._kept
        kept.pop(key, None)
        kept[key] = value
        if len(kept) > self._size:
            del kept[next(iter(kept))]

    def pop(self, key: K) -> V | None:
        """Forget a key and hand back what was kept for it."""
        return self._kept.pop(key, None)
