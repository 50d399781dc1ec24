"""Finds pumps, hospitals, care areas and drugs by a part of their name, and open alerts by their words.

Nothing scans the keys of Redis. The names of a hospital's pumps are read as one list and kept for a minute: of
100,000 pumps that takes Redis about 10 ms, and a search through them about 5 ms (tests/bench/search.py).
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import msgspec

from services.readmodel.alerts import open_alerts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from redis.asyncio import Redis

    from schemas.library import Library
    from services.readmodel.alerts import StoredAlert

_PUMPS_KEPT_S = 60.0


class Hit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A name; `hospital` is None for what is everywhere, `also` what the name is known as and was found by."""

    name: str
    hospital: str | None = None
    also: str | None = None


class Found(NamedTuple):
    """What was found of one kind: the best first, and how many there are in all."""

    total: int
    best: list[Hit]


class PumpNames:
    """The names of all pumps heard of in the last 30 days, by hospital."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._kept: dict[str, tuple[float, list[tuple[str, str]]]] = {}

    async def find(self, text: str, of: Sequence[str], limit: int) -> Found:
        """Pumps of these hospitals whose name holds the text; one that is named exactly is found at once."""
        wanted = text.lower()
        hits = [Hit(name, hospital) for hospital in of for name in await self._holding(wanted, hospital)]
        exact: Any = await self._redis.hget(f"pw:pump:{text}", "hospital")
        if exact in of and Hit(text, exact) not in hits:
            hits.append(Hit(text, exact))
        return _best(hits, lambda hit: (_rank(wanted, hit.name), hit.name), limit)

    async def _holding(self, wanted: str, hospital: str) -> list[str]:
        read_at, names = self._kept.get(hospital, (0.0, []))
        if hospital not in self._kept or self._clock() - read_at > _PUMPS_KEPT_S:
            listed = [str(name) for name in await self._redis.zrange(f"pw:live:{hospital}:online", 0, -1)]
            names = [(name.lower(), name) for name in listed]
            self._kept[hospital] = self._clock(), names
        return [name for lowered, name in names if wanted in lowered]


def find_hospitals(text: str, of: Sequence[str], limit: int) -> Found:
    """Hospitals whose name holds every word of the text."""
    return _best([Hit(name) for name in of if holds(text, name)], lambda hit: _rank(text.lower(), hit.name), limit)


async def find_care_areas(redis: Redis, text: str, of: Sequence[str], limit: int) -> Found:
    """Care areas whose name and hospital hold every word, at least one of them the name."""
    listed = await _sets(redis, "care-areas", of)
    hits = [
        Hit(area, hospital)
        for hospital, areas in listed
        for area in areas
        if holds(text, f"{area} {hospital}") and any(word in area.lower() for word in text.lower().split())
    ]
    return _best(hits, lambda hit: (_rank(text.lower(), hit.name), hit.name, hit.hospital or ""), limit)


async def find_drugs(
    redis: Redis, text: str, of: Sequence[str], library_of: Callable[[str], Library], limit: int
) -> Found:
    """Drugs of which the name or an alias holds every word: those of the libraries, and all that was entered."""
    libraries = {hospital: library_of(hospital) for hospital in of}
    used: Counter[str] = Counter()
    for hospital, drugs in await _sets(redis, "drugs", of):
        used.update({libraries[hospital].canonical_drug(drug) or drug for drug in drugs})
    names: dict[str, list[str]] = {}
    for library in dict.fromkeys(libraries.values()):  # most hospitals share one
        for drug, aliases in library.aliases.items():
            names.setdefault(drug, []).extend(aliases)
    hits = []
    for drug in {*used, *names}:
        found_by = [name for name in (drug, *names.get(drug, ())) if holds(text, name)]
        if found_by:
            hits.append(Hit(drug, also=None if drug in found_by else found_by[0]))
    return _best(hits, lambda hit: (used[hit.name] == 0, _rank(text.lower(), hit.also or hit.name), hit.name), limit)


async def find_alerts(
    redis: Redis, text: str, of: Sequence[str], words: Callable[[StoredAlert], str], look_through: int
) -> list[StoredAlert]:
    """Open alerts, among the worst and newest, whose words hold every word of the text."""
    found, _ = await open_alerts(redis, of, look_through)
    return [each for each in found if holds(text, words(each))]


def holds(text: str, name: str) -> bool:
    """Whether every word of the text occurs in the name, whatever the case."""
    lowered = name.lower()
    return all(word in lowered for word in text.lower().split())


async def _sets(redis: Redis, kind: str, of: Sequence[str]) -> list[tuple[str, list[str]]]:
    pipe = redis.pipeline(transaction=False)
    for hospital in of:
        pipe.smembers(f"pw:{kind}:{hospital}")
    return [
        (hospital, [unquote(name) for name in names]) for hospital, names in zip(of, await pipe.execute(), strict=True)
    ]


def _rank(wanted: str, name: str) -> int:
    """A name that is the text comes first, then those that begin with it, then those that end with it."""
    lowered = name.lower()
    return [lowered == wanted, lowered.startswith(wanted), lowered.endswith(wanted), True].index(True)


def _best(hits: Iterable[Hit], rank: Callable[[Hit], Any], limit: int) -> Found:
    found = list(hits)
    return Found(len(found), heapq.nsmallest(limit, found, key=rank))
