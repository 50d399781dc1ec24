"""Headers on every answer, names under which the board is reached, and requests from other sites."""

import re

import pytest

from services.board.app import Board, BoardConfig
from services.board.guard import SecurityHeaders
from tests.unit.board.conftest import PASSWORD, USER, fixed_book


@pytest.mark.parametrize("path", ["/login", "/", "/api/alerts", "/nothing", "/static/base.css", "/healthz"])
async def test_every_answer_is_guarded(board, path):
    """Scripts and styles only from here, no frames, no sniffing, no referrer to others, on errors too."""
    answer = await board.client().get(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "server" not in answer.headers
    assert "strict-transport-security" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


async def test_pages_hold_no_script_and_no_style_of_their_own(board):
    """What the policy forbids does not occur: scripts and styles are files."""
    client = await board.logged_in()
    for path in ("/", "/login?next=/", "/nothing"):
        page = (await client.get(path, headers={"Accept": "text/html"})).text
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick=" not in page
        assert page.count("<script") == len(
            re.findall(r'<script( type="module")? src="/static/[\w./]+"></script>', page)
        )


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "", "localhost@x", "[::2]"])
async def test_a_foreign_name_for_the_board_is_refused(board, host):
    """A site whose name was pointed at this machine gets nothing, not even the login page."""
    answer = await board.client().get("/login", headers={"Host": host})
    assert answer.status_code == 400
    assert "Log in" not in answer.text


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080"])
async def test_the_names_of_this_machine_are_taken(board, host):
    """Loopback by any of its names."""
    assert (await board.client().get("/login", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_other_sites_change_nothing(board, headers):
    """Neither a login nor an action can be sent from a page of another site."""
    form = {"user": USER, "password": PASSWORD}
    assert (await board.client().post("/login", data=form, headers=headers)).status_code == 403
    client = await board.logged_in()
    answer = await client.post("/api/alerts/x/actions", json={"action": "acknowledge"}, headers=headers)
    assert answer.status_code == 403


async def test_our_own_pages_may(board):
    """A form of the board sends its own origin."""
    headers = {"Origin": board.url, "Sec-Fetch-Site": "same-origin"}
    answer = await board.client().post("/login", data={"user": USER, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 303


async def test_over_tls_cookie_and_headers_say_so(redis_url):
    """The cookie is Secure and bound to the host, and browsers keep to https."""
    app = Board(BoardConfig(redis=redis_url, kafka={}, book=fixed_book(), secure=True))
    assert isinstance(app._app, SecurityHeaders)
    assert app._app._headers["Strict-Transport-Security"] == "max-age=31536000"
    assert app._cookie == "__Host-pumpwatch"
