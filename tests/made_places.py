"""A read model of hospitals with pumps, episodes and weeks of rollups, as the stream's sink would have written it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from redis.asyncio import Redis

from schemas.codec import ms
from schemas.events import PowerEpisode, PowerEvent, Rollup
from streams.sink import ReadModel
from streams.sink.charge import ChargeSamples
from streams.sink.live import live_fields
from tests.made_events import heartbeat
from tests.made_read_model import rollup, store_rollups

AREAS = ("MICU", "SICU", "Ward 3", "Ward 5", "NICU", "ED")
DRUGS = ("Norepinephrine", "Heparin", "Insulin regular", "Propofol", "Fentanyl", "Midazolam", "Vancomycin")


def episode(pump: str, started_at: datetime, minutes: float = 25.0, **changes: Any) -> PowerEpisode:
    """An episode that has ended; its charge fell from 95 to 80%."""
    name = f"{pump}/{started_at:%Y%m%d%H%M}"
    fields: dict[str, Any] = {
        "id": f"{name}/1",
        "hospital": "North",
        "care_area": "MICU",
        "pump": pump,
        "at": started_at + timedelta(minutes=minutes),
        "episode": name,
        "revision": 1,
        "started_at": started_at,
        "ended_at": started_at + timedelta(minutes=minutes),
        "minutes": minutes,
        "charge_start": 95.0,
        "charge_min": 80.0,
        "empty_at": None,
        "drugs": ["Norepinephrine"],
        "cause": "practice",
        "test": True,
    }
    return PowerEpisode(**(fields | changes))


def two_days(pump: str, until: datetime, **changes: Any) -> Iterator[PowerEvent]:
    """Heartbeats each five minutes of a pump that infuses; it is on battery from 230 to 50 minutes before the end."""
    for number in range(2 * 24 * 12 + 1):
        before = 2 * 24 * 60 - number * 5
        on_battery = 50 < before <= 230
        charge = (
            100 - (230 - before) * 0.2 if on_battery else 100 if before > 230 else min(100, 64 + (50 - before) * 0.6)
        )
        yield heartbeat(
            pump,
            number,
            until - timedelta(minutes=before),
            **(
                {
                    "hospital": "North",
                    "source": "battery" if on_battery else "mains",
                    "charging": not on_battery,
                    "charge_pct": round(charge, 1),
                    "infusing": before < 2000,
                    "location": "Bay 4",
                }
                | changes
            ),
        )


async def hear(redis: Redis, *events: PowerEvent, now: datetime | None = None, first: int = 0) -> None:
    """Let power events come in one after the other, as a worker notes them."""
    store = ReadModel(redis, "tests")
    samples = ChargeSamples(store.samples_kept)
    clock_ms = ms(now or datetime.now(UTC))
    for offset, event in enumerate(events, first):
        samples.note(event)
        waiting = samples.waiting(event.pump)
        await store.put_pumps(clock_ms, [(offset, event, live_fields(event), waiting)])
        samples.written(event.pump, waiting)


def weeks(
    hospital: str, now: datetime, days: int, *, areas: tuple[str, ...] = AREAS, seed: int = 1
) -> Iterator[Rollup]:
    """Hourly rollups of some weeks up to the present hour; the first area overrides and unplugs more than others."""
    chance = Random(f"{hospital}/{seed}")
    hour = now.replace(minute=0, second=0, microsecond=0)
    for back in range(days * 24 + now.hour, -1, -1):
        at = hour - timedelta(hours=back)
        busy = 3 if 7 <= at.hour < 19 else 1
        for area in areas:
            worse = 1.6 if area == areas[0] else 1.0
            for drug in DRUGS:
                entries = chance.randint(0, 3 * busy)
                warned = sum(chance.random() < 0.3 for _ in range(entries))
                flagged = sum(chance.random() < 0.06 * worse for _ in range(entries))
                corrected = sum(chance.random() < 0.5 for _ in range(flagged))
                slip = chance.choice(("extra_digit", "missing_decimal", "adjacent_key"))
                yield rollup(
                    hospital,
                    at,
                    chance.randrange(4),
                    care_area=area,
                    drug=drug,
                    entries=entries,
                    confirmed=entries,
                    soft_warnings=warned,
                    overridden=sum(chance.random() < 0.5 * worse for _ in range(warned)),
                    suspect=flagged,
                    corrected=corrected,
                    caught=corrected,
                    stood=flagged - corrected,
                    slips={slip: flagged} if flagged else {},
                )
            infusing = chance.uniform(200, 400)
            share = chance.uniform(0.02, 0.06) * worse
            yield rollup(
                hospital, at, 0, care_area=area, drug="- spectrum", model="spectrum",
                infusing_minutes=round(infusing, 1), battery_minutes=round(infusing * share, 1),
            )  # fmt: skip


async def fill(redis: Redis, hospitals: tuple[str, ...], now: datetime, days: int) -> None:
    """Put weeks of rollups of some hospitals into the read model."""
    for hospital in hospitals:
        await store_rollups(redis, *weeks(hospital, now, days))
