"""One entry as the events its pump sends: all keys at once, in chunks, or each key alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.codec import from_ms
from schemas.events import KeyPress, KeystrokeEvent

if TYPE_CHECKING:
    from random import Random

    from schemas.events import Commit, Field
    from services.pumps.behaviour import Sending

LONGEST_CHUNK = 4


class EntryHead(NamedTuple):
    """What all events of one entry have in common."""

    hospital: str
    care_area: str
    pump: str
    model: str
    channel: int
    entry: str
    field: Field
    drug: str
    unit: str
    concentration: float | None
    previous: float | None


def send(
    head: EntryHead,
    begins_ms: int,
    keys: list[KeyPress],
    confirm_ms: int,
    commit: Commit,
    how: Sending,
    ids: tuple[str, int],
    dice: Random,
) -> list[tuple[int, KeystrokeEvent]]:
    """The events with their times in ms since 1970, in order; the last one commits the entry.

    `keys` count from `begins_ms`, the commit follows `confirm_ms` after the last of them. `ids` are the beginning of
    the events' ids and the first sequence number; each event takes the next one.
    """
    parts = _parts(keys, how, dice)
    ends_ms = begins_ms + (keys[-1].t if keys else 0) + confirm_ms
    alone = how != "whole" and (how == "keys" or dice.random() < 0.5)
    if not parts or alone:
        parts.append([])
    prefix, seq = ids
    events = []
    for part in parts:
        last = part is parts[-1]
        first_ms = part[0].t if part else ends_ms - begins_ms
        at_ms = begins_ms + first_ms
        event = KeystrokeEvent(
            id=f"{prefix}{seq}",
            hospital=head.hospital,
            care_area=head.care_area,
            pump=head.pump,
            at=from_ms(at_ms),
            seq=seq,
            model=head.model,
            channel=head.channel,
            entry=head.entry,
            field=head.field,
            drug=head.drug,
            unit=head.unit,
            concentration=head.concentration,
            previous=head.previous,
            keys=[KeyPress(key.k, key.t - first_ms, key.hold) for key in part],
            commit=commit if last else None,
            test=True,
        )
        events.append((at_ms, event))
        seq += 1
    return events


def _parts(keys: list[KeyPress], how: Sending, dice: Random) -> list[list[KeyPress]]:
    if how == "whole":
        return [keys] if keys else []
    parts, at = [], 0
    while at < len(keys):
        length = 1 if how == "keys" else dice.randint(1, LONGEST_CHUNK)
        parts.append(keys[at : at + length])
        at += length
    return parts
