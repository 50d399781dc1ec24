"""Sums over the hourly rollups of a hospital: entries, overrides, verdicts, time on battery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from redis.asyncio import Redis

log = structlog.get_logger()


class RollupSums(msgspec.Struct):
    """The figures of rollups that can be added: over partitions, drugs, care areas and hours."""

    entries: int = 0
    overridden: int = 0
    cancelled: int = 0
    soft_warnings: int = 0
    hard_warnings: int = 0
    suspect: int = 0
    error: int = 0
    corrected: int = 0
    stood: int = 0
    episodes: int = 0
    unplugged_minutes: float = 0.0

    def add(self, other: RollupSums) -> None:
        """Add another sum to this one."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


_decode = msgspec.json.Decoder(RollupSums).decode


def total(sums: Iterable[RollupSums]) -> RollupSums:
    """The sum of sums."""
    result = RollupSums()
    for each in sums:
        result.add(each)
    return result


async def hours(redis: Redis, of: Sequence[str]) -> list[tuple[str, str]]:
    """Each hospital and hour (as `2026-11-23T17Z`) of which there are rollups, the newest hours first."""
    pipe = redis.pipeline(transaction=False)
    for hospital in of:
        pipe.zrange(f"pw:hours:{hospital}", 0, -1)
    found = [(hospital, hour) for hospital, kept in zip(of, await pipe.execute(), strict=True) for hour in kept]
    return sorted(found, key=lambda cell: cell[1], reverse=True)


async def sums_of(redis: Redis, hospital: str, hour: str) -> RollupSums:
    """The sums of one hospital and hour over all its partial rollups."""
    partials = await redis.hvals(f"pw:roll:{hospital}:{hour}")
    result = RollupSums()
    for partial in partials:
        try:
            result.add(_decode(partial))
        except msgspec.MsgspecError as error:
            log.warning("stored rollup cannot be read", hospital=hospital, hour=hour, reason=str(error))
    return result
