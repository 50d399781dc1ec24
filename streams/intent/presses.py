"""The keys of an entry: how many were pressed, which came again faster than a finger can, and all as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from schemas.events import PressedKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.events import KeyName

BOUNCE_MS = 80
"""A contact that closes twice does so within 80 ms; a finger needs 110-250 ms for the same key. No pump keypad was
ever measured in public: the split is a judgement, from reports of ISMP and FDA and from telephone keypads."""
MOST_KEYS = 256
_LONGEST_MS = 86_400_000
_HELD_DOWN = frozenset({"UP", "DOWN", "UP_FAST", "DOWN_FAST"})


class Presses(NamedTuple):
    """`bounces` of `presses` were the same key again within `BOUNCE_MS`; `bounced` names these keys, each once."""

    presses: int
    bounces: int = 0
    bounced: tuple[KeyName, ...] = ()


def press_counts(keys: Sequence[tuple[int, str]]) -> Presses:
    """Count the keys of an entry, as (ms, key) in their order; also those that were taken back.

    Keys at the same millisecond have no times: the pump sent them at once. Chevrons are no contacts to judge: they are
    tapped fast, and repeat by themselves while they are held.
    """
    bounced: list[str] | None = None
    before_ms, before = -BOUNCE_MS, ""
    for at_ms, key in keys:
        if key == before and 0 < at_ms - before_ms < BOUNCE_MS and key not in _HELD_DOWN:
            bounced = [key] if bounced is None else [*bounced, key]
        before_ms, before = at_ms, key
    if bounced is None:
        return Presses(len(keys))
    return Presses(len(keys), len(bounced), cast("tuple[KeyName, ...]", tuple(dict.fromkeys(bounced))))


def as_pressed(keys: Sequence[tuple[int, str]], holds: Sequence[int | None]) -> list[PressedKey]:
    """The last `MOST_KEYS` keys of an entry, in ms since its first; `holds` is empty where the pump does not say."""
    if not keys:
        return []
    first_ms = min(at_ms for at_ms, _ in keys)
    held = holds or [None] * len(keys)
    return [
        PressedKey(cast("KeyName", key), min(at_ms - first_ms, _LONGEST_MS), hold)
        for (at_ms, key), hold in zip(keys[-MOST_KEYS:], held[-MOST_KEYS:], strict=True)
    ]
