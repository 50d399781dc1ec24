"""Sums over the hourly rollups of a hospital: entries, overrides, verdicts and their outcomes, time on battery."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
import structlog

from schemas.library import Library, load_default
from streams.rollups.cell import COUNTS_BY_WORD, NO_DRUG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from redis.asyncio import Redis

log = structlog.get_logger()

T = TypeVar("T")


class RollupSums(msgspec.Struct, omit_defaults=True):
    """The figures of rollups that can be added: over partitions, drugs, care areas and hours.

    docs/definitions.md says what each one counts.
    """

    entries: int = 0
    confirmed: int = 0
    overridden: int = 0
    cancelled: int = 0
    soft_warnings: int = 0
    hard_warnings: int = 0
    suspect: int = 0
    error: int = 0
    corrected: int = 0
    stood: int = 0
    given_up: int = 0
    caught: int = 0
    caught_minutes: float = 0.0
    slips: dict[str, int] = {}
    harm: dict[str, int] = {}
    avoided_harm: dict[str, int] = {}
    caught_slips: dict[str, int] = {}
    corrected_slips: dict[str, int] = {}
    stood_slips: dict[str, int] = {}
    entered: dict[str, int] = {}
    warned: dict[str, int] = {}
    overrides: dict[str, int] = {}
    flagged_overrides: dict[str, int] = {}
    episodes: int = 0
    unplugged_minutes: float = 0.0
    causes: dict[str, int] = {}
    deep_discharges: int = 0
    low_alarms: int = 0
    avoidable_low_alarms: int = 0
    infusing_minutes: float = 0.0
    battery_minutes: float = 0.0

    def add(self, other: RollupSums) -> None:
        """Add another sum to this one."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in COUNTS_BY_WORD:
            counts = getattr(self, name)
            for word, count in getattr(other, name).items():
                counts[word] = counts.get(word, 0) + count

    @property
    def flagged(self) -> int:
        """Entries with a verdict other than ok."""
        return self.suspect + self.error

    @property
    def decided(self) -> int:
        """Flagged entries of which is known that they were corrected or stood."""
        return self.corrected + self.stood

    @property
    def undecided(self) -> int:
        """Flagged entries that the pump took and of which is not known (yet) whether they were meant."""
        return max(self.flagged - self.given_up - self.decided, 0)


_NUMBERS = tuple(name for name in RollupSums.__struct_fields__ if name not in COUNTS_BY_WORD)


class HourSums(NamedTuple):
    """The sums of a hospital over everything, and those of the drugs of which an entry was flagged."""

    whole: RollupSums
    flagged_drugs: Mapping[str, RollupSums]


class _OfDrug(RollupSums):
    drug: str = ""


_decode = msgspec.json.Decoder(_OfDrug).decode


def total(sums: Iterable[RollupSums]) -> RollupSums:
    """The sum of sums."""
    result = RollupSums()
    for each in sums:
        result.add(each)
    return result


def total_by_drug(by_drug: Iterable[Mapping[str, RollupSums]]) -> dict[str, RollupSums]:
    """The sum of sums by drug."""
    result: dict[str, RollupSums] = {}
    for drugs in by_drug:
        for drug, sums in drugs.items():
            result.setdefault(drug, RollupSums()).add(sums)
    return result


async def hours(redis: Redis, of: Sequence[str]) -> list[tuple[str, str]]:
    """Each hospital and hour (as `2026-11-23T17Z`) of which there are rollups, the newest hours first."""
    pipe = redis.pipeline(transaction=False)
    for hospital in of:
        pipe.zrange(f"pw:hours:{hospital}", 0, -1)
    found = [(hospital, hour) for hospital, kept in zip(of, await pipe.execute(), strict=True) for hour in kept]
    return sorted(found, key=lambda cell: cell[1], reverse=True)


async def changes(redis: Redis, hospital: str) -> dict[str, int]:
    """How often each hour of a hospital has been written to: another number means that its sums are others."""
    kept: Any = await redis.zrange(f"pw:hours:{hospital}", 0, -1, withscores=True)
    return {str(hour): int(writes) for hour, writes in kept}


async def partials(redis: Redis, hospital: str, hour: str, decode: Callable[[bytes | str], T]) -> list[T]:
    """The partial rollups of one hospital and hour, in any order; what cannot be read is reported and left out."""
    found = []
    for partial in await redis.hvals(f"pw:roll:{hospital}:{hour}"):
        try:
            found.append(decode(partial))
        except msgspec.MsgspecError as error:
            log.warning("stored rollup cannot be read", hospital=hospital, hour=hour, reason=str(error))
    return found


async def sums_of(redis: Redis, hospital: str, hour: str) -> HourSums:
    """The sums of one hospital and hour over all its partial rollups."""
    whole = RollupSums()
    drugs: dict[str, RollupSums] = {}
    for sums in await partials(redis, hospital, hour, _decode):
        whole.add(sums)
        if sums.flagged or sums.decided:
            drugs.setdefault(canonical(sums.drug), RollupSums()).add(sums)
    return HourSums(whole, drugs)


def canonical(drug: str) -> str:
    """The name of a drug that all its spellings share; an unknown drug and sums without one keep theirs."""
    return drug if drug.startswith(NO_DRUG) else known_names()(drug) or drug


@cache
def known_names() -> Callable[[str], str | None]:
    """The drug that a name means, by the shipped library; the first call reads it, which takes part of a second."""
    return Library(load_default()).canonical_drug
