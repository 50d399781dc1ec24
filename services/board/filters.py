"""What a list of alerts is narrowed to; a query names it, so that a link opens the same list again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from starlette.exceptions import HTTPException

from schemas.events import AlertKind, AlertState, Severity
from services.board.incoming import LONGEST_NAME

if TYPE_CHECKING:
    from starlette.requests import Request

    from schemas.events import Alert

LONGEST_DRUG = 128
STATES: tuple[str, ...] = tuple(state for state in get_args(AlertState) if state != "resolved")
_ONE_OF: dict[str, tuple[str, ...]] = {
    "severity": get_args(Severity),
    "kind": get_args(AlertKind),
    "state": STATES,
    "test": ("true", "false"),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Each field admits what is among its values; None admits everything."""

    severity: frozenset[str] | None = None
    kind: frozenset[str] | None = None
    state: frozenset[str] | None = None
    care_area: str | None = None
    drug: str | None = None
    test: bool | None = None

    def admits(self, alert: Alert) -> bool:
        """Whether an alert belongs to the list."""
        return (
            (self.severity is None or alert.severity in self.severity)
            and (self.kind is None or alert.kind in self.kind)
            and (self.state is None or alert.state in self.state)
            and (self.care_area is None or alert.care_area == self.care_area)
            and (self.drug is None or self.drug in drugs(alert))
            and (self.test is None or alert.test == self.test)
        )


EVERYTHING = Filter()


def drugs(alert: Alert) -> list[str]:
    """The drugs that an alert is about: one of an entry, several of a pump that runs on battery."""
    subject = alert.subject
    return [subject.drug] if subject.drug is not None else list(subject.drugs or ())


def asked(request: Request) -> Filter:
    """The filter of a query; 400 names the parameter that does not fit."""
    test = _among(request, "test")
    return Filter(
        severity=_among(request, "severity"),
        kind=_among(request, "kind"),
        state=_among(request, "state"),
        care_area=_name(request, "care_area", LONGEST_NAME),
        drug=_name(request, "drug", LONGEST_DRUG),
        test=None if test is None or len(test) > 1 else "true" in test,
    )


def _among(request: Request, field: str) -> frozenset[str] | None:
    text = request.query_params.get(field)
    if not text:
        return None
    values = frozenset(text.split(","))
    if not values.issubset(_ONE_OF[field]):
        raise HTTPException(400, f"`{field}` is one or more of {', '.join(_ONE_OF[field])}, with commas between.")
    return values


def _name(request: Request, field: str, longest: int) -> str | None:
    name: str | None = request.query_params.get(field)
    if name is not None and len(name) > longest:
        raise HTTPException(400, f"`{field}` is longer than {longest} characters.")
    return name or None
