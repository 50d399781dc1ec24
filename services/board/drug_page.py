"""The page of one drug, and what it shows as JSON."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from services.board import incoming, pages, scope
from services.board.doses import Distribution, Limits  # noqa: TC001 (msgspec reads the annotations)
from services.board.filters import LONGEST_DRUG, drugs
from services.board.snapshot import LOOKED_THROUGH, AlertView, view
from services.board.usage import Usage, begin_of, usage
from services.readmodel.alerts import known, open_alerts
from services.readmodel.drug import drug_cells, names_of
from services.readmodel.rollups import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis
    from starlette.requests import Request

    from services.board.doses import Doses
    from services.board.scope import Hospitals

NO_DRUG = "There is no drug of this name."
SPANS: dict[str, timedelta | None] = {"day": timedelta(hours=24), "week": timedelta(days=7), "all": None}
# Judgements: nobody compares more at a glance; who has more alerts open on one drug looks at the board.
_LIBRARIES_SHOWN, _LIMITS_SHOWN, _ALERTS_SHOWN = 6, 16, 50
# Screens that ask within this time of one another get one answer.
_FRESH_FOR_S = 15.0


class Policy(msgspec.Struct, frozen=True):
    """The limits of a drug in one library, the hospitals that use it, and what is expected within each of them."""

    version: str
    own: bool
    hospitals: list[str]
    limits: list[Limits]
    distributions: list[Distribution | None]


class DrugView(msgspec.Struct, frozen=True, kw_only=True):
    """A drug under its canonical name and under those it is entered by.

    Figures are of the span from `since`, in epoch seconds; null means all that is kept.
    """

    now: int
    drug: str
    names: list[str]
    hospital: str | None
    hospitals: list[str]
    span: str
    since: int | None
    usage: Usage
    policies: list[Policy]
    open: list[AlertView]
    open_in_all: int


class _Asked(NamedTuple):
    drug: str
    of: Hospitals
    hospital: str | None
    span: str


class DrugPage:
    """`/drugs/{drug}` and `/api/drugs/{drug}`, made once for all screens of the same hospitals."""

    def __init__(self, redis: Redis, doses: Doses) -> None:
        self._redis = redis
        self._doses = doses
        self._made: dict[_Asked, tuple[float, asyncio.Task[bytes | None]]] = {}

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route("/drugs/{drug:path}", self.page), Route("/api/drugs/{drug:path}", self.show)]

    async def page(self, request: Request) -> Response:
        """The page, for a drug that is entered or that a library knows."""
        asked = _asked(request)
        await self._answer(asked)
        return pages.page("drug.html", request.state.session, drug=asked.drug)

    async def show(self, request: Request) -> Response:
        """Everything on the page; `span` is one of day, week and all."""
        return Response(await self._answer(_asked(request)), media_type="application/json")

    async def _answer(self, asked: _Asked) -> bytes:
        now = time.monotonic()
        self._made = {key: made for key, made in self._made.items() if now - made[0] < _FRESH_FOR_S}
        if asked not in self._made:
            self._made[asked] = now, asyncio.create_task(self._make(asked))
        answer = await asyncio.shield(self._made[asked][1])
        if answer is None:
            raise HTTPException(404, NO_DRUG)
        return answer

    async def _make(self, asked: _Asked) -> bytes | None:
        """The answer, or None where nothing is known of the drug."""
        of = await known(self._redis, asked.of)
        names = await names_of(self._redis, of, asked.drug)
        policies = await self._policies(of, asked.drug)
        if not of or not (names or policies):
            return None
        length = SPANS[asked.span]
        since = "" if length is None else f"{datetime.now(UTC) - length:%Y-%m-%dT%HZ}"
        found = await drug_cells(self._redis, names, since)
        open_, open_in_all = await self._open(of, canonical(asked.drug))
        from_ = begin_of(since) if since else None
        if found.cut_at is not None:
            from_ = begin_of(found.cut_at) + 3600
        return msgspec.json.encode(
            DrugView(
                now=int(time.time() * 1000),
                drug=canonical(asked.drug),
                names=sorted({name for _, name in names}),
                hospital=asked.hospital,
                hospitals=of,
                span=asked.span,
                since=from_,
                usage=usage(found.cells),
                policies=policies,
                open=open_,
                open_in_all=open_in_all,
            )
        )

    async def _policies(self, of: Sequence[str], drug: str) -> list[Policy]:
        """The libraries of the hospitals that know the drug, those that most hospitals use first."""
        by_library: dict[tuple[Limits, ...], list[str]] = {}
        for hospital in of:
            limits = await self._doses.rows(hospital, drug)
            if limits:
                by_library.setdefault(tuple(limits[:_LIMITS_SHOWN]), []).append(hospital)
        widest = sorted(by_library.items(), key=lambda one: (-len(one[1]), one[1]))[:_LIBRARIES_SHOWN]
        return [
            Policy(
                limits[0].version,
                limits[0].own,
                hospitals,
                list(limits),
                [await self._expected(hospitals[0], drug, row) for row in limits],
            )
            for limits, hospitals in widest
        ]

    async def _expected(self, hospital: str, drug: str, row: Limits) -> Distribution | None:
        """What is expected within limits; None where the hospital gives the profile's name to another one."""
        found, expected = await self._doses.of(hospital, drug, row.profile, row.field, row.unit)
        return expected if found is not None and found.profile == row.profile else None

    async def _open(self, of: Sequence[str], drug: str) -> tuple[list[AlertView], int]:
        """The open alerts about a drug, worst and newest first, and how many there are among those looked through."""
        found, _ = await open_alerts(self._redis, of, LOOKED_THROUGH)
        about = [each for each in found if drug in map(canonical, drugs(each.alert))]
        return [view(each) for each in about[:_ALERTS_SHOWN]], len(about)


def _asked(request: Request) -> _Asked:
    drug = request.path_params["drug"]
    if not drug or len(drug) > LONGEST_DRUG:
        raise HTTPException(404, NO_DRUG)
    span = request.query_params.get("span", "week")
    if span not in SPANS:
        raise HTTPException(400, f"`span` is one of {', '.join(SPANS)}.")
    hospital = incoming.hospital(request)
    return _Asked(drug, scope.asked(request, hospital), hospital, span)
