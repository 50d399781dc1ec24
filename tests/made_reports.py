"""A hospital's weeks for tests of reports: dose scores and power episodes as the topics would hold them."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import get_args

from schemas.events import DoseScore, Harm, Meant, PowerEpisode, Rollup, Slip
from streams.power.infusing import Infused
from streams.rollups.infusing import InfusingCells
from streams.rollups.partition import RollupPartition, rollup_key
from tests.made_alerts import episode, score

PARTITIONS = 3
DRUGS = (
    # Drug as a pump spells it, field, unit, a usual value, values beyond its soft limit that are overridden.
    ("Norepinephrine", "dose", "mcg/min", 8.0, (30.2, 32.0, 35.0)),
    ("Heparin", "dose", "units/h", 1200.0, (2520.0, 2600.0)),
    ("Insulin Regular", "dose", "units/h", 4.0, (26.0, 30.0)),
    ("Propofol", "dose", "mcg/kg/min", 30.0, (85.0,)),
    ("0.9% Sodium Chloride", "rate", "mL/h", 100.0, (1010.0,)),
)
CARE_AREAS = ("MICU", "SICU", "CCU", "Med Surg 5 West", "Emergency Department")
CAUSES = ("practice", "practice", "transport", "loose_cord", "battery_fault", "unknown")


def scores(seed: int, first: datetime, days: int, a_day: int, hospital: str = "st-test") -> Iterator[DoseScore]:
    """Entries in the order of their time, each followed by how it ended if it was flagged and anybody knows."""
    dice = random.Random(seed)
    for number in range(days * a_day):
        at = first + timedelta(minutes=1440 / a_day * number, seconds=dice.randrange(50))
        drug, field, unit, usual, beyond = dice.choices(DRUGS, (5, 4, 3, 2, 6))[0]
        warned = dice.random() < 0.12
        flagged = dice.random() < (0.2 if warned else 0.02)
        typed = usual * 10 if flagged else dice.choice(beyond) if warned else round(usual * dice.uniform(0.5, 1.5), 1)
        slip, grade = dice.choice(get_args(Slip)), dice.choice(get_args(Harm))
        one = score(
            id=f"P{number % 90}/e{number}/1",
            hospital=hospital,
            care_area=dice.choices(CARE_AREAS, (6, 4, 3, 5, 1))[0],
            pump=f"P{number % 90}",
            at=at,
            entry=f"e{number}",
            field=field,
            drug=drug if dice.random() < 0.8 else drug.upper(),
            unit=unit,
            typed=typed,
            action=dice.choices(("override", "cancel"), (3, 1))[0] if warned else "confirm",
            warned=dice.choice(("soft_high", "soft_high", "hard_high", "soft_low")) if warned else None,
            meant=[Meant(value=typed, probability=0.2), Meant(value=usual, probability=0.7, slip=slip)],
            verdict=dice.choice(("suspect", "error")) if flagged else "ok",
            harm=grade if flagged else "none",
        )  # fmt: skip
        yield one
        if flagged and one.action != "cancel" and dice.random() < 0.8:
            yield _ended(one, dice)


def _ended(one: DoseScore, dice: random.Random) -> DoseScore:
    ended = dice.choice(("caught", "caught", "corrected", "stood"))
    changes = {
        "id": one.id.removesuffix("1") + "2",
        "revision": 2,
        "resolution": "corrected" if ended == "caught" else ended,
        "resolved_after_s": float(dice.randrange(20, 1800)),
        "corrected_to": None if ended == "stood" else one.meant[1].value,
        "caught": ended == "caught",
    }
    return DoseScore(**({name: getattr(one, name) for name in one.__struct_fields__} | changes))


def episodes(seed: int, first: datetime, days: int, a_day: int, hospital: str = "st-test") -> Iterator[PowerEpisode]:
    """Closed stretches on battery, and now and then one that still lasts."""
    dice = random.Random(seed)
    for number in range(days * a_day):
        began = first + timedelta(minutes=1440 / a_day * number)
        minutes = float(dice.randrange(3, 240))
        low = dice.random() < 0.1
        yield episode(
            0,
            2,
            hospital=hospital,
            care_area=dice.choices(CARE_AREAS, (2, 2, 2, 8, 1))[0],
            at=began + timedelta(minutes=minutes),
            episode=f"b{number}",
            started_at=began,
            ended_at=None if dice.random() < 0.02 else began + timedelta(minutes=minutes),
            minutes=minutes,
            charge_min=float(dice.randrange(5, 90)),
            cause=dice.choice(CAUSES),
            low_alarm=low,
            depleted=low and dice.random() < 0.2,
        )


def infused(seed: int, first: datetime, days: int, hospital: str = "st-test") -> Iterator[Infused]:
    """Minutes of infusing by care area and hour."""
    dice = random.Random(seed)
    start = int(first.timestamp()) // 3600
    for hour in range(start, start + days * 24):
        for care_area in CARE_AREAS:
            minutes = float(dice.randrange(100, 900))
            yield Infused(hospital, care_area, "spectrum", hour, minutes, round(minutes * dice.uniform(0, 0.2), 1))


def rollups(made_scores, made_episodes=(), made_infused=()) -> list[Rollup]:
    """What the stream makes of them as they come, over several source partitions; of each cell the last."""
    partitions = [RollupPartition(number) for number in range(PARTITIONS)]
    known: dict[str, Rollup] = {}
    events = sorted([*made_scores, *made_episodes], key=lambda event: getattr(event, "started_at", event.at))
    for offset, event in enumerate(events):
        if isinstance(event, DoseScore):
            partition = partitions[int(event.pump[1:]) % PARTITIONS]
            partition.apply_score(event, (offset, 0))
        else:
            partition = partitions[offset % PARTITIONS]
            partition.apply_episode(event, (offset, 0))
        if offset % 500 == 0:
            known |= {rollup_key(rollup): rollup for each in partitions for rollup in each.take_changed()}
    infusing = InfusingCells(0)
    infusing.add(made_infused, 0)
    last = [rollup for each in partitions for rollup in each.take_changed()] + infusing.take_changed()
    return list((known | {rollup_key(rollup): rollup for rollup in last}).values())


def day(number: int) -> datetime:
    """The start of a day of October 2026, UTC."""
    return datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=number - 1)
