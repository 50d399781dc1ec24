"""The JSON API: what is open, in which order, and actions that become events."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from schemas.codec import decode, encode
from schemas.events import AlertAction
from services.board.actions import action_on
from tests.made_read_model import alert, beat, hear, store

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


async def test_alerts_come_worst_and_newest_first_over_all_hospitals(board, redis):
    """Severity before time, whatever the hospital; `total` counts those beyond the limit."""
    made = [
        alert("info-new", severity="info", since=NOW),
        alert("critical-old", since=NOW - timedelta(hours=3), hospital="South"),
        alert("critical-new", since=NOW - timedelta(hours=1)),
        alert("warning", severity="warning", since=NOW - timedelta(minutes=5), hospital="South"),
        alert("done", state="resolved"),
    ]
    await store(redis, *made)
    client = await board.logged_in()
    found = (await client.get("/api/alerts?limit=3")).json()
    assert [each["alert"]["fingerprint"] for each in found["alerts"]] == ["critical-new", "critical-old", "warning"]
    assert (found["total"], found["limit"]) == (4, 3)
    south = (await client.get("/api/alerts", params={"hospital": "South"})).json()
    assert [each["alert"]["fingerprint"] for each in south["alerts"]] == ["critical-old", "warning"]
    assert (await client.get("/api/alerts", params={"hospital": "nowhere"})).json()["alerts"] == []


async def test_an_alert_comes_as_published_with_words(board, redis):
    """Fields that a later version publishes are passed on."""
    published = msgspec.json.decode(encode(alert("a"))) | {"ward_phone": "1234"}
    await redis.hset("pw:alert:a", "alert", msgspec.json.encode(published).decode())
    client = await board.logged_in()
    found = (await client.get("/api/alerts/a")).json()
    assert found["alert"] == published
    assert found["words"] == {
        "kind": "Dose entry",
        "field": "dose",
        "commit": "confirmed",
        "typed": "80",
        "meant": "8",
        "slip": "a digit too many",
        "harm": "life-threatening",
    }
    missing = await client.get("/api/alerts/b")
    assert (missing.status_code, missing.json()) == (404, {"error": "There is no alert with this fingerprint."})


async def test_something_else_in_redis_does_not_break_the_list(board, redis):
    """An alert that cannot be read is left out; the others are shown."""
    await store(redis, alert("good"), alert("bad"))
    await redis.hset("pw:alert:bad", "alert", '{"fingerprint": 5}')
    client = await board.logged_in()
    found = (await client.get("/api/alerts")).json()
    assert [each["alert"]["fingerprint"] for each in found["alerts"]] == ["good"]


async def test_the_fleet_in_figures(board, redis):
    """Pumps heard in the last five minutes, by hospital and in all, and whether they are simulated."""
    await hear(redis, "North", "N1", "online", "infusing")
    await hear(redis, "North", "N2", "online", "battery")
    await hear(redis, "South", "S1", "online", test=False)
    await redis.zadd("pw:live:North:online", {"N3": int((datetime.now(UTC).timestamp() - 301) * 1000)})
    await store(redis, alert("a"), alert("b", severity="info", hospital="South"))
    client = await board.logged_in()
    fleet = (await client.get("/api/fleet")).json()
    figures = {
        each["hospital"]: (each["online"], each["infusing"], each["battery"], each["test"])
        for each in fleet["hospitals"]
    }
    assert figures == {"North": (2, 1, 1, True), "South": (1, 0, 0, False)}
    assert fleet["all"] == {
        "hospital": "*", "online": 3, "infusing": 1, "battery": 1, "test": True,
        "open": {"critical": 1, "warning": 0, "info": 1},
    }  # fmt: skip
    assert (await client.get("/api/fleet?hospital=South")).json()["test"] is False


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
async def test_an_action_becomes_an_event_keyed_like_the_alert(board, redis, action):
    """202 once it is published; it names the account, and the event passes our own strict reading."""
    made = alert("a", hospital="Nörd", key="P-a")
    await store(redis, made)
    client = await board.logged_in()
    answer = await client.post("/api/alerts/a/actions", json={"action": action})
    assert answer.status_code == 202
    (published,) = board.publisher.actions
    assert decode(AlertAction, encode(published)) == published
    assert (published.fingerprint, published.key, published.action, published.by) == ("a", "P-a", action, "biomed")
    assert (published.hospital, published.care_area, published.pump, published.test) == ("Nörd", "MICU", "P-a", True)
    assert answer.json() == {"id": published.id, "fingerprint": "a", "revision": 1}


async def test_pressing_twice_is_one_action(board, redis):
    """The id follows from what was acted on, so the stream counts a repeated press once."""
    await store(redis, alert("a"))
    client = await board.logged_in()
    for _ in range(2):
        await client.post("/api/alerts/a/actions", json={"action": "acknowledge"})
    first, second = board.publisher.actions
    assert first.id == second.id


def test_actions_that_differ_have_ids_that_differ():
    """By what was done, by whom, on which revision, and by the comment."""
    one = alert("a")
    ids = {
        action_on(one, "acknowledge", "biomed", None).id,
        action_on(one, "resolve", "biomed", None).id,
        action_on(one, "acknowledge", "other", None).id,
        action_on(one, "comment", "biomed", "seen").id,
        action_on(one, "comment", "biomed", "called").id,
        action_on(msgspec.structs.replace(one, revision=2), "acknowledge", "biomed", None).id,
    }
    assert len(ids) == 6
    assert all(len(each) <= 128 for each in ids)


@pytest.mark.parametrize(
    ("body", "status", "names"),
    [
        (b'{"action": "explode"}', 400, "action"),
        (b'{"action": "acknowledge", "by": "somebody"}', 400, "by"),
        (b'{"action": "comment"}', 400, "comment"),
        (b'{"action": "comment", "comment": "' + b"x" * 501 + b'"}', 400, "comment"),
        (b"{", 400, "body"),
        (b"\xff", 400, "body"),
        (b'{"action": "acknowledge", "comment": "' + b"x" * 9000 + b'"}', 413, "larger"),
    ],
)
async def test_bad_actions_are_refused_by_name(board, redis, body, status, names):
    """The answer names the field that does not fit, and nothing is published."""
    await store(redis, alert("a"))
    client = await board.logged_in()
    answer = await client.post("/api/alerts/a/actions", content=body)
    assert answer.status_code == status
    assert names in answer.json()["error"]
    assert board.publisher.actions == []


async def test_an_action_needs_the_token_of_its_session(board, redis):
    """No token, a wrong one and another session's are refused; nothing is published."""
    await store(redis, alert("a"))
    client, other = await board.logged_in(), await board.logged_in()
    for token in (None, "", "wrong", other.headers["X-CSRF-Token"]):
        headers = {} if token is None else {"X-CSRF-Token": token}
        if token is None:
            del client.headers["X-CSRF-Token"]
        answer = await client.post("/api/alerts/a/actions", json={"action": "acknowledge"}, headers=headers)
        assert answer.status_code == 403
    assert board.publisher.actions == []


