"""What went with an episode: drugs running, location and care area, each with the time over which it was heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.events import PowerEvent

MOST = 16  # different combinations kept in one episode; a pump that names more is not believed


class Stretch:
    """One combination of drugs and place, heard from `first` to `last` (ms since 1970)."""

    __slots__ = ("care_area", "drugs", "first", "last", "location")

    def __init__(self, first: int, last: int, drugs: list[str] | None, place: tuple[str, str | None]) -> None:
        self.first = first
        self.last = last
        self.drugs = drugs
        self.care_area, self.location = place


class Company:
    """The combinations heard while a pump infused on battery; in nearly every episode it is one."""

    __slots__ = ("_stretches",)

    def __init__(self, stretches: tuple[Stretch, ...] = ()) -> None:
        self._stretches = stretches

    def hear(self, event: PowerEvent, at: int) -> None:
        """Note the drugs and the place of an active event."""
        for known in self._stretches:
            if known.drugs == event.drugs and known.location == event.location and known.care_area == event.care_area:
                if at > known.last:
                    known.last = at
                elif at < known.first:
                    known.first = at
                return
        if len(self._stretches) < MOST:
            new = Stretch(at, at, event.drugs, (event.care_area, event.location))
            self._stretches = (*self._stretches, new)

    def drugs(self, start: int, end: int) -> list[str]:
        """The drugs that ran between two times, in alphabetical order."""
        return sorted({drug for stretch in self._within(start, end) for drug in stretch.drugs or ()})

    def moved(self, start: int, end: int) -> bool:
        """Whether the pump named more than one care area or location between two times."""
        within = self._within(start, end)
        areas = {stretch.care_area for stretch in within}
        locations = {stretch.location for stretch in within if stretch.location is not None}
        return len(areas) > 1 or len(locations) > 1

    def since(self, start: int) -> Company:
        """What was still heard from `start` on, for the episode that begins there."""
        return Company(
            tuple(
                Stretch(max(known.first, start), known.last, known.drugs, (known.care_area, known.location))
                for known in self._stretches
                if known.last >= start
            )
        )

    def _within(self, start: int, end: int) -> list[Stretch]:
        return [stretch for stretch in self._stretches if stretch.first <= end and stretch.last >= start]
