"""The OpenAPI document says what the board answers, and schemathesis finds nothing that it does otherwise."""

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from schemathesis import GenerationMode, checks
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks as openapi_checks

from schemas.codec import encode
from schemas.topics import MAINTENANCE
from services.board.app import Board, BoardConfig
from services.board.openapi import document, operations
from services.board.operations import OPERATIONS
from services.embedded.ports import LOOPBACK, free_port
from streams.sink import ReadModel
from tests.made_alerts import window
from tests.made_read_model import alert, beat, hear, rollup, store, store_rollups
from tests.unit.board.conftest import PASSWORD, USER, RecordingPublisher, fixed_book

CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.negative_data_rejection,
]
# What is there, so that answers that say something are checked as well as refusals.
THERE = {
    "fingerprint": "a",
    "pump": "P-a",
    "hospital": "North",
    "care_area": "MICU",
    "drug": "norepinephrine",
    "window": "now",
}
# An answer without end cannot be waited for; tests/unit/board/test_stream.py reads it.
ENDLESS = ("GET", "/api/stream")
FINITE = [each for each in OPERATIONS if each != ENDLESS]
each_finite = pytest.mark.parametrize(("method", "path"), FINITE, ids=" ".join)


async def fill(url: str) -> None:
    """Alerts of several kinds, a pump, an hour of entries, a window and a worker."""
    redis = Redis.from_url(url, decode_responses=True)
    await redis.flushall()
    await store(redis, alert("a"), alert("b", kind="battery_degraded", severity="info"), alert("c", maintenance="now"))
    await hear(redis, "North", "P-a", "online", "infusing")
    await beat(redis)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    await store_rollups(redis, rollup("North", hour, entries=40, confirmed=30, overridden=10, error=2))
    now = datetime.now(UTC).replace(microsecond=0)
    planned = window(0, 0, window="now", hospital="North", at=now, starts_at=now, ends_at=now + timedelta(hours=2))
    await ReadModel(redis, "tests").put_windows(MAINTENANCE, 0, [(0, planned, encode(planned))])
    await redis.aclose()


@pytest.fixture(scope="module")
def board(redis_url: str) -> Iterator[Board]:
    """A board on a real Redis; what people do is confirmed without Kafka."""
    asyncio.run(fill(redis_url))
    return Board(BoardConfig(redis=redis_url, kafka={}, book=fixed_book()), RecordingPublisher())


@pytest.fixture(scope="module")
def session(board: Board) -> Iterator[requests.Session]:
    """A session of an admin on the board, which is served in a thread of its own; `base` is its address."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(board, host=LOOPBACK, port=port, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert time.monotonic() < deadline, "the board does not start"
        time.sleep(0.01)
    with requests.Session() as client:
        client.base = f"http://{LOOPBACK}:{port}"
        answer = client.post(f"{client.base}/login", data={"user": USER, "password": PASSWORD}, allow_redirects=False)
        assert answer.status_code == 303
        client.headers["X-CSRF-Token"] = client.get(f"{client.base}/api/session").json()["csrf"]
        yield client
    board.close_streams()
    server.should_exit = True
    thread.join(30)


@pytest.fixture(scope="module")
def schema(session: requests.Session):
    """The document as it is served, but for the ways to log in: the session is ours, and no case may replace it."""
    served = session.get(f"{session.base}/api/openapi.json").json()
    for operation in (operation for path in served["paths"].values() for operation in path.values()):
        operation["security"] = []
    return schemathesis.openapi.from_dict(served)


def there(path: str) -> dict[str, str]:
    """Names in a path that are there."""
    return {name: THERE[name] for name in THERE if f"{{{name}}}" in path}


def validated(case, session: requests.Session) -> requests.Response:
    """The answer to a case, which fits the document."""
    return case.call_and_validate(
        base_url=session.base, session=session, headers=dict(session.headers), checks=CHECKS, timeout=60
    )


def test_every_route_is_described_and_nothing_else(board):
    """What is served below /api/ stands in the document with its answer, and what stands there is served."""
    [router] = [each for each in _layers(board._app) if hasattr(each, "routes")]
    routes = [route for route in router.routes if hasattr(route, "endpoint")]
    assert {(method, path) for path, method, _ in operations(routes)} == set(OPERATIONS)
    described = document(routes)["paths"]
    assert {(method.upper(), path) for path, each in described.items() for method in each} == set(OPERATIONS)
    for each in (operation for path in described.values() for operation in path.values()):
        assert each["summary"].endswith(".")
        assert each["operationId"].count("_") >= 1
    named = [operation["operationId"] for path in described.values() for operation in path.values()]
    assert len(set(named)) == len(named)


def _layers(app):
    """An application and what it wraps."""
    while app is not None:
        yield app
        app = getattr(app, "_app", None) or getattr(app, "app", None)


def test_changes_name_their_role_and_their_tokens(session):
    """A reader sees who may, and that a cookie alone changes nothing."""
    plan = session.get(f"{session.base}/api/openapi.json").json()["paths"]["/api/maintenance"]["post"]
    assert plan["description"].endswith("Needs the role responder.")
    assert plan["security"] == [{"token": []}, {"session": [], "csrf": []}]
    assert set(plan["responses"]) == {"202", "400", "401", "403", "404", "409", "413", "429", "503"}


def test_the_document_needs_a_login(session):
    """Whoever is not let in learns nothing of what there is."""
    assert requests.get(f"{session.base}/api/openapi.json", timeout=60).status_code == 401


@each_finite
def test_what_is_there_is_answered_as_described(schema, session, method, path):
    """With names that are there and bodies that fit: the answer is no refusal, and fits."""
    now = datetime.now(UTC)
    bodies = {
        "/api/alerts/{fingerprint}/actions": {"action": "comment", "comment": "seen"},
        "/api/maintenance": {"hospital": "North", "ends_at": (now + timedelta(hours=2)).isoformat(), "reason": "test"},
    }
    body = {"body": bodies[path], "media_type": "application/json"} if method == "POST" else {}
    answer = validated(schema[path][method].Case(path_parameters=there(path), query={}, **body), session)
    assert answer.status_code == OPERATIONS[method, path].status, answer.text


@each_finite
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.name.lower())
def test_whatever_is_sent_is_answered_as_described(schema, session, method, path, mode):
    """Nothing makes the board fail, every answer is one that the document knows, and what does not fit is refused."""
    operation = schema[path][method]
    if mode.is_negative and not (operation.query or operation.body or operation.path_parameters):
        return  # there is nothing that could be wrong

    @given(drawn=st.data())
    @settings(max_examples=20, derandomize=True, suppress_health_check=list(HealthCheck))
    def run(drawn) -> None:
        case = drawn.draw(operation.as_strategy(generation_mode=mode))
        # Of what is not there little can be asked: half of the cases are about what is, unless that is what is wrong.
        if drawn.draw(st.booleans()) and not case.meta.is_negative_at(ParameterLocation.PATH):
            case.path_parameters.update(there(path))
            if mode.is_positive and isinstance(case.body, dict) and "hospital" in case.body:
                case.body["hospital"] = THERE["hospital"]
        validated(case, session)

    run()
