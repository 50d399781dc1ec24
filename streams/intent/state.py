"""A cell of learned counts as the event that carries it, and back."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from schemas.events import IntentState, LearnedCounts
from streams.intent.counts import Cell, Counts

if TYPE_CHECKING:
    from streams.intent.counts import Decay
    from streams.intent.shelf import Drug

K = TypeVar("K")

LEARNING_VERSION = "learned-1"
"""Names the rules of teaching and counting; raised when what was counted before would mislead."""
DECIMALS = 4
"""A count that has faded below this is no longer published."""


def state_of(drug: Drug, partition: int, cell: Cell, decay: Decay) -> IntentState:
    """The event of a cell; the same cell always gives the same id."""
    per_weight = 1 / decay.weight(cell.at.toordinal())
    digest = sha256("\0".join((*drug, str(partition))).encode()).hexdigest()[:16]
    offset, index = cell.through
    return IntentState(
        id=f"{digest}/{offset + 1}.{index + 1}",
        hospital=drug.hospital,
        at=cell.at,
        drug=drug.drug,
        unit=drug.unit,
        partition=partition,
        through=cell.through,
        learning_version=LEARNING_VERSION,
        counts=[
            LearnedCounts(
                profile=profile,  # type: ignore[arg-type]  # a cell is packed and unpacked as plain text
                entries=round(counts.entries * per_weight, DECIMALS),
                values=_faded(counts.values, per_weight),
            )
            for profile, counts in cell.profiles.items()
        ],
        slips=dict(_faded(cell.slips, per_weight)),
        taken_back=dict(_faded(cell.taken_back, per_weight)),
        test=cell.test,
    )


def cell_of(state: IntentState, decay: Decay) -> Cell:
    """The cell of an event."""
    weight = decay.weight(state.at.toordinal())
    profiles = {
        one.profile: Counts(one.entries * weight, {value: count * weight for value, count in one.values})
        for one in state.counts
    }
    slips = {slip: count * weight for slip, count in state.slips.items()}
    taken_back = {slip: count * weight for slip, count in state.taken_back.items()}
    return Cell(state.through, state.at, state.test, profiles, slips, taken_back)  # type: ignore[arg-type]  # as above


def _faded(counts: dict[K, float], per_weight: float) -> list[tuple[K, float]]:
    rounded = ((key, round(count * per_weight, DECIMALS)) for key, count in counts.items())
    return [(key, count) for key, count in rounded if count > 0]
