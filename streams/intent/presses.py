"""How many keys were pressed in an entry, and which of them came again faster than a finger can."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.events import KeyName

BOUNCE_MS = 80
"""A contact that closes twice does so within 80 ms; a finger needs 110-250 ms for the same key. No pump keypad was
ever measured in public: the split is a judgement, from reports of ISMP and FDA and from telephone keypads."""
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
