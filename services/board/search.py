"""The search: pumps, hospitals, care areas, drugs and open alerts, each with the page that tells more of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from services.board import pages, scope
from services.board.filters import drugs
from services.board.snapshot import LOOKED_THROUGH, AlertView, view
from services.board.wording import words
from services.readmodel.alerts import known
from services.readmodel.search import (
    Found,
    Hit,
    PumpNames,
    find_alerts,
    find_care_areas,
    find_drugs,
    find_hospitals,
)

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from starlette.requests import Request

    from services.board.doses import Doses
    from services.readmodel.alerts import StoredAlert

LONGEST_QUERY = 100
SHOWN_OF_EACH = 20


class Names(msgspec.Struct, frozen=True):
    """Names of one kind that were found, the best first; `total` counts those beyond them too."""

    total: int = 0
    found: list[Hit] = []


class FoundAlerts(msgspec.Struct, frozen=True):
    """Open alerts that were found, worst and newest first."""

    total: int = 0
    found: list[AlertView] = []


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for a query, by kind."""

    query: str
    pumps: Names = Names()
    hospitals: Names = Names()
    care_areas: Names = Names()
    drugs: Names = Names()
    alerts: FoundAlerts = FoundAlerts()


class Search:
    """`/search` and `/api/search`."""

    def __init__(self, redis: Redis, doses: Doses) -> None:
        self._redis = redis
        self._doses = doses
        self._pumps = PumpNames(redis)

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route("/search", self.page), Route("/api/search", self.show)]

    async def page(self, request: Request) -> Response:
        """The page; what is found comes as JSON."""
        return pages.page("search.html", request.state.session, query=_query(request), longest=LONGEST_QUERY)

    async def show(self, request: Request) -> Response:
        """What was found within the session's hospitals."""
        return Response(msgspec.json.encode(await self._find(request)), media_type="application/json")

    async def _find(self, request: Request) -> Findings:
        query = _query(request)
        if not query:
            return Findings(query=query)
        of = await known(self._redis, scope.hospitals(request))
        alerts = await find_alerts(self._redis, query, of, text_of, LOOKED_THROUGH)
        return Findings(
            query=query,
            pumps=_names(await self._pumps.find(query, of, SHOWN_OF_EACH)),
            hospitals=_names(find_hospitals(query, of, SHOWN_OF_EACH)),
            care_areas=_names(await find_care_areas(self._redis, query, of, SHOWN_OF_EACH)),
            drugs=_names(await find_drugs(self._redis, query, of, await self._doses.libraries(), SHOWN_OF_EACH)),
            alerts=FoundAlerts(len(alerts), [view(each) for each in alerts[:SHOWN_OF_EACH]]),
        )


def text_of(stored: StoredAlert) -> str:
    """The words by which an alert can be found: those that a person reads on it."""
    alert, said = stored.alert, words(stored.alert)
    told = [alert.summary, alert.severity, said.kind, said.slip, said.cause, *drugs(alert)]
    places = [alert.pump, alert.care_area, alert.hospital]
    people = [alert.by, alert.comment]
    return " ".join(part for part in [*told, *places, *people, alert.fingerprint] if part)


def _names(found: Found) -> Names:
    return Names(found.total, found.best)


def _query(request: Request) -> str:
    text = request.query_params.get("q", "").strip()
    if len(text) > LONGEST_QUERY:
        raise HTTPException(400, f"`q` is longer than {LONGEST_QUERY} characters.")
    return text
