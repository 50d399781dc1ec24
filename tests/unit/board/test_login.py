"""Who gets in: nothing answers without a login, and logging in gives nothing away."""

import hashlib

import pytest

from services.board.accounts import Accounts
from services.board.guard import PUBLIC
from tests.unit.board.conftest import PASSWORD, USER
from tests.unit.board.sse import next_of, opened

PRIVATE = [
    "/",
    "/api/alerts",
    "/api/alerts/x",
    "/api/fleet",
    "/api/pipeline",
    "/api/session",
    "/api/stream",
    "/static/board.js",
    "/static/board.css",
    "/no/such/page",
    "//login",
    "/login/",
]


@pytest.mark.parametrize("path", PRIVATE)
async def test_without_a_login_nothing_answers(board, path):
    """A program gets 401 and a person the login page, also where nothing is, so that paths are not disclosed."""
    client = board.client()
    program = await client.get(path)
    person = await client.get(path, headers={"Accept": "text/html"})
    assert program.status_code == 401
    assert program.json() == {"error": "Log in first."}
    expected = 401 if path.startswith(("/api", "/static")) else 303
    assert person.status_code == expected
    assert "Norepinephrine" not in program.text + person.text


@pytest.mark.parametrize("path", ["/api/alerts/x/actions", "/logout", "/api/alerts"])
async def test_without_a_login_nothing_can_be_changed(board, path):
    """A POST without a session is refused before its body is looked at."""
    assert (await board.client().post(path, content=b"{}")).status_code == 401


async def test_public_paths_are_the_login_and_what_it_needs(board):
    """The list is short, and /healthz tells a stranger nothing but good or bad."""
    client = board.client()
    static = {"/static/base.css", "/static/theme.js", "/static/mark.svg"}
    assert set(PUBLIC) == {"/login", "/login/openid", "/login/openid/back", "/healthz"} | static
    assert [(await client.get(path)).status_code for path in ("/login", *static)] == [200] * 4
    assert set((await client.get("/healthz")).json()) == {"status"}


async def test_the_right_password_opens_a_session(board, redis):
    """The cookie is out of reach of scripts and other sites; Redis holds only a hash of it, with an end."""
    client = board.client()
    answer = await client.post("/login", data={"user": USER, "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Max-Age=43200" in cookie
    token = client.cookies["pumpwatch"]
    keys = [key async for key in redis.scan_iter("pw:session:*")]
    assert keys == [f"pw:session:{hashlib.sha256(token.encode()).hexdigest()}"]
    assert 43_000_000 < await redis.pttl(keys[0]) <= 43_200_000
    page = await client.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "Not a medical device" in page.text


async def test_wrong_user_and_wrong_password_get_the_same_answer(board):
    """Nothing tells a guesser whether the account exists."""
    client = board.client()
    wrong_password = await client.post("/login", data={"user": USER, "password": "wrong horse"})
    wrong_user = await client.post("/login", data={"user": "admin1", "password": PASSWORD})
    assert wrong_password.status_code == wrong_user.status_code == 401
    assert wrong_user.text.replace("admin1", USER) == wrong_password.text
    assert "set-cookie" not in wrong_user.headers
    assert "User or password is wrong." in wrong_user.text


async def test_guessing_is_slowed_down_even_with_the_right_password(board, monkeypatch):
    """After five failures the next try has to wait, whatever it brings; the answer says how long."""
    # The second begins before the password is looked at, and a loaded machine may take all of it to hash one.
    monkeypatch.setattr(Accounts, "admitted", lambda *_: None)
    client = board.client()
    for _ in range(5):
        await client.post("/login", data={"user": USER, "password": "wrong"})
    answer = await client.post("/login", data={"user": USER, "password": PASSWORD})
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert "Too many tries. Wait 1 s" in answer.text


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("/?hospital=North", "/?hospital=North"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\r\nX: y", "/"),
        ("", "/"),
    ],
)
async def test_login_leads_on_within_the_site_only(board, asked, target):
    """`next` is a path of the board, never another site."""
    answer = await board.client().post("/login", data={"user": USER, "password": PASSWORD, "next": asked})
    assert (answer.status_code, answer.headers["location"]) == (303, target)


async def test_a_page_that_was_asked_for_comes_after_the_login(board):
    """The redirect to the login page carries the path, and the form passes it on, escaped."""
    client = board.client()
    answer = await client.get('/?hospital="><b>', headers={"Accept": "text/html"})
    form = await client.get(answer.headers["location"])
    assert "<b>" not in form.text
    assert 'name="next" value="/?hospital=%22%3E%3Cb%3E"' in form.text


async def test_what_was_typed_comes_back_escaped(board):
    """The user name is shown again, as text."""
    answer = await board.client().post("/login", data={"user": '"><script>alert(1)</script>', "password": "x"})
    assert "<script>alert" not in answer.text
    assert "&#34;&gt;&lt;script&gt;" in answer.text


async def test_logging_out_ends_the_session_and_its_streams(board):
    """The token opens nothing afterwards, and a stream that was open ends."""
    client = await board.logged_in()
    csrf = client.headers["X-CSRF-Token"]
    async with opened(client) as events:
        await next_of(events, "snapshot")
        cookies = dict(client.cookies)
        answer = await client.post("/logout", data={"csrf": csrf})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert [event async for event in events if event.name not in {"status", "snapshot"}] == []
    again = board.client(cookies=cookies)
    assert (await again.get("/api/session")).status_code == 401


async def test_logging_out_needs_the_token_of_the_session(board):
    """Another session's token is as good as none."""
    client, other = await board.logged_in(), await board.logged_in()
    for csrf in ("", "wrong", other.headers["X-CSRF-Token"]):
        assert (await client.post("/logout", data={"csrf": csrf})).status_code == 403
    assert (await client.get("/api/session")).json()["user"] == USER


async def test_a_session_ends_with_its_time(board, redis):
    """An expired or deleted session is none, whatever the browser still sends."""
    client = await board.logged_in()
    async for key in redis.scan_iter("pw:session:*"):
        await redis.hset(key, "expires_at", 1)
    assert (await client.get("/api/session")).status_code == 401


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"user=" + b"x" * 9000, 413), (b"\xff\xfe", 400), (b"&".join(b"a=1" for _ in range(50)), 400)],
)
async def test_forms_that_no_page_of_ours_sends_are_refused(board, content, status):
    """Too large, not text, or too many fields."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await board.client().post("/login", content=content, headers=headers)).status_code == status


async def test_a_made_up_cookie_is_no_session(board):
    """Neither a guessed token nor the key of a session opens anything."""
    client = await board.logged_in()
    key = hashlib.sha256(client.cookies["pumpwatch"].encode()).hexdigest()
    for token in ("", "x", key, f"pw:session:{key}", "*"):
        stranger = board.client(cookies={"pumpwatch": token})
        assert (await stranger.get("/api/session")).status_code == 401
