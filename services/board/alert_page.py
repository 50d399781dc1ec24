"""The page of one alert, and its story as JSON."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from services.board import pages, scope
from services.board.happened import happenings
from services.board.keypads import DrawnKeypad, drawn
from services.board.snapshot import view
from services.board.story import Story, entry_of, keypad_of, line_of
from services.readmodel.alerts import by_fingerprint
from services.readmodel.entries import flagged_entry, recent_entries
from services.readmodel.steps import steps_of

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from starlette.requests import Request

    from schemas.events import Alert, AlertKind, DoseScore
    from services.board.doses import Doses
    from services.readmodel.alerts import StoredAlert

NO_ALERT = "There is no alert with this fingerprint."
LONGEST_FINGERPRINT = 128
# What was entered belongs to these; a battery has nothing to do with it.
_OF_ENTRIES: frozenset[AlertKind] = frozenset({"dose_entry_error", "keypad_fault"})


class AlertPage:
    """`/alerts/{fingerprint}` and the story that it shows."""

    def __init__(self, redis: Redis, doses: Doses) -> None:
        self._redis = redis
        self._doses = doses

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [
            Route("/alerts/{fingerprint}", self.page),
            Route("/api/alerts/{fingerprint}/story", self.story),
        ]

    async def page(self, request: Request) -> Response:
        """The page; 404 where there is no such alert."""
        stored = await self._find(request)
        alert = stored.alert
        return pages.page("alert.html", request.state.session, fingerprint=alert.fingerprint, hospital=alert.hospital)

    async def story(self, request: Request) -> Response:
        """All that is known of the alert."""
        stored = await self._find(request)
        alert = stored.alert
        score = await self._score(alert)
        limits = distribution = None
        if score is not None:
            limits, distribution = await self._doses.of(
                score.hospital, score.drug, score.care_area, score.field, score.unit
            )
        recent = []
        if alert.pump is not None and alert.kind in _OF_ENTRIES:
            recent = await recent_entries(self._redis, alert.pump)
        story = Story(
            now=int(time.time() * 1000),
            alert=view(stored),
            entry=None if score is None else entry_of(score),
            keypad=await self._keypad(alert) if score is None else keypad_of(score),
            limits=limits,
            distribution=distribution,
            # A pump that moved keeps what was entered elsewhere.
            recent=[line_of(each, alert.subject.entry) for each in recent if scope.admits(request, each.line.hospital)],
            happened=happenings(await steps_of(self._redis, stored), score),
        )
        return Response(msgspec.json.encode(story), media_type="application/json")

    async def _score(self, alert: Alert) -> DoseScore | None:
        """The entry that an alert is about."""
        subject = alert.subject
        if subject.entry is None or subject.pump is None:
            return None
        score = await flagged_entry(self._redis, subject.pump, subject.entry)
        return None if score is None or score.hospital != alert.hospital else score

    async def _keypad(self, alert: Alert) -> DrawnKeypad | None:
        """The keypad that an alert is about."""
        if alert.subject.keypad is None:
            return None
        model: Any = await self._redis.hget(f"pw:pump:{alert.pump}", "model")
        return drawn(model, alert.subject.keypad.keys)

    async def _find(self, request: Request) -> StoredAlert:
        fingerprint = request.path_params["fingerprint"]
        found = await by_fingerprint(self._redis, [fingerprint]) if len(fingerprint) <= LONGEST_FINGERPRINT else []
        if not found:
            raise HTTPException(404, NO_ALERT)
        scope.require(request, found[0].alert.hospital, NO_ALERT)
        return found[0]
