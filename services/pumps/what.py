"""What the loop of events asks of its sources: who the pumps are, and what is entered on them."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable

    from services.pumps.fleet import Pump
    from services.pumps.nurse import Entered


class Change(NamedTuple):
    """A channel, from 0, runs at another value from `at_ms` (since 1970) on.

    A log also says which drug and unit, and may say when it ends.
    """

    at_ms: int
    channel: int
    value: float
    drug: str = ""
    unit: str = ""
    ends_ms: float = inf


class Mend(NamedTuple):
    """A slip to put right at `at_ms`, unless the channel has changed since."""

    at_ms: int
    channel: int
    wrong: float
    meant: float
    entry: str


class Who(Protocol):
    """The pumps, by number from 0, and which of them hang on one distribution board."""

    def pump(self, number: int) -> Pump:
        """The pump with this number."""

    def phase_ms(self, number: int) -> int:
        """When in each minute its turn is."""

    def zones(self) -> list[tuple[int, int, int]]:
        """The distribution boards."""

    def in_zone(self, hospital: int, place: int, zone: int) -> list[int]:
        """The pumps on one of them."""


class What(Protocol):
    """What is entered on the pumps, and what runs on them since."""

    def begin(self, pump: Pump, now_s: int) -> None:
        """The pump is heard for the first time, so many seconds after the start."""

    def flow(self, pump: Pump) -> float:
        """All running channels together, mL/h."""

    def drugs(self, pump: Pump) -> list[str]:
        """What runs."""

    def channels_running(self, pump: Pump) -> int:
        """How many channels run."""

    def due(self, pump: Pump, now_ms: int, minute: int) -> Iterable[Entered | Change | Mend]:
        """What happens on the pump within the minute that begins now."""

    def apply(self, pump: Pump, change: Change) -> None:
        """A channel now runs at another value."""

    def mend(self, pump: Pump, mend: Mend) -> Iterable[Entered | Change | Mend]:
        """A slip is put right."""

    def remaining(self, order: array[int]) -> array[int]:
        """Those of the pumps that go on."""
