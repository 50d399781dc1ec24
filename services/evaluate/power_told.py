"""What a contender told of a fleet's power while it heard it: the stream's own code, or a simple rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from schemas.events import Cause
    from services.evaluate.power_world import Heard


@dataclass
class Episode:
    """The last word on one episode; times in ms since 1970."""

    pump: str
    start: int
    end: int
    minutes: float
    cause: Cause


class Empty(NamedTuple):
    """When a battery is predicted to be empty, in ms since 1970, and between when with nine in ten if that is told."""

    at: int
    earliest: int | None = None
    latest: int | None = None


@dataclass
class Told:
    """Everything told. `warned` holds, for each pump, when `battery_empty_soon` began (True) or ended (False)."""

    episodes: dict[str, Episode] = field(default_factory=dict)
    warned: dict[str, list[tuple[int, bool]]] = field(default_factory=dict)
    raised: list[tuple[int, str, float | None]] = field(default_factory=list)  # when, pump, minutes really left
    silent: list[tuple[int, str]] = field(default_factory=list)
    worn: dict[str, int] = field(default_factory=dict)
    empty: dict[str, Empty] = field(default_factory=dict)
    refused: int = 0

    def warn(self, pump: str, at: int, left: float | None, *, firing: bool) -> None:
        """An alert of an empty battery begins or ends; what goes on is not said twice."""
        changes = self.warned.setdefault(pump, [])
        if (changes[-1][1] if changes else False) != firing:
            changes.append((at, firing))
            if firing:
                self.raised.append((at, pump, left))


class Contender(Protocol):
    """Something that hears power events in order of arrival and tells of them."""

    told: Told

    def hear(self, heard: Heard) -> None:
        """Take the next event."""
