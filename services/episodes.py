"""Follows power events from a file with the code of the stream: events in, episodes and alerts out, no broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from schemas.codec import EventRefused, decode
from schemas.events import Alert, PowerEpisode, PowerEvent
from streams.alerts.partition import AlertPartition
from streams.alerts.rules import load_rules
from streams.power.partition import PowerPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Followed(NamedTuple):
    """What one line led to, in order, or why it was refused."""

    number: int
    episodes: list[PowerEpisode]
    alerts: list[Alert]
    refusal: EventRefused | None = None


def follow_lines(lines: Iterable[tuple[int, bytes]]) -> Iterator[Followed]:
    """Follow power events in the order in which they arrived.

    The whole file is one partition. That changes no episode: what is published of a pump depends on that pump
    alone (see `PowerPartition` for the one exception, a pump that is silent for two days).
    """
    power, alerts = PowerPartition(), AlertPartition(load_rules())
    for number, line in lines:
        try:
            episodes = power.apply(decode(PowerEvent, line), number)
        except EventRefused as refusal:
            yield Followed(number, [], [], refusal)
        else:
            changes = [alert for episode in episodes for alert in alerts.apply_episode(episode)]
            yield Followed(number, episodes, changes)