async def test_nothing_is_promised_before_kafka_confirmed(board, redis):
    """Without a confirmation the answer is 503 with what to do, not 202."""
    await store(redis, alert("a"), alert("done", state="resolved"))
    client = await board.logged_in()
    board.publisher.refusal = "Kafka did not answer in time; try again."
    answer = await client.post("/api/alerts/a/actions", json={"action": "acknowledge"})
    assert (answer.status_code, answer.json()) == (503, {"error": "Kafka did not answer in time; try again."})
    assert (await client.post("/api/alerts/done/actions", json={"action": "acknowledge"})).status_code == 409
    assert (await client.post("/api/alerts/none/actions", json={"action": "acknowledge"})).status_code == 404


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1.5", "", "9" * 30, "٣"])
async def test_a_bad_limit_is_refused(board, limit):
    """The answer says what fits."""
    client = await board.logged_in()
    answer = await client.get("/api/alerts", params={"limit": limit})
    assert (answer.status_code, answer.json()) == (400, {"error": "`limit` is a whole number from 1 to 1000."})


async def test_the_pipeline_shows_each_worker_to_those_logged_in(board, redis):
    """Figures of every worker, and the judgement over all."""
    await beat(redis, "w1", lag=7)
    await beat(redis, "w2", lag=5, dead_letters_total=0)
    client = await board.logged_in()
    found = (await client.get("/api/pipeline")).json()
    assert found["pipeline"] | {"idle_s": 0} == {
        "ok": True, "reason": "Every stream worker makes progress.", "workers": 2, "lag": 12, "idle_s": 0,
        "dead_letters": 2,
    }  # fmt: skip
    assert [worker["worker"] for worker in found["workers"]] == ["w1", "w2"]


async def test_methods_that_are_not_offered(board):
    """405, not an accident."""
    client = await board.logged_in()
    assert (await client.get("/api/alerts/a/actions")).status_code == 405
    assert (await client.delete("/api/alerts/a")).status_code == 405
