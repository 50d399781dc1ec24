"""What is known of one pump: its state, its charge of the last days, its episodes on battery, alerts and entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import structlog
from redis.client import NEVER_DECODE

from schemas.codec import from_ms
from schemas.events import PowerEpisode
from services.readmodel.alerts import by_fingerprint
from services.readmodel.entries import recent_entries
from services.readmodel.fleet import ONLINE_WITHIN_MS
from streams.sink.charge import SAMPLE_BYTES, ChargeSample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from redis.asyncio import Redis

    from services.readmodel.alerts import StoredAlert
    from services.readmodel.entries import RecentEntry

log = structlog.get_logger()

_decode = msgspec.json.Decoder(PowerEpisode).decode


class PumpState(msgspec.Struct, frozen=True, kw_only=True):
    """What a pump said last. `at` is its own clock, `heard_at` the platform's, both epoch ms.

    `minutes_left` is the pump's own estimate.
    """

    hospital: str
    care_area: str
    model: str
    at: int
    heard_at: int | None
    online: bool
    source: str
    charge_pct: float
    charging: bool
    infusing: bool
    rate_ml_h: float
    channels_running: int
    minutes_left: float | None
    location: str | None
    test: bool


class StoredEpisode(NamedTuple):
    """An episode in its latest revision and its JSON as it was published."""

    episode: PowerEpisode
    raw: msgspec.Raw


class PumpRecord(NamedTuple):
    """All of one pump that the asker may see; all newest first, open alerts before resolved ones."""

    state: PumpState | None
    charge: Sequence[ChargeSample]
    episodes: Sequence[StoredEpisode]
    alerts: Sequence[StoredAlert]
    entries: Sequence[RecentEntry]

    @property
    def hospital(self) -> str | None:
        """Where the pump is, or was when it was last heard of; None where nothing is known of it."""
        if self.state is not None:
            return self.state.hospital
        seen = [(one.episode.at, one.episode.hospital) for one in self.episodes]
        seen += [(one.alert.at, one.alert.hospital) for one in self.alerts]
        seen += [(from_ms(one.line.at), one.line.hospital) for one in self.entries]
        return max(seen)[1] if seen else None


async def read_pump(redis: Redis, pump: str, now_ms: int, admits: Callable[[str], bool]) -> PumpRecord:
    """Read a pump in five round trips; what belongs to a hospital that `admits` refuses is left out.

    Charge samples are those of the hospital that the pump is in now: they begin anew when it moves.
    """
    pipe = redis.pipeline(transaction=False)
    pipe.hgetall(f"pw:pump:{pump}")
    pipe.execute_command("LRANGE", f"pw:charge:{pump}", 0, -1, **{NEVER_DECODE: []})
    pipe.lrange(f"pw:episodes:{pump}", 0, -1)
    pipe.zrevrange(f"pw:alerts:pump:{pump}", 0, -1)
    fields, samples, episodes, fingerprints = await pipe.execute()
    heard_at = await redis.zscore(f"pw:live:{fields.get('hospital', '')}:online", pump)
    state = _state(fields, heard_at, now_ms)
    if state is None or not admits(state.hospital):
        state, samples = None, []
    return PumpRecord(
        state,
        [ChargeSample.unpacked(sample) for sample in samples if len(sample) == SAMPLE_BYTES],
        [one for one in _episodes(episodes) if admits(one.episode.hospital)],
        [one for one in await by_fingerprint(redis, fingerprints) if admits(one.alert.hospital)],
        [one for one in await recent_entries(redis, pump) if admits(one.line.hospital)],
    )


async def on_battery(redis: Redis, hospital: str, now_ms: int, most: int) -> dict[str, PumpState]:
    """The pumps of a hospital that said in the last minutes that they are on battery, by name, last heard first."""
    oldest = now_ms - ONLINE_WITHIN_MS
    found: Any = await redis.zrange(
        f"pw:live:{hospital}:battery", "+inf", oldest, byscore=True, desc=True, offset=0, num=most, withscores=True
    )
    pipe = redis.pipeline(transaction=False)
    for pump, _ in found:
        pipe.hgetall(f"pw:pump:{pump}")
    states = {
        str(pump): _state(fields, heard_at, now_ms)
        for (pump, heard_at), fields in zip(found, await pipe.execute(), strict=True)
    }
    return {pump: state for pump, state in states.items() if state is not None and state.hospital == hospital}


def _state(fields: Mapping[str, str], heard_at: float | None, now_ms: int) -> PumpState | None:
    if not fields:
        return None
    try:
        return PumpState(
            hospital=fields["hospital"],
            care_area=fields["care_area"],
            model=fields["model"],
            at=int(fields["at"]),
            heard_at=None if heard_at is None else int(heard_at),
            online=heard_at is not None and heard_at >= now_ms - ONLINE_WITHIN_MS,
            source=fields["source"],
            charge_pct=float(fields["charge_pct"]),
            charging=fields["charging"] == "1",
            infusing=fields["infusing"] == "1",
            rate_ml_h=float(fields["rate_ml_h"]),
            channels_running=int(fields["channels_running"]),
            minutes_left=float(fields["minutes_left"]) if fields["minutes_left"] else None,
            location=fields["location"] or None,
            test=fields["test"] == "1",
        )
    except (KeyError, ValueError) as error:
        log.warning("stored pump cannot be read", reason=repr(error))
        return None


def _episodes(stored: Iterable[str]) -> list[StoredEpisode]:
    found = []
    for entry in stored:
        raw = entry.partition("\n")[2].encode()
        try:
            found.append(StoredEpisode(_decode(raw), msgspec.Raw(raw)))
        except msgspec.MsgspecError as error:
            log.warning("stored episode cannot be read", reason=str(error))
    return found[::-1]
