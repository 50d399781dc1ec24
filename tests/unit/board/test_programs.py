"""API tokens: to the API alone, with the rights and the end that the account file gives them, at a pace."""

from datetime import UTC, datetime, timedelta

import pytest

from services.board import programs
from services.board.account_file import AccountBook
from services.board.accounts import Accounts, ApiToken, digest_of
from services.board.pace import Pace
from tests.made_read_model import alert, store
from tests.unit.board.conftest import ACCOUNT
from tests.unit.board.sse import next_of, opened

NOW = datetime.now(UTC).replace(microsecond=0)


def token(name: str, **changes) -> ApiToken:
    """A token whose text is `pw_` and its name; made yesterday for a month."""
    fields = {
        "name": name,
        "role": "viewer",
        "hospitals": ["North"],
        "hash": digest_of(f"pw_{name}"),
        "created": NOW - timedelta(days=1),
        "expires": NOW + timedelta(days=29),
    }
    return ApiToken(**(fields | changes))


@pytest.fixture
def book():
    """Programs that look, that act, and one whose time is over."""
    over = {"created": NOW - timedelta(days=30), "expires": NOW - timedelta(seconds=1)}
    tokens = [token("look"), token("act", role="responder"), token("over", **over), token("root", role="admin")]
    return AccountBook(fixed=Accounts(accounts=[ACCOUNT], tokens=tokens))


def program(board, name: str):
    """A program with a token of that name."""
    return board.client(headers={"Authorization": f"Bearer pw_{name}"})


async def test_a_program_sees_its_hospitals_without_a_cookie(board, redis):
    """The API answers by the token's scope, the stream too."""
    await store(redis, alert("n"), alert("s", hospital="South"))
    look = program(board, "look")
    found = (await look.get("/api/alerts")).json()
    assert [each["alert"]["fingerprint"] for each in found["alerts"]] == ["n"]
    said = (await look.get("/api/session")).json()
    assert (said["user"], said["role"], said["hospitals"]) == ("token:look", "viewer", ["North"])
    async with opened(look) as events:
        assert (await next_of(events, "snapshot")).data["total"] == 1
    assert "set-cookie" not in (await look.get("/api/alerts")).headers


async def test_a_program_acts_under_its_own_name_and_needs_no_csrf_token(board, redis):
    """No browser sends its header by itself, so no other site can; the role still counts."""
    await store(redis, alert("n"))
    given = {"json": {"action": "acknowledge"}}
    assert (await program(board, "act").post("/api/alerts/n/actions", **given)).status_code == 202
    (action,) = board.publisher.actions
    assert action.by == "token:act"
    refused = await program(board, "look").post("/api/alerts/n/actions", **given)
    assert refused.json() == {"error": "This needs the role responder; yours is viewer."}
    (event,) = await board.audited("alert_action")
    assert (event.by, event.subject, event.detail, event.hospital) == ("token:act", "n", "acknowledge", "North")


@pytest.mark.parametrize("path", ["/", "/accounts", "/login", "/logout", "/static/board.js", "/healthz"])
async def test_pages_are_not_for_programs(board, path):
    """A token that leaks opens no page, whatever its role."""
    answer = await program(board, "root").get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert answer.json()["error"].startswith("API tokens are for what is below /api/")


@pytest.mark.parametrize(
    ("name", "detail", "hospital"),
    [("over", "expired", "North"), ("none", "unknown or revoked", "*"), ("", "unknown or revoked", "*")],
)
async def test_a_token_that_is_over_or_unknown_is_refused(board, name, detail, hospital):
    """Both get the same answer; the audit tells them apart."""
    answer = await program(board, name).get("/api/alerts")
    assert answer.status_code == 401
    assert answer.json() == {"error": "The API token is unknown, expired or revoked."}
    assert answer.headers["www-authenticate"] == 'Bearer realm="Pumpwatch"'
    (event,) = await board.audited("token_refused")
    assert (event.by, event.detail, event.hospital) == (None, detail, hospital)
    assert event.subject == ("over" if name == "over" else None)


async def test_a_revoked_token_is_refused_at_once_and_guessing_does_not_fill_the_audit(board, book):
    """The next request is refused; of many the first twenty are taken down."""
    look = program(board, "look")
    assert (await look.get("/api/session")).status_code == 200
    book.accounts = Accounts(accounts=[ACCOUNT])
    assert {(await look.get("/api/session")).status_code for _ in range(40)} == {401}
    assert 20 <= len(await board.audited("token_refused")) < 40


async def test_a_program_in_a_loop_is_slowed_down_alone(board, monkeypatch):
    """429 says when to come back; another token is not held up."""
    monkeypatch.setattr(programs, "PER_SECOND", 0.01)
    monkeypatch.setattr(programs, "AT_ONCE", 3.0)
    look, act = program(board, "look"), program(board, "act")
    assert [(await look.get("/api/session")).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = await look.get("/api/session")
    assert 1 <= int(refused.headers["retry-after"]) <= 100
    assert (await act.get("/api/session")).status_code == 200


async def test_a_program_has_few_streams(board, monkeypatch):
    """One program cannot take the places of all screens."""
    monkeypatch.setattr("services.board.api.MOST_STREAMS_OF_A_TOKEN", 1)
    look = program(board, "look")
    async with opened(look) as events:
        await next_of(events, "snapshot")
        second = await look.get("/api/stream")
        assert (second.status_code, "1 streams open" in second.json()["error"]) == (429, True)


def test_a_pace_lets_a_rush_through_and_then_so_many_a_second():
    """By the clock that it is given."""
    pace = Pace(per_second=2.0, at_once=3.0)
    assert [pace.take(10.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert pace.take(10.5) == 0
    assert pace.take(10.5) == 0.5
    assert [pace.take(1000.0) for _ in range(4)] == [0, 0, 0, 0.5]
