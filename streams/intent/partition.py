"""The keystroke side of one partition: events in, dose scores out. The stream and `pumpwatch score` both use it.

Without learning, what an entry scores depends on its own pump's events alone, in their order, so any number of workers,
or a file, give the same scores. With it, each entry is scored before it is learned from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.intent.course import Courses
from streams.intent.entries import OpenEntries
from streams.intent.outcome import Outcomes
from streams.intent.programme import Programmes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.events import DoseScore, KeystrokeEvent
    from streams.intent.entries import DoseEntry
    from streams.intent.outcome import Outcome
    from streams.intent.score import DoseScorer
    from streams.intent.teacher import Teacher


class DosePartition:
    """Turns the keystroke events of one partition into scores.

    `apply` is to be called in the order of the offsets. After a restart, `restore` first takes the tail of the
    scores published for this partition; then the records from the committed offset on are applied again, and
    those whose entry was scored already stay silent. For the outcome of flagged entries the tail should reach
    back 30 minutes of event time or more.
    """

    def __init__(self, scorer: DoseScorer, teacher: Teacher | None = None) -> None:
        self._scorer = scorer
        self._teacher = teacher
        self._entries = OpenEntries()
        self._outcomes = Outcomes()
        self._courses = Courses()
        self._programmes = Programmes()
        self._restored: list[tuple[DoseScore, list[Outcome], int]] = []

    def apply(self, event: KeystrokeEvent, offset: int) -> list[DoseScore]:
        """The scores that follow from one event, in the order in which they are to be published.

        First the next revision of an earlier flagged entry that this one resolves, then revision 1 of the entry
        just committed: so after a crash between the two, both are still published exactly once.

        Raises EventRefused (`duplicate`, `late`).
        """
        entry = self._entries.add(event, offset)
        if entry is None:
            return []
        score = self.judge(entry)
        revision, outcomes = self._outcomes.settle(score)
        self._observe(score, outcomes)
        self._teach(score, outcomes, offset)
        return [score] if revision is None else [revision, score]

    def judge(self, entry: DoseEntry) -> DoseScore:
        """What an entry scores next on its pump, without remembering it."""
        return self._scorer.score(
            entry, self._outcomes.recent(entry), self._programmes.of(entry), self._courses.of(entry)
        )

    def hold(self) -> int | None:
        """Offset of the first record of the oldest entry still open, or None: commit up to here and no further."""
        return self._entries.hold()

    def restore(self, scores: Iterable[tuple[DoseScore, int]]) -> None:
        """Prime the state from published scores, oldest first, each with the offset of the record it came from."""
        for score, offset in scores:
            if score.revision == 1 or not self._entries.was_closed(score.pump, score.entry):
                self._entries.closed(score.pump, score.entry, offset)
            outcomes = self._outcomes.restore(score)
            self._observe(score, outcomes)
            if outcomes or score.taken_back is not None:
                self._restored.append((score, outcomes, offset))

    def _observe(self, score: DoseScore, outcomes: list[Outcome]) -> None:
        self._courses.observe(score, corrected=any(outcome.ended == "corrected" for outcome in outcomes))
        self._programmes.observe(score)

    def teach_restored(self) -> None:
        """Learn from what the restored scores decided; what was learned before the restart is not counted again."""
        restored, self._restored = self._restored, []
        for score, outcomes, offset in restored:
            self._teach(score, outcomes, offset)

    def _teach(self, score: DoseScore, outcomes: list[Outcome], offset: int) -> None:
        """Learn from what an entry decides of others, then from what was taken back in it."""
        if self._teacher is None:
            return
        for index, outcome in enumerate(outcomes):
            self._teacher.teach(outcome, (offset, index))
        if score.taken_back is not None and score.revision == 1:
            self._teacher.teach_taken_back(score, (offset, len(outcomes)))
