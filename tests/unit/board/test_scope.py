"""What lies outside a scope does not exist: no answer, page or stream depends on it, whatever is asked for."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route

from schemas.codec import encode
from schemas.events import AlertSubject
from schemas.topics import MAINTENANCE
from services.board.accounts import Account
from services.board.app import BoardConfig
from streams.sink import ReadModel, entries
from tests.made_alerts import score, window
from tests.made_events import heartbeat
from tests.made_places import episode
from tests.made_places import hear as hear_power
from tests.made_read_model import alert, beat, hear, rollup, store, store_rollups
from tests.unit.board.conftest import ACCOUNT, PASSWORD, fixed_book, serving
from tests.unit.board.sse import next_of, opened

HERE, THERE, NOWHERE = "Nordberg", "Suedtal", "Nirgends"
# They read nothing of hospitals, grow with each look, or end only with the client.
_APART = {"/login", "/login/openid", "/login/openid/back", "/healthz", "/api/accounts", "/api/stream"}
_CLOCKS = re.compile(rb'"(now|at|expires_at|heard_at)":("[^"]*"|\d+)')


@pytest.fixture
def book():
    """An admin of each combination of hospitals, so that no role hides anything."""
    of = {"here": [HERE], "there": [THERE], "both": [HERE, THERE]}
    named = [Account.create(user, PASSWORD, hospitals=hospitals) for user, hospitals in of.items()]
    return fixed_book(ACCOUNT, *named)


def routes(board) -> list[Route]:
    """Every route of the board."""
    app = board.app
    while not isinstance(app, Starlette):
        app = getattr(app, "_app", None) or app.app
    return [route for route in app.routes if isinstance(route, Route)]


async def fill(redis, hospital: str, pumps: int) -> None:
    """Put something of every kind into the read model; everything is named after the hospital."""
    mark, at = hospital.lower(), datetime.now(UTC).replace(microsecond=0)
    sink = ReadModel(redis, "tests")
    for number in range(pumps):
        of = {"hospital": hospital, "care_area": f"{mark}-icu", "pump": f"{mark}-p{number}"}
        drug = f"{mark}ine"
        found = score(**of, entry=f"{mark}-e{number}", drug=drug)
        await entries.put(sink, [(number, found)])
        subject = AlertSubject(pump=of["pump"], entry=found.entry, drug=drug, typed=80.0, meant=8.0)
        for kind in ("dose_entry_error", "battery_degraded"):
            name = f"{mark}-{kind}-{number}"
            await store(redis, alert(name, **of, kind=kind, subject=subject, summary=f"{mark} {drug}"))
        await hear(redis, hospital, of["pump"], "online", "infusing")
        power = heartbeat(of["pump"], number, at, hospital=hospital, care_area=of["care_area"], infusing=True)
        await hear_power(redis, power, first=number)
        await sink.put_episodes([episode(of["pump"], at - timedelta(hours=1), hospital=hospital)])
    await store_rollups(redis, rollup(hospital, at, care_area=f"{mark}-icu", drug=f"{mark}ine", entries=pumps))
    planned = window(0, 0, window=f"{mark}-w", hospital=hospital, pump=f"{mark}-p0", reason=f"at {mark}", at=at)
    await sink.put_windows(MAINTENANCE, 0, [(0, planned, encode(planned))])


def questions(board) -> list[str]:
    """Every GET of the board, with names of both hospitals and of none, and asked for each of them."""
    asked = []
    for route in routes(board):
        if route.path in _APART or "GET" not in (route.methods or ()):
            continue
        for hospital in (HERE, THERE, NOWHERE):
            mark = hospital.lower()
            parts = {
                "fingerprint": f"{mark}-dose_entry_error-0",
                "pump": f"{mark}-p0",
                "hospital": hospital,
                "care_area": f"{mark}-icu",
                "drug": f"{mark}ine",
                "window": f"{mark}-w",
            }
            path = re.sub(r"\{(\w+)(:path)?\}", lambda part, parts=parts: quote(parts[part[1]]), route.path)
            asked += [path, f"{path}?hospital={hospital}&q={mark}"]
    return list(dict.fromkeys(asked))


async def answers(client, asked: list[str]) -> dict[str, tuple[int, bytes]]:
    """What is answered, without the figures that follow the clock."""
    found = {}
    for url in asked:
        accept = "application/json" if url.startswith("/api/") else "text/html"
        answer = await client.get(url, headers={"Accept": accept})
        assert answer.status_code < 500, (url, answer.text)
        found[url] = (answer.status_code, _CLOCKS.sub(rb'"\1":0', answer.content))
    return found


@settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.generate],  # what fails first tells enough
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(here=st.integers(0, 2), there=st.integers(1, 3))
async def test_no_answer_depends_on_another_hospital(redis, redis_url, book, here, there):
    """With the other hospital's data and without it every answer is the same, to the byte, and nothing names it."""
    await redis.flushall()
    await beat(redis)
    if here:
        await fill(redis, HERE, here)
    config = BoardConfig(redis=redis_url, kafka={}, book=book)
    async with serving(config) as board:
        client = await board.logged_in("here")
        asked = questions(board)
        before = await answers(client, asked)
        cookies = dict(client.cookies)
    await fill(redis, THERE, there)
    async with serving(config) as board:  # another one, for what the first keeps in memory would hide a difference
        after = await answers(board.client(cookies=cookies), asked)
    assert [url for url in asked if after[url] != before[url]] == []
    own = [url for url in asked if THERE.lower() not in url.lower()]
    assert [url for url in own if THERE.lower().encode() in after[url][1].lower()] == []
    assert (HERE.lower() in str(after[f"/api/pumps/{HERE.lower()}-p0"]).lower()) == bool(here)


