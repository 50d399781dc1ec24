"""How loud an alert on a dose entry is: by the harm it may do, by the drug and by the care area."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from schemas.drugs.care_areas import plain
from schemas.events import Harm, Severity  # noqa: TC001 (msgspec reads annotations at runtime)

if TYPE_CHECKING:
    from collections.abc import Mapping

Likelihood = Annotated[float, Meta(ge=0, le=1)]
Named = Annotated[str, Meta(min_length=1, max_length=128)]


class Ladder(Struct, forbid_unknown_fields=True, frozen=True):
    """The likelihood from which an alert has each severity; null is never."""

    critical: Likelihood | None
    warning: Likelihood | None
    info: Likelihood | None

    def __post_init__(self) -> None:
        steps = [step for step in (self.critical, self.warning, self.info) if step is not None]
        if steps != sorted(steps, reverse=True):
            raise ValueError("a higher severity needs a likelihood at least as high")

    def severity(self, likelihood: float) -> Severity | None:
        """The loudest severity that the likelihood reaches."""
        if self.critical is not None and likelihood >= self.critical:
            return "critical"
        if self.warning is not None and likelihood >= self.warning:
            return "warning"
        return "info" if self.info is not None and likelihood >= self.info else None


class SeverityByHarm(Struct, forbid_unknown_fields=True, frozen=True):
    """One ladder for each grade of harm."""

    life_threatening: Ladder
    high: Ladder
    moderate: Ladder
    low: Ladder
    none: Ladder


class OwnLadders(Struct, forbid_unknown_fields=True, frozen=True):
    """The ladders of a drug or of a care area; a grade of harm that is left out keeps the ladder of all."""

    life_threatening: Ladder | None = None
    high: Ladder | None = None
    moderate: Ladder | None = None
    low: Ladder | None = None
    none: Ladder | None = None


class DoseEntryError(Struct, forbid_unknown_fields=True, frozen=True):
    """When a suspect entry is an alert.

    `drugs` are by canonical name once the rules are parsed (`rule_drugs`), `care_areas` by plain name.
    """

    severity: SeverityByHarm
    stood_stays_open: list[Severity]
    drugs: dict[Named, OwnLadders] = {}
    care_areas: dict[Named, OwnLadders] = {}

    def ladder(self, harm: Harm, drug: str | None, care_area: str) -> Ladder:
        """The ladder that holds: the drug's own, else the care area's own, else that of the grade of harm.

        `drug` is a canonical name or None, `care_area` is spelt as the pump spells it.
        """
        found = _own(self.drugs, drug, harm) or _own(self.care_areas, plain(care_area), harm)
        ladder: Ladder = found or getattr(self.severity, harm)
        return ladder


def _own(ladders: Mapping[str, OwnLadders], name: str | None, harm: Harm) -> Ladder | None:
    own = ladders.get(name) if name is not None else None
    ladder: Ladder | None = None if own is None else getattr(own, harm)
    return ladder
