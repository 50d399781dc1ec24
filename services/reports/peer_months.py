"""Which published benchmarks a report tells of: those of its months, or the last before it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from services.reports.peers import Peers, load_peers
from services.reports.releases import published

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from services.reports.benchmarks import Release
    from services.reports.period import Period

MOST_MONTHS = 12
"""A funnel of more points of one hospital is hard to read: judgement."""


class PeerMonths(NamedTuple):
    """The peers file, and the benchmarks that a report tells of, the oldest first."""

    peers: Peers
    releases: list[Release]

    def first_days(self) -> list[date]:
        """The first day of each of the months."""
        return [_first_day(release) for release in self.releases]


def load(file: Path, period: Period) -> PeerMonths:
    """What a report of a period tells of peers. Raises PeersRefusedError and ReleaseError."""
    peers = load_peers(file)
    return PeerMonths(peers, told_in(published(file.parent / peers.benchmarks), period))


def told_in(releases: Sequence[Release], period: Period) -> list[Release]:
    """The releases of the months that a period touches; of a period without any, the last one before it."""
    known = [release for release in releases if _first_day(release) <= period.last]
    within = [release for release in known if _first_day(release) >= period.first.replace(day=1)]
    return within[-MOST_MONTHS:] or known[-1:]


def _first_day(release: Release) -> date:
    return date.fromisoformat(f"{release.month}-01")