async def test_unknown_and_out_of_scope_get_the_same_bytes(board, redis):
    """Whether something exists elsewhere cannot be told: the answers differ in the name that was asked for alone."""
    await fill(redis, THERE, 2)
    client = await board.logged_in("here")
    found = await answers(client, questions(board))
    for url, (status, body) in found.items():
        if THERE in url or THERE.lower() in url:
            unknown = url.replace(THERE, NOWHERE).replace(THERE.lower(), NOWHERE.lower())
            renamed = body.replace(THERE.encode(), NOWHERE.encode()).replace(
                THERE.lower().encode(), NOWHERE.lower().encode()
            )
            assert (status, renamed) == found[unknown], url


async def test_actions_out_of_scope_are_as_on_what_is_not_there(board, redis):
    """404 with the same bytes, and nothing is published."""
    await fill(redis, THERE, 1)
    client = await board.logged_in("here")
    given = {"json": {"action": "acknowledge"}}
    there = await client.post("/api/alerts/suedtal-dose_entry_error-0/actions", **given)
    unknown = await client.post("/api/alerts/no-such-alert/actions", **given)
    assert (there.status_code, there.content) == (unknown.status_code, unknown.content)
    assert there.status_code == 404
    assert board.publisher.actions == []
    seen = await (await board.logged_in("there")).post("/api/alerts/suedtal-dose_entry_error-0/actions", **given)
    assert seen.status_code == 202


@pytest.mark.parametrize("hospital", [None, THERE])
async def test_the_stream_has_nothing_of_another_hospital(board, redis, hospital):
    """Not in the snapshot, not in a change, not in the counts, and not after a break."""
    await beat(redis)
    await fill(redis, HERE, 1)
    await fill(redis, THERE, 2)
    await board.follows(HERE, THERE)
    client, other = await board.logged_in("here"), await board.logged_in("there")
    query = {} if hospital is None else {"hospital": hospital}
    async with opened(client, **query) as events, opened(other) as others:
        snapshot = await next_of(events, "snapshot")
        assert snapshot.data["total"] == (2 if hospital is None else 0)
        await next_of(others, "snapshot")
        await store(redis, alert("there-1", hospital=THERE))
        assert (await next_of(others, "alert")).data["alert"]["fingerprint"] == "there-1"
        await store(redis, alert("here-1", hospital=HERE))
        if hospital is None:
            change = await next_of(events, "alert")
            assert change.data["alert"]["fingerprint"] == "here-1"
        online = 0
        while online != 1:  # the first status may be from before anything was heard
            status = await next_of(events, "status", "alert")
            assert status.name == "status"
            assert status.data["pipeline"]["lag"] is None
            assert THERE.lower() not in str(status.data).lower()
            online = status.data["fleet"]["all"]["online"]
        assert [each["hospital"] for each in status.data["fleet"]["hospitals"]] == [HERE]
        last = status.id
    await store(redis, alert("there-2", hospital=THERE), alert("here-2", hospital=HERE))
    async with opened(other) as others:  # whatever was written is published by now
        while len((await next_of(others, "snapshot")).data["alerts"]) < 6:
            board.app.hub.request_snapshots()
    if hospital is None:
        async with opened(client, last=last) as events:
            change = await next_of(events, "alert", "snapshot")
            assert change.name == "alert"
            assert change.data["alert"]["fingerprint"] == "here-2"


async def test_a_scope_of_two_hospitals_sees_both_and_no_third(board, redis):
    """The list, the fleet and the stream hold what is in scope, and the workers' figures are for all or none."""
    for hospital in (HERE, THERE, NOWHERE):
        await fill(redis, hospital, 1)
    await beat(redis)
    both, every = await board.logged_in("both"), await board.logged_in()
    assert (await both.get("/api/alerts")).json()["total"] == 4
    assert (await every.get("/api/alerts")).json()["total"] == 6
    fleet = (await both.get("/api/fleet")).json()
    assert [each["hospital"] for each in fleet["hospitals"]] == [HERE, THERE]
    assert fleet["all"]["online"] == 2
    assert (await both.get("/api/pipeline")).json() == {
        "pipeline": {
            "ok": True, "reason": "Every stream worker makes progress.", "workers": None, "lag": None,
            "idle_s": None, "dead_letters": None,
        },
        "workers": [],
    }  # fmt: skip
    assert len((await every.get("/api/pipeline")).json()["workers"]) == 1
