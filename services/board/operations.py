"""What each address of the HTTP API takes and answers; `openapi` makes the published document of it.

What an operation does and who may do it stands at its endpoint: its docstring and its `requires`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from schemas.events import AlertKind, Severity
from services.board.accounts_page import AccountsView
from services.board.api import MOST_ALERTS, ActionRequest, ActionTaken, PipelineView, SessionView
from services.board.care_area_page import DAYS, MOST_DAYS, CareAreaView
from services.board.choices import Choices
from services.board.drug_page import SPANS, DrugView
from services.board.filters import LONGEST_DRUG, STATES
from services.board.incoming import LONGEST_NAME
from services.board.maintenance import WindowRequest, WindowsView, WindowView
from services.board.pump_page import PumpView
from services.board.search import LONGEST_QUERY, Findings
from services.board.snapshot import SHOWN_AT_MOST, AlertView, OpenAlerts
from services.board.status import Fleet
from services.board.story import Story
from services.board.usual import UsualView

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_FINGERPRINT = 128


@dataclass(frozen=True, slots=True)
class Parameter:
    """One that a request may carry; what stands in the path, it must."""

    name: str
    schema: dict[str, Any]
    description: str
    where: str = "query"


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operation takes and answers; `answers` None is the live stream. Refusals that all share are left out."""

    answers: type | None
    status: int = 200
    parameters: tuple[Parameter, ...] = ()
    body: type | None = None
    refusals: tuple[int, ...] = ()


def _text(longest: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": longest}


def _number(default: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": most, "default": default}


def _some_of(values: Iterable[str]) -> dict[str, Any]:
    """One or more of these, with commas between; nothing at all narrows nothing."""
    one = f"({'|'.join(values)})"
    return {"type": "string", "pattern": f"^({one}(,{one})*)?$"}


HOSPITAL = Parameter("hospital", _text(LONGEST_NAME), "Only this hospital; all in the session's scope without it.")
FILTERS = (
    Parameter("severity", _some_of(get_args(Severity)), "Only alerts of these severities."),
    Parameter("kind", _some_of(get_args(AlertKind)), "Only alerts of these kinds."),
    Parameter("state", _some_of(STATES), "Only alerts in these states."),
    Parameter("test", _some_of(("true", "false")), "Only simulated alerts, or only real ones."),
    Parameter("care_area", _text(LONGEST_NAME), "Only alerts of this care area."),
    Parameter("drug", _text(LONGEST_DRUG), "Only alerts on this drug, as the pump names it."),
)
PUMP = Parameter("pump", _text(LONGEST_NAME), "The pump's serial.", "path")
FINGERPRINT = Parameter("fingerprint", _text(LONGEST_FINGERPRINT), "The alert.", "path")
RESUME = (
    Parameter("Last-Event-ID", {"type": "string"}, "Where the stream broke off; browsers send it.", "header"),
    Parameter("after", {"type": "string"}, "The same, for the first connection of a page."),
)

OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "/api/session"): Operation(SessionView),
    ("GET", "/api/alerts"): Operation(
        OpenAlerts,
        parameters=(
            HOSPITAL,
            Parameter("limit", _number(SHOWN_AT_MOST, MOST_ALERTS), "How many at most."),
            *FILTERS,
        ),
        refusals=(400,),
    ),
    ("GET", "/api/alerts/{fingerprint}"): Operation(AlertView, parameters=(FINGERPRINT,), refusals=(404,)),
    ("POST", "/api/alerts/{fingerprint}/actions"): Operation(
        ActionTaken, 202, parameters=(FINGERPRINT,), body=ActionRequest, refusals=(400, 404, 409, 413)
    ),
    ("GET", "/api/alerts/{fingerprint}/story"): Operation(Story, parameters=(FINGERPRINT,), refusals=(404,)),
    ("GET", "/api/choices"): Operation(Choices, parameters=(HOSPITAL,), refusals=(400,)),
    ("GET", "/api/fleet"): Operation(Fleet, parameters=(HOSPITAL,), refusals=(400,)),
    ("GET", "/api/usual"): Operation(UsualView, parameters=(HOSPITAL,), refusals=(400,)),
    ("GET", "/api/pipeline"): Operation(PipelineView),
    ("GET", "/api/stream"): Operation(None, parameters=(HOSPITAL, *FILTERS, *RESUME), refusals=(400,)),
    ("GET", "/api/search"): Operation(
        Findings, parameters=(Parameter("q", _text(LONGEST_QUERY), "What is looked for."),), refusals=(400,)
    ),
    ("GET", "/api/pumps/{pump}"): Operation(PumpView, parameters=(PUMP,), refusals=(400, 404)),
    ("GET", "/api/drugs/{drug}"): Operation(
        DrugView,
        parameters=(
            Parameter("drug", _text(LONGEST_DRUG), "The drug, by any of its names.", "path"),
            HOSPITAL,
            Parameter("span", {"enum": list(SPANS), "default": "week"}, "How far back the figures reach."),
        ),
        refusals=(400, 404),
    ),
    ("GET", "/api/care-areas/{hospital}/{care_area}"): Operation(
        CareAreaView,
        parameters=(
            Parameter("hospital", _text(LONGEST_NAME), "The hospital.", "path"),
            Parameter("care_area", _text(LONGEST_NAME), "The care area, as the hospital names it.", "path"),
            Parameter("days", _number(DAYS, MOST_DAYS), "How many days back."),
            Parameter("zone", _text(LONGEST_NAME), "IANA name of the reader's time zone; UTC without it."),
        ),
        refusals=(400, 404),
    ),
    ("GET", "/api/maintenance"): Operation(WindowsView, parameters=(HOSPITAL,), refusals=(400,)),
    ("POST", "/api/maintenance"): Operation(WindowView, 202, body=WindowRequest, refusals=(400, 404, 409, 413)),
    ("DELETE", "/api/maintenance/{window}"): Operation(
        WindowView,
        202,
        parameters=(Parameter("window", _text(LONGEST_FINGERPRINT), "The window.", "path"), HOSPITAL),
        refusals=(400, 404, 409),
    ),
    ("GET", "/api/accounts"): Operation(AccountsView),
    ("GET", "/api/openapi.json"): Operation(dict),
}
