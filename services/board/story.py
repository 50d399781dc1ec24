"""The story of one alert as its page shows it: the entry, the keypad, limits, what is usual, and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from schemas.codec import ms
from schemas.events import PressedKey  # noqa: TC001 (msgspec reads the annotations)
from services.board.doses import Distribution, Limits  # noqa: TC001
from services.board.happened import Happening  # noqa: TC001
from services.board.keypads import DrawnKeypad, displayed, drawn
from services.board.snapshot import AlertView  # noqa: TC001
from services.board.wording import COMMITS, FIELDS, SLIPS, figure

if TYPE_CHECKING:
    from schemas.events import DoseScore
    from services.readmodel.entries import RecentEntry

LIMITS = {
    "soft_low": "below the soft limit",
    "soft_high": "above the soft limit",
    "hard_low": "below the hard limit",
    "hard_high": "above the hard limit",
}


class MeantValue(Struct, frozen=True):
    """A value that may have been meant; `figure` as it is written, `slip` in words or null if no slip explains it."""

    value: float
    figure: str
    probability: float
    slip: str | None


class Entry(Struct, frozen=True, kw_only=True):
    """A flagged entry in figures and words.

    `keys` is empty where the pump sent none, `displayed` what it showed after each of them.
    """

    at: int
    revision: int
    typed: float
    typed_figure: str
    previous: float | None
    previous_figure: str | None
    field: str
    drug: str
    unit: str
    commit: str
    limit: str | None
    error_likelihood: float
    material_likelihood: float | None
    meant: list[MeantValue]
    evidence: list[str]
    resolution: str
    corrected_to: float | None
    taken_back: str | None
    model: str | None
    model_version: str
    library_version: str
    keys: list[PressedKey]
    displayed: list[str | None]


class RecentLine(Struct, frozen=True, kw_only=True):
    """One of the pump's recent entries; `alert` is the fingerprint of its alert, `this` whether the story is of it."""

    at: int
    care_area: str
    channel: int
    field: str
    drug: str
    unit: str
    typed: float
    typed_figure: str
    previous_figure: str | None
    commit: str
    limit: str | None
    likelihood: float
    verdict: str
    resolution: str | None
    corrected_to: str | None
    alert: str | None
    this: bool
    test: bool


class Story(Struct, frozen=True, kw_only=True):
    """Everything of one alert; what does not belong to its kind is null or empty. `now` is the board's clock."""

    now: int
    alert: AlertView
    entry: Entry | None
    keypad: DrawnKeypad | None
    limits: Limits | None
    distribution: Distribution | None
    recent: list[RecentLine]
    happened: list[Happening]


def entry_of(score: DoseScore) -> Entry:
    """A flagged entry for a screen."""
    return Entry(
        at=ms(score.at),
        revision=score.revision,
        typed=score.typed,
        typed_figure=figure(score.typed),
        previous=score.previous,
        previous_figure=_figure(score.previous),
        field=FIELDS[score.field],
        drug=score.drug,
        unit=score.unit,
        commit=COMMITS[score.action],
        limit=None if score.limit is None else LIMITS[score.limit],
        error_likelihood=score.error_likelihood,
        material_likelihood=score.material_likelihood,
        meant=[
            MeantValue(one.value, figure(one.value), one.probability, None if one.slip is None else SLIPS[one.slip])
            for one in score.meant
        ],
        evidence=score.evidence,
        resolution=score.resolution,
        corrected_to=score.corrected_to,
        taken_back=None if score.taken_back is None else SLIPS[score.taken_back],
        model=score.model,
        model_version=score.model_version,
        library_version=score.library_version,
        keys=score.keys,
        displayed=displayed(score),
    )


def keypad_of(score: DoseScore) -> DrawnKeypad | None:
    """The keypad that an entry was typed on; None where it is not known which keys were pressed."""
    return drawn(score.model, (key.k for key in score.keys)) if score.keys else None


def line_of(recent: RecentEntry, this: str | None) -> RecentLine:
    """A recent entry for a screen; `this` is the entry that the story is of."""
    line, score = recent.line, recent.score
    return RecentLine(
        at=line.at,
        care_area=line.care_area,
        channel=line.channel,
        field=FIELDS[line.field],
        drug=line.drug,
        unit=line.unit,
        typed=line.typed,
        typed_figure=figure(line.typed),
        previous_figure=_figure(line.previous),
        commit=COMMITS[line.action],
        limit=None if line.limit is None else LIMITS[line.limit],
        likelihood=line.likelihood,
        verdict=line.verdict,
        resolution=None if score is None else score.resolution,
        corrected_to=None if score is None else _figure(score.corrected_to),
        alert=recent.alert,
        this=line.entry == this,
        test=line.test,
    )


def _figure(value: float | None) -> str | None:
    return None if value is None else figure(value)
