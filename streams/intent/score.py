"""The verdict on one committed dose entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.events import DoseScore

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemas.library import Library
    from streams.intent.entries import DoseEntry
    from streams.intent.parameters import Parameters


class DoseScorer:
    """Scores entries; pure, so any number of partitions may share one."""

    def __init__(self, parameters: Parameters, libraries: Callable[[str], Library]) -> None:
        self.parameters = parameters
        self.model_version = parameters.version
        self._libraries = libraries

    def score(self, entry: DoseEntry, recent: DoseScore | None = None) -> DoseScore:
        """Score one entry; `recent` is the score of the entry before it on the same channel and field, if any."""
        event, commit = entry.event, entry.commit
        library = self._libraries(event.hospital)
        row = library.row(event.drug, event.care_area, event.field, event.unit)
        return DoseScore(
            id=f"{event.pump}/{event.entry}/1",
            hospital=event.hospital,
            care_area=event.care_area,
            pump=event.pump,
            at=entry.at,
            entry=event.entry,
            revision=1,
            channel=event.channel,
            field=event.field,
            drug=event.drug,
            unit=event.unit,
            typed=commit.value,
            previous=event.previous,
            action=commit.action,
            warned=commit.warned,
            limit=None if row is None else library.limit(row, commit.value),
            error_likelihood=0.0,
            meant=[],
            harm="none",
            verdict="ok",
            resolution="cancelled" if commit.action == "cancel" else "open",
            resolved_after_s=None,
            evidence=[],
            model_version=self.model_version,
            library_version=library.version,
            test=event.test,
        )
