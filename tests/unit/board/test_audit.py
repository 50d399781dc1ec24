"""What was done is taken down: nobody waits for it, it survives Kafka's absence, and admins see the last of it."""

import asyncio

import pytest

from schemas.codec import decode, encode
from schemas.events import AuditEvent
from services.board.accounts import Account
from services.board.audit import AuditLog
from tests.made_read_model import alert, store
from tests.unit.board.conftest import ACCOUNT, PASSWORD, USER, RecordingPublisher, fixed_book


@pytest.fixture
def book():
    """An admin of everything, and one of North alone."""
    return fixed_book(ACCOUNT, Account.create("north", PASSWORD, hospitals=["North"]))


async def test_logins_and_logouts_are_taken_down(board):
    """Who, how and from where; each passes our own strict reading of the schema."""
    client = await board.logged_in("north")
    await client.post("/logout", data={"csrf": client.headers["X-CSRF-Token"]})
    (login,), (logout,) = await board.audited("login"), await board.audited("logout")
    assert (login.by, login.via, login.hospital, login.address) == ("north", "password", "North", "127.0.0.1")
    assert (logout.by, logout.hospital) == ("north", "North")
    assert decode(AuditEvent, encode(login)) == login
    assert login.id != logout.id


@pytest.mark.parametrize(("user", "known"), [(USER, True), ("hunter2-typed-as-user", False)])
async def test_a_refused_login_tells_whether_the_account_exists_and_nothing_that_was_typed(board, user, known):
    """People type passwords into the field for the name."""
    await board.client().post("/login", data={"user": user, "password": "wrong-secret"})
    (event,) = await board.audited("login_refused")
    assert (event.by, event.known_account, event.address) == (None, known, "127.0.0.1")
    text = encode(event).decode()
    assert "hunter2" not in text
    assert "wrong-secret" not in text
    assert user not in text


async def test_an_action_is_taken_down_once_kafka_has_it(board, redis):
    """Who did what to which alert of which hospital; a refused one is none."""
    await store(redis, alert("a"))
    client = await board.logged_in()
    await client.post("/api/alerts/a/actions", json={"action": "explode"})
    await client.post("/api/alerts/a/actions", json={"action": "comment", "comment": "a secret of mine"})
    (event,) = await board.audited("alert_action")
    assert (event.by, event.subject, event.detail, event.hospital, event.test) == (
        "biomed",
        "a",
        "comment",
        "North",
        True,
    )
    assert "secret" not in encode(event).decode()


async def test_admins_see_accounts_tokens_and_what_was_done_last(board):
    """Newest first, without a hash; the look itself is taken down; who sees one hospital sees who sees no other."""
    client, north = await board.logged_in(), await board.logged_in("north")
    await board.audited("login")
    shown = await client.get("/api/accounts")
    assert "argon2" not in shown.text
    said = shown.json()
    assert [(each["user"], each["role"], each["hospitals"]) for each in said["accounts"]] == [
        ("biomed", "admin", "all"),
        ("north", "admin", ["North"]),
    ]
    assert [each["kind"] for each in said["audit"]][-2:] == ["login", "login"]
    assert (said["waiting"], said["lost"]) in {(0, 0), (1, 0)}
    (event,) = await board.audited("accounts_read")
    assert event.by == "biomed"
    limited = (await north.get("/api/accounts")).json()
    assert [each["user"] for each in limited["accounts"]] == ["north"]
    assert {each["by"] for each in limited["audit"]} == {"north"}
    assert (limited["waiting"], limited["lost"]) == (None, None)


async def test_while_kafka_is_away_nobody_waits_and_nothing_is_lost(redis, monkeypatch):
    """Events wait in their order and come through when Kafka is back."""
    monkeypatch.setattr("services.board.audit._AGAIN_S", 0.01)
    publisher = RecordingPublisher()
    publisher.refusal = "Kafka did not answer in time; try again."
    audit = AuditLog(redis, publisher)
    running = asyncio.create_task(audit.run())
    for number in range(5):
        audit.record("login", by=f"user{number}")
    async with asyncio.timeout(60):
        while audit.waiting == 5:  # noqa: ASYNC110 (no event tells it)
            await asyncio.sleep(0.01)
    assert publisher.audited == []
    publisher.refusal = None
    await asyncio.wait_for(audit._waiting.join(), 60)
    assert [event.by for event in publisher.audited] == [f"user{number}" for number in range(5)]
    assert audit.lost == 0
    running.cancel()


async def test_what_finds_no_room_is_counted_and_complained_about(redis, capsys):
    """The queue is bounded; who acts does not notice."""
    audit = AuditLog(redis, RecordingPublisher(), waiting_at_most=3)
    for number in range(5):
        audit.record("login", by=f"user{number}")
    assert (audit.waiting, audit.lost) == (3, 2)
    said = capsys.readouterr().out
    assert said.count("audit events do not reach Kafka") == 1


async def test_redis_keeps_the_last_events_alone(redis, monkeypatch):
    """The stream in Redis is bounded; the topic is the record."""
    monkeypatch.setattr("services.board.audit.KEPT", 100)
    audit = AuditLog(redis, RecordingPublisher())
    running = asyncio.create_task(audit.run())
    for number in range(500):
        audit.record("login", by=f"user{number}")
    await asyncio.wait_for(audit._waiting.join(), 60)
    assert 100 <= await redis.xlen("pw:audit") < 400  # Redis trims whole nodes of a stream
    assert [event.by for event in await audit.recent(None, 2)] == ["user499", "user498"]
    assert await audit.recent(frozenset({"North"}), 2) == []
    running.cancel()
