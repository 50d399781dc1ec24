"""Open alerts in the order a person should look at them, and any one alert by its fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import msgspec
import structlog

from schemas.events import Alert, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from redis.asyncio import Redis

log = structlog.get_logger()

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
# The score of an open alert is rank x 1e13 + epoch ms of its `since`: severity first, then the newest.
RANK: dict[Severity, int] = {"critical": 3, "warning": 2, "info": 1}
RANK_STEP = 10**13

_decoder = msgspec.json.Decoder(Alert)


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """One alert and its JSON as it was published, so that fields added later reach a reader too."""

    alert: Alert
    raw: msgspec.Raw


def parse(text: str | None) -> StoredAlert | None:
    """Read a stored alert, or None where there is none or somebody else wrote something else there."""
    if text is None:
        return None
    raw = text.encode()
    try:
        return StoredAlert(_decoder.decode(raw), msgspec.Raw(raw))
    except msgspec.MsgspecError as error:
        log.warning("stored alert cannot be read", reason=str(error))
        return None


def key_of_open(hospital: str) -> str:
    """Sorted set of the firing and acknowledged alerts of a hospital."""
    return f"pw:alerts:open:{hospital}"


def score_range(severity: Severity) -> tuple[int, str]:
    """Lowest score of a severity and the open upper end, as ZCOUNT takes them."""
    return RANK[severity] * RANK_STEP, f"({(RANK[severity] + 1) * RANK_STEP}"


def severity_of(score: float) -> Severity | None:
    """Severity that a score in the sorted set stands for."""
    rank = int(score // RANK_STEP)
    return next((severity for severity, its_rank in RANK.items() if its_rank == rank), None)


async def hospitals(redis: Redis) -> list[str]:
    """All hospitals of which anything was heard, by name."""
    return sorted(str(name) for name in await redis.smembers("pw:hospitals"))


async def known(redis: Redis, of: Collection[str] | None) -> list[str]:
    """Those of the hospitals of which anything was heard, by name; None stands for all."""
    return [name for name in await hospitals(redis) if of is None or name in of]


async def open_alerts(redis: Redis, of: Sequence[str], limit: int) -> tuple[list[StoredAlert], int]:
    """The first `limit` open alerts of the hospitals, worst and newest first, and how many there are in all."""
    if not of:
        return [], 0
    pipe = redis.pipeline(transaction=False)
    for hospital in of:
        pipe.zrevrange(key_of_open(hospital), 0, limit - 1, withscores=True)
        pipe.zcard(key_of_open(hospital))
    replies = await pipe.execute()
    ranked = sorted((-score, fingerprint) for found in replies[::2] for fingerprint, score in found)
    stored = await by_fingerprint(redis, [fingerprint for _, fingerprint in ranked[:limit]])
    # Between the two reads an alert may have been resolved: it is no longer open, whatever the first read said.
    return [each for each in stored if each.alert.state != "resolved"], sum(replies[1::2])


async def by_fingerprint(redis: Redis, fingerprints: Iterable[str]) -> list[StoredAlert]:
    """The alerts with these fingerprints in this order, resolved ones too; unknown ones are left out."""
    pipe = redis.pipeline(transaction=False)
    for fingerprint in fingerprints:
        pipe.hget(f"pw:alert:{fingerprint}", "alert")
    return [found for text in await pipe.execute() if (found := parse(text)) is not None]
