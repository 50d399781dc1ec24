"""The OpenAPI document of the HTTP API, made from its routes, the docstrings of its endpoints and its types."""

from __future__ import annotations

import inspect
import re
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from schemas.events import Alert, PowerEpisode
from services.board.operations import OPERATIONS, Operation
from services.board.pump_page import EpisodeView
from services.board.snapshot import AlertView

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.requests import Request

    from services.board.operations import Parameter

PATH = "/api/openapi.json"
_CONVERTER = re.compile(r":[a-z]+(?=})")
_COMPONENTS = "#/components/schemas/"
_ABOUT = (
    "What the board shows, as JSON. Programs send an API token (`Authorization: Bearer`); scripts of our own pages "
    "send the session's cookie and, where something is changed, its token in `X-CSRF-Token`. Answers hold nothing "
    "beyond the hospitals of the session or token: what lies outside does not exist for it. Answers gain fields: "
    "ignore those you do not know."
)
# What stands in an answer as it was published; of it the decoder keeps the bytes alone.
_AS_PUBLISHED: dict[type, tuple[str, type]] = {AlertView: ("alert", Alert), EpisodeView: ("episode", PowerEpisode)}
_REFUSALS = {
    400: "A parameter or the body does not fit; the sentence names it.",
    401: "There is no session, or the API token is unknown, expired or revoked.",
    403: "The role does not suffice, or `X-CSRF-Token` is missing.",
    404: "There is nothing of this name in the session's hospitals.",
    409: "It is too late for this, or there are too many.",
    413: "The body is larger than any can be.",
    429: "An API token asks too often; `Retry-After` says when to try again.",
    503: "Redis or Kafka does not answer; nothing has happened. Try again.",
}
_OF_ALL = (401, 429, 503)


class Problem(msgspec.Struct, frozen=True):
    """Why a request was refused, in one sentence."""

    error: str


class OpenApi:
    """`/api/openapi.json`: what the other routes below `/api/` offer."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._described = list(routes)

    @property
    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route(PATH, self.show)]

    async def show(self, request: Request) -> Response:  # noqa: ARG002 - the form of an endpoint
        """This document."""
        return Response(self._document, media_type="application/json")

    @cached_property
    def _document(self) -> bytes:
        return msgspec.json.encode(document([*self._described, *self.routes]))


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of those routes that lie below `/api/`."""
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for path, method, route in operations(routes):
        paths.setdefault(path, {})[method.lower()] = _operation(path, route, OPERATIONS.get((method, path)), schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pumpwatch board", "version": version("pumpwatch"), "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": {
                str(status): {"description": sentence, "content": _json(schemas.of(Problem))}
                for status, sentence in _REFUSALS.items()
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "An API token."},
                "session": {"type": "apiKey", "in": "cookie", "name": "pumpwatch"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
            },
        },
    }


class Schemas:
    """The JSON Schemas of all types that cross the API, and references to them: two types may share a name."""

    def __init__(self) -> None:
        told = [kind for each in OPERATIONS.values() for kind in (each.answers, each.body) if kind not in {None, dict}]
        kinds = list(dict.fromkeys([*told, Problem, *_AS_PUBLISHED, Alert, PowerEpisode]))
        references, self.components = msgspec.json.schema_components(kinds, ref_template=f"{_COMPONENTS}{{name}}")
        self._references = dict(zip(kinds, references, strict=True))
        for holder, (field, published) in _AS_PUBLISHED.items():
            name = self.of(holder)["$ref"].removeprefix(_COMPONENTS)
            self.components[name]["properties"][field] = self.of(published)

    def of(self, kind: type) -> dict[str, Any]:
        """The schema that a body of this type has."""
        return {"type": "object"} if kind is dict else self._references[kind]


def operations(routes: Iterable[Route]) -> Iterator[tuple[str, str, Route]]:
    """Path and method of each operation below `/api/`, as the document names them, with its route."""
    for route in routes:
        if route.path.startswith("/api/"):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield _CONVERTER.sub("", route.path), method, route


def _operation(path: str, route: Route, declared: Operation | None, schemas: Schemas) -> dict[str, Any]:
    declared = declared or Operation(dict)
    needs = getattr(route.endpoint, "needs", None)
    changes = route.methods is not None and "GET" not in route.methods
    summary, _, more = inspect.cleandoc(route.endpoint.__doc__ or "").partition("\n")
    refusals = sorted({*_OF_ALL, *({403} if needs else ()), *declared.refusals})
    described: dict[str, Any] = {
        "operationId": route.endpoint.__qualname__.replace(".", "_"),
        "tags": [path.split("/")[2]],
        "summary": summary,
        "description": " ".join((more.strip(), f"Needs the role {needs}." if needs else "")).strip(),
        "security": [{"token": []}, {"session": [], "csrf": []} if changes else {"session": []}],
        "parameters": [_parameter(each) for each in declared.parameters],
        "responses": {
            str(declared.status): _answer(declared.answers, schemas),
            **{str(status): {"$ref": f"#/components/responses/{status}"} for status in refusals},
        },
    }
    if declared.body is not None:
        described["requestBody"] = {"required": True, "content": _json(schemas.of(declared.body))}
    return described


def _answer(kind: type | None, schemas: Schemas) -> dict[str, Any]:
    if kind is None:
        content = {"text/event-stream": {"schema": {"type": "string"}}}
        return {"description": "Events without end: `snapshot`, `alert` and `status`.", "content": content}
    said = "An object." if kind is dict else inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0]
    return {"description": said.replace("\n", " "), "content": _json(schemas.of(kind))}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.where == "path",
        "description": parameter.description,
        "schema": parameter.schema,
    }
