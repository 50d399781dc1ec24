"""What the platform has learned of a drug, put together for a person to read beside what ships with it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from schemas.codec import rfc3339
from schemas.topics import INTENT_STATE
from streams.cluster import Cluster
from streams.intent.learned import Learned
from streams.intent.state import LEARNING_VERSION
from streams.learned_states import StateReader
from streams.readback import Readback

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.intent.learned import LearnedOf
    from streams.intent.priors import Priors
    from streams.intent.shelf import Drug
    from streams.settings import Settings

USUAL = 6
OFTEN = 1.5
"""A decayed count from which a value came more than once: once is no habit."""


class Spread(NamedTuple):
    """Values below which 5, 50 and 95 in 100 lie."""

    p5: float
    p50: float
    p95: float


class Shipped(NamedTuple):
    """What ships for a drug in a unit: from how many entries, between which values 90 in 100 lie, the usual ones."""

    entries: int
    p5: float
    p95: float
    usual: dict[float, float]


class Known(NamedTuple):
    """What a hospital enters for a drug in a unit in care areas of a profile; hospital `*` is all of them together.

    `usual` are values with their share of the entries; `slips` are those that later entries confirmed, `taken_back`
    those that were undone while typing.
    """

    hospital: str
    drug: str
    unit: str
    profile: str
    entries: float
    usual: dict[float, float]
    values: Spread | None
    slips: dict[str, float]
    taken_back: dict[str, float]
    newest_at: str
    partitions: int
    test: bool
    learning_version: str
    shipped: Shipped | None


def from_topic(settings: Settings) -> Learned:
    """All learned states as the topic has them. Raises ClusterError or ReadbackError."""
    config = settings.confluent()
    partitions = Cluster(config).metadata().topics[INTENT_STATE].partitions
    learned, reader, readback = Learned(), StateReader(_complain), Readback(config)
    try:
        for partition in partitions:
            taught = reader.furthest(partition, readback.whole(INTENT_STATE, partition))
            _put(learned, reader, (one.raw for one in taught))
    finally:
        readback.close()
    return learned


def from_lines(lines: Iterable[bytes]) -> Learned:
    """Learned states from NDJSON, of each cell the furthest."""
    learned = Learned()
    _put(learned, StateReader(_complain), lines)
    return learned


def known(learned: Learned, priors: Priors, drug: str, hospital: str | None) -> Iterator[Known]:
    """What was learned of a drug by its canonical name, hospital by hospital, all of them together last."""
    of_drug = sorted(one for one in learned.drugs() if one.drug == drug and hospital in {None, one.hospital})
    for one in of_drug:
        account = learned.account(one)
        for profile in account.profiles or ("adult_icu",):
            of = learned.of(one.hospital, one.drug, one.unit, profile)
            yield _known(one, profile, of, priors)._replace(
                slips={slip: round(count, 2) for slip, count in account.slips.items()},
                taken_back={slip: round(count, 2) for slip, count in account.taken_back.items()},
                newest_at=rfc3339(account.newest),
                partitions=account.partitions,
                test=account.test,
            )
    if hospital is None and len({one.hospital for one in of_drug}) > 1:
        places = {(one.unit, profile): one for one in of_drug for profile in learned.account(one).profiles}
        for (unit, profile), one in sorted(places.items()):
            of = learned.everywhere(drug, unit, profile)
            yield _known(one._replace(hospital="*"), profile, of, priors)


def _complain(what: str, reason: str) -> None:
    sys.stderr.write(f"{what}: {reason}\n")


def _put(learned: Learned, reader: StateReader, lines: Iterable[bytes]) -> None:
    for line in lines:
        state = reader.read(line)
        if state is not None:
            learned.put(state)


def _known(drug: Drug, profile: str, of: LearnedOf | None, priors: Priors) -> Known:
    values = {} if of is None else of.values
    entries = 0.0 if of is None else of.entries
    often = sorted(values.items(), key=lambda item: -item[1])[:USUAL]
    fitted = priors.drugs.get(drug.drug, {}).get(drug.unit)
    return Known(
        *drug,
        profile,
        round(entries, 2),
        {value: round(count / entries, 3) for value, count in often if count >= OFTEN},
        _spread(values),
        {},
        {},
        "",
        0,
        of is not None and of.test,
        LEARNING_VERSION,
        None if fitted is None else Shipped(fitted.entries, fitted.p5, fitted.p95, dict(fitted.usual)),
    )


def _spread(counts: dict[float, float]) -> Spread | None:
    if not counts:
        return None
    total = sum(counts.values())
    found = []
    for share in (0.05, 0.5, 0.95):
        passed = 0.0
        for value in sorted(counts):
            passed += counts[value]
            if passed >= share * total - 1e-9:
                break
        found.append(float(f"{value:.3g}"))
    return Spread(*found)
