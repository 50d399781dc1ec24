"""The rollups of one source partition: pure sums, fenced by where each record comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.codec import ms
from streams.rollups.cell import HOUR_MS, NO_DRUG, Cell, Place, rollup_key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from schemas.events import DoseScore, PowerEpisode, Rollup

__all__ = ["RollupPartition", "rollup_key"]

# As long as a pump that was off the network may still report (`schemas.codec.BEHIND`).
KEPT_HOURS = 35 * 24
_TRIM_EVERY_HOURS = 24


class RollupPartition:
    """Adds scores and episodes of one source partition to hourly cells.

    A position is (source offset, index): the keystroke or power record that a score or an episode comes from,
    and which of that record's results it is. Positions of one topic grow; a cell ignores what it has already
    counted, so a record read again changes nothing.

    Cells more than 35 days older than the newest hour leave memory. A record for such an hour is not counted:
    a new cell would replace the true sums of that hour in the compacted topic.
    """

    def __init__(self, partition: int) -> None:
        self._partition = partition
        self._cells: dict[Place, Cell] = {}
        self._changed: dict[Place, Cell] = {}
        self._newest = 0
        self._trimmed = 0

    def __len__(self) -> int:
        return len(self._cells)

    def apply_score(self, score: DoseScore, position: tuple[int, int]) -> None:
        """Count an entry with revision 1; a later revision adds only how the entry ended."""
        cell = self._cell(score.hospital, score.care_area, score.drug, score.at)
        if cell is not None and cell.add_score(score, position):
            self._changed[cell.place] = cell

    def apply_episode(self, episode: PowerEpisode, position: tuple[int, int]) -> None:
        """Count an episode in the hour of its start, once it has ended."""
        if episode.ended_at is None:
            return
        cell = self._cell(episode.hospital, episode.care_area, NO_DRUG, episode.started_at)
        if cell is not None and cell.add_episode(episode, position):
            self._changed[cell.place] = cell

    def take_changed(self) -> list[Rollup]:
        """The cells that changed since the last call, as they are now."""
        changed = [cell.rollup(self._partition) for cell in self._changed.values()]
        self._changed.clear()
        return changed

    def restore(self, rollups: Iterable[Rollup]) -> None:
        """Go on from the published cells of this partition; others are ignored.

        Of several records of a cell the furthest counts. It is nearly always the last; where it is not (a worker that
        had lost its partitions wrote after its successor) it is published again.
        """
        for rollup in rollups:
            if rollup.model is not None:
                continue  # the power agent's own
            if rollup.partition != self._partition or ms(rollup.hour) // HOUR_MS < self._newest - KEPT_HOURS:
                continue
            cell = Cell.from_rollup(rollup)
            known = self._cells.get(cell.place)
            if known is not None and known.counted > cell.counted:
                self._changed[cell.place] = known
                continue
            self._cells[cell.place] = cell
            self._changed.pop(cell.place, None)
            self._newest = max(self._newest, cell.place.hour)
            if self._newest >= self._trimmed + _TRIM_EVERY_HOURS:
                self._trim()  # a topic holds years, memory five weeks
        self._trim()

    def _cell(self, hospital: str, care_area: str, drug: str, at: datetime) -> Cell | None:
        hour = ms(at) // HOUR_MS
        if hour < self._newest - KEPT_HOURS:
            return None
        place = Place(hospital, care_area, drug, hour)
        cell = self._cells.get(place)
        if cell is None:
            cell = self._cells[place] = Cell(place)
            if hour > self._newest:
                self._newest = hour
                if hour >= self._trimmed + _TRIM_EVERY_HOURS:
                    self._trim()
        return cell

    def _trim(self) -> None:
        self._trimmed = self._newest
        oldest = self._newest - KEPT_HOURS
        self._cells = {place: cell for place, cell in self._cells.items() if place.hour >= oldest}
