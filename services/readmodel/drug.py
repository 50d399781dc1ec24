"""The hourly sums of one drug by hospital, care area and hour, the newest first and up to a bound."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import structlog

from services.readmodel.rollups import RollupSums, canonical
from streams.rollups.cell import escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

log = structlog.get_logger()

# Judgement: two weeks of a drug that is given in five care areas all the time, from twelve partitions; a third of a
# second's work. What is older is left out, and the answer says from when it is complete.
MOST_CELLS = 20_000
_HOURS_A_CALL = 100

_decode = msgspec.json.Decoder(RollupSums).decode


class DrugCell(NamedTuple):
    """Partial sums of a drug; `hour` as `2026-11-23T17Z`."""

    hospital: str
    care_area: str
    hour: str
    sums: RollupSums


class DrugCells(NamedTuple):
    """The cells of a drug since an hour; where they were too many, those after the hour `cut_at`."""

    cells: list[DrugCell]
    cut_at: str | None


class _Place(NamedTuple):
    hour: str
    hospital: str
    field: str


async def names_of(redis: Redis, of: Sequence[str], drug: str) -> list[tuple[str, str]]:
    """Each hospital with each name under which it enters this drug."""
    wanted = await asyncio.to_thread(canonical, drug)
    pipe = redis.pipeline(transaction=False)
    for hospital in of:
        pipe.smembers(f"pw:drugs:{hospital}")
    return [
        (hospital, name)
        for hospital, names in zip(of, await pipe.execute(), strict=True)
        for name in sorted(_unescaped(each) for each in names)
        if name == drug or canonical(name) == wanted
    ]


async def drug_cells(redis: Redis, names: Sequence[tuple[str, str]], since: str) -> DrugCells:
    """The partial sums of these hospitals and names from the hour `since` on; "" means all that is kept."""
    if not names:
        return DrugCells([], None)
    pipe = redis.pipeline(transaction=False)
    for hospital, name in names:
        key = f"pw:drug:{escaped(hospital)}/{escaped(name)}"
        pipe.zrevrangebylex(key, "+", f"[{since}" if since else "-", start=0, num=MOST_CELLS + 1)
    listed = [
        _Place(hour, hospital, field)
        for (hospital, _), members in zip(names, await pipe.execute(), strict=True)
        for hour, _, field in (member.partition("|") for member in members)
    ]
    listed.sort(reverse=True)
    cut_at = None
    if len(listed) > MOST_CELLS:
        # The hour that is cut through is left out: a part of its sums would look like a quiet hour.
        cut_at = listed[MOST_CELLS].hour
        listed = [place for place in listed[:MOST_CELLS] if place.hour > cut_at]
    return DrugCells(await _sums(redis, listed), cut_at)


async def _sums(redis: Redis, places: Sequence[_Place]) -> list[DrugCell]:
    by_hash: dict[tuple[str, str], list[str]] = defaultdict(list)
    for place in places:
        by_hash[place.hour, place.hospital].append(place.field)
    hashes = list(by_hash.items())
    found = []
    for start in range(0, len(hashes), _HOURS_A_CALL):
        chunk = hashes[start : start + _HOURS_A_CALL]
        pipe = redis.pipeline(transaction=False)
        for (hour, hospital), fields in chunk:
            pipe.hmget(f"pw:roll:{hospital}:{hour}", fields)
        replies: list[Any] = await pipe.execute()
        for ((hour, hospital), fields), partials in zip(chunk, replies, strict=True):
            for field, partial in zip(fields, partials, strict=True):
                sums = _read(partial, hospital, hour)
                if sums is not None:
                    found.append(DrugCell(hospital, _unescaped(field.partition("/")[0]), hour, sums))
    return found


def _read(partial: str | None, hospital: str, hour: str) -> RollupSums | None:
    if partial is None:
        return None
    try:
        return _decode(partial)
    except msgspec.MsgspecError as error:
        log.warning("stored rollup cannot be read", hospital=hospital, hour=hour, reason=str(error))
        return None


def _unescaped(name: str) -> str:
    return name.replace("%2F", "/").replace("%25", "%")
