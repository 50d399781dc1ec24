"""`/metrics` for Prometheus and `/healthz` for whoever starts things again."""

from __future__ import annotations

import contextlib
import hmac
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.metrics.exposition import expose
from services.metrics.reading import FRESH_FOR_S, Reader
from services.readmodel.connection import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request


class Metrics:
    """The endpoints. With a token only those who send it as a bearer get figures."""

    def __init__(self, redis_url: str, token: str | None = None, fresh_for_s: float = FRESH_FOR_S) -> None:
        self._redis = connect(redis_url, connections=2)
        self._reader = Reader(self._redis, fresh_for_s)
        self._token = token

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[Route("/metrics", self.metrics), Route("/healthz", self.health)], lifespan=self._lifespan
        )

    async def metrics(self, request: Request) -> Response:
        """All metrics in the text format."""
        if not self._knows(request):
            return Response("A bearer token is needed.\n", 401, {"WWW-Authenticate": "Bearer"}, "text/plain")
        return Response(expose(await self._reader.latest()), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    async def health(self, request: Request) -> Response:
        """200 while the pipeline makes progress, else 503 with the reason; figures only for those with the token."""
        reading = await self._reader.latest()
        pipeline = reading.pipeline
        ok, reason = (pipeline.ok, pipeline.reason) if pipeline else (False, "Redis does not answer.")
        answer: dict[str, object] = {"status": "ok" if ok else "failing"}
        if self._knows(request):
            answer["reason"] = reason
            if pipeline is not None:
                answer |= {
                    "workers": len(pipeline.workers),
                    "lag": pipeline.lag,
                    "progress_age_s": pipeline.idle_s(reading.at),
                }
        return JSONResponse(answer, 200 if ok else 503, {"Cache-Control": "no-store"})

    def _knows(self, request: Request) -> bool:
        if self._token is None:
            return True
        scheme, _, sent = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(sent.encode(), self._token.encode())

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        yield
        await self._redis.aclose()
