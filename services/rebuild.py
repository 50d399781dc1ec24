"""Redis from the topics: it is a read model, so losing it loses nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from schemas.codec import EventRefused, check_key, check_plausible, decode
from schemas.events import Alert, DoseScore, MaintenanceWindow, PowerEpisode, PowerEvent, Rollup
from schemas.topics import ALERTS, DOSE_SCORES, MAINTENANCE, POWER, POWER_EPISODES, ROLLUPS
from streams.cluster import Cluster, ClusterError
from streams.positions import read_position
from streams.readback import Readback
from streams.sink import ReadModel, entries
from streams.sink.charge import ChargeSamples
from streams.sink.live import live_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from confluent_kafka import Message
    from redis.asyncio import Redis

# Everything the stream writes. Sessions of the board and heartbeats of workers are not from topics and stay, and so
# do the feeds: old changes sent again would appear on every screen as new ones.
FAMILIES = (
    "alert:*", "alert-steps:*", "alerts:open:*", "alerts:pump:*", "care-areas:*", "charge:*", "critical:*",
    "drug:*", "drugs:*", "entries:*", "entry:*", "episodes:*", "fence:*", "hospitals", "hours:*", "live:*",
    "maintenance:*", "pump:*", "roll:*", "sums:*", "window:*",
)  # fmt: skip
REBUILT_FROM = (ALERTS, ROLLUPS, DOSE_SCORES, POWER_EPISODES, POWER, MAINTENANCE)
# What the board calls online is what was heard of in the last 5 minutes.
LIVE_MS = 5 * 60_000
RECORDS_AT_ONCE = 5000


async def rebuild(
    config: Mapping[str, Any], redis: Redis, store: ReadModel, charge_h: float, progress: Callable[[str, int], None]
) -> dict[str, int]:
    """Empty the read model and fill it again from the topics; returns records by topic.

    The charge of pumps comes from all power events of the last `charge_h` hours, which are read after everything else.
    May run beside live workers: every write carries its offset, and an older one never replaces a newer one.
    Nothing is emptied before Kafka has answered. Raises ClusterError, ReadbackError or RedisAwayError.
    """
    known = Cluster(config).metadata().topics
    if missing := sorted(set(REBUILT_FROM) - known.keys()):
        raise ClusterError(f"topics are missing, or not for this user: {', '.join(missing)}")
    for family in FAMILIES:
        keys = [key async for key in redis.scan_iter(match=f"pw:{family}", count=1000)]
        for start in range(0, len(keys), RECORDS_AT_ONCE):
            await redis.unlink(*keys[start : start + RECORDS_AT_ONCE])
    reader = Readback(config)
    counts = dict.fromkeys(REBUILT_FROM, 0)
    try:
        for topic in REBUILT_FROM:
            for partition in range(len(known[topic].partitions)):
                for messages in _portions(reader, topic, partition):
                    await _put(store, topic, partition, messages)
                    counts[topic] += len(messages)
                    progress(topic, counts[topic])
        await store.say_rebuilt()
        if charge_h and store.samples_kept:
            since_ms = int((time.time() - charge_h * 3600) * 1000)
            for partition in range(len(known[POWER].partitions)):
                await _put_charge(store, reader, partition, since_ms, progress)
    finally:
        reader.close()
    return counts


def _portions(reader: Readback, topic: str, partition: int) -> Iterator[list[Message]]:
    found = (
        reader.since(topic, partition, int(time.time() * 1000) - LIVE_MS)
        if topic == POWER
        else reader.whole(topic, partition)
    )
    yield from _in_portions(found)


def _in_portions(found: Iterable[Message]) -> Iterator[list[Message]]:
    portion: list[Message] = []
    for message in found:
        portion.append(message)
        if len(portion) == RECORDS_AT_ONCE:
            yield portion
            portion = []
    if portion:
        yield portion


async def _put(store: ReadModel, topic: str, partition: int, messages: list[Message]) -> None:
    if topic == POWER:
        latest = {event.pump: (offset, event) for offset, event, _ in _events(PowerEvent, messages)}
        clock_ms = messages[-1].timestamp()[1]
        rows = [(offset, event, live_fields(event), b"") for offset, event in latest.values()]
        await store.put_pumps(clock_ms, rows)
    elif topic == POWER_EPISODES:
        await store.put_episodes(episode for _, episode, _ in _events(PowerEpisode, messages))
    elif topic == MAINTENANCE:
        await store.put_windows(topic, partition, _events(MaintenanceWindow, messages), rebuild=True)
    elif topic == DOSE_SCORES:
        await entries.put(store, _noted(messages))
    elif topic == ALERTS:
        await store.put_alerts(topic, partition, _events(Alert, messages), rebuild=True)
    else:
        await store.put_rollups(topic, partition, _events(Rollup, messages), rebuild=True)


async def _put_charge(
    store: ReadModel, reader: Readback, partition: int, since_ms: int, progress: Callable[[str, int], None]
) -> None:
    samples, places = ChargeSamples(store.samples_kept), dict[str, str]()
    read = 0
    for messages in _in_portions(reader.since(POWER, partition, since_ms)):
        for event in _taken(messages):
            if places.setdefault(event.pump, event.hospital) != event.hospital:
                samples.drop(event.pump)  # what it was like elsewhere is no business of the hospital that has it now
                places[event.pump] = event.hospital
            samples.note(event)
        read += len(messages)
        progress(f"charge of pumps, partition {partition}", read)
    await store.put_charge_before({pump: samples.waiting(pump) for pump in places})


def _taken(messages: list[Message]) -> Iterator[PowerEvent]:
    """Power events with the key and about the time of their record, as workers take no others."""
    for message in messages:
        for _, event, _ in _events(PowerEvent, [message]):
            try:
                check_key(message.key(), event.pump)
                check_plausible(event, message.timestamp()[1])
            except EventRefused:
                continue
            yield event


def _noted(messages: list[Message]) -> Iterator[entries.Noted]:
    """Scores with the offsets of the keystroke records they follow from; one from elsewhere has none."""
    for message in messages:
        found = read_position(message.headers())
        for _, score, _ in _events(DoseScore, [message]):
            if found is not None:
                yield found[1][0], score


def _events(kind: Any, messages: list[Message]) -> Iterator[tuple[int, Any, bytes]]:
    for message in messages:
        raw = message.value()
        if not isinstance(raw, bytes):
            continue
        try:
            event = decode(kind, raw)
        except EventRefused:
            continue  # it stands in the dead letters, where the worker put it
        yield message.offset() or 0, event, raw
