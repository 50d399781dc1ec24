"""Logging in through an OpenID provider: a provider of our own in a process of its own, and everything it can send."""

import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest
from mirakuru import HTTPExecutor

from services.board.account_file import AccountBook
from services.board.accounts import Account, Accounts, Group
from services.board.app import BoardConfig
from services.board.openid import OpenIdConfig
from tests.unit.board.conftest import PASSWORD, USER, serving

CLIENT, SECRET = "pumpwatch", "0123456789abcdef0123456789abcdef"
PROGRAM = Path(__file__).parents[2] / "servers" / "openid_provider.py"
LOCAL = msgspec.structs.replace(Account.create(USER, PASSWORD), created=datetime(2026, 11, 23, tzinfo=UTC))
GROUPS = [
    Group(group="north-desk", role="responder", hospitals=["North"]),
    Group(group="staff", role="viewer", hospitals="all"),
]


def free_socket() -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    return listening


@pytest.fixture(scope="module")
def places():
    """A listening socket for the board, and the provider, which knows where that is."""
    board, provider = free_socket(), free_socket()
    port = provider.getsockname()[1]
    provider.close()
    back = f"http://127.0.0.1:{board.getsockname()[1]}/login/openid/back"
    command = [sys.executable, str(PROGRAM), str(port), CLIENT, SECRET, back]
    url = f"http://127.0.0.1:{port}"
    with HTTPExecutor(command, url=f"{url}/jwks", timeout=120):
        yield board, url
    board.close()


@pytest.fixture
def book():
    """One account, and what two groups may do."""
    return AccountBook(fixed=Accounts(accounts=[LOCAL], groups=GROUPS))


@pytest.fixture
async def board(redis, redis_url, book, places):
    """A board that knows the provider."""
    listening, issuer = places
    openid = OpenIdConfig(issuer, CLIENT, SECRET, "Example SSO", "preferred_username", "groups", None)
    config = BoardConfig(redis=redis_url, kafka={}, book=book, openid=openid)
    async with serving(config, listening.dup()) as served:
        yield served


async def at_the_provider(browser: httpx.AsyncClient, **says: str) -> str:
    """Begin a login and log in at the provider; where it sends the browser back to."""
    begun = await browser.get("/login/openid", params={"next": "/?hospital=North"})
    assert begun.status_code == 303, begun.text
    asked = httpx.URL(begun.headers["location"])
    assert asked.params["code_challenge_method"] == "S256"
    assert len(asked.params["nonce"]) >= 32
    assert "code_verifier" not in asked.params
    async with httpx.AsyncClient() as provider:
        answer = await provider.get(asked.copy_merge_params(says))
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def test_the_login_page_leads_to_the_provider(board):
    """Its name stands on the button, and the page that was asked for is passed on."""
    page = await board.client().get("/login", params={"next": "/?hospital=North"})
    assert "Log in with Example SSO" in page.text
    assert 'href="/login/openid?next=/%3Fhospital%3DNorth"' in page.text


async def test_who_is_in_a_group_comes_in_with_its_rights(board):
    """There and back with PKCE, state and nonce; the strict cookie is set on a page of ours that leads on."""
    browser = board.client()
    answer = await browser.get(await at_the_provider(browser, user="ana", groups="staff,north-desk"))
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/?hospital=North">' in answer.text
    assert any("SameSite=strict" in each for each in answer.headers.get_list("set-cookie"))
    said = (await browser.get("/api/session")).json()
    assert (said["user"], said["role"], said["hospitals"]) == ("ana", "responder", ["North"])
    (event,) = await board.audited("login")
    assert (event.by, event.via, event.hospital) == ("ana", "openid", "North")


async def test_rights_follow_the_groups_that_count_now(board, book):
    """A group that is taken out of the account file shuts its members out at once."""
    browser = board.client()
    await browser.get(await at_the_provider(browser, user="ana", groups="staff"))
    assert (await browser.get("/api/session")).json()["hospitals"] is None
    book.accounts = Accounts(accounts=[LOCAL], groups=[Group(group="staff", role="viewer", hospitals=["South"])])
    assert (await browser.get("/api/session")).json()["hospitals"] == ["South"]
    book.accounts = Accounts(accounts=[LOCAL])
    assert (await browser.get("/api/session")).status_code == 401


@pytest.mark.parametrize(
    "spoil",
    [
        "nonce",
        "no-nonce",
        "audience",
        "audience-with-us-as-party",
        "expired",
        "issuer",
        "forged",
        "no-signature",
        "signed-with-the-secret",
        "refuse",
    ],
)
async def test_an_answer_that_proves_nothing_opens_nothing(board, spoil):
    """Wrong nonce, audience, time, issuer or signature, or a refusal: no session, and the audit has it."""
    browser = board.client()
    answer = await browser.get(await at_the_provider(browser, user="ana", groups="staff", spoil=spoil))
    assert answer.status_code == 401
    assert "was not confirmed by the provider" in answer.text
    assert "pumpwatch" not in browser.cookies
    assert (await browser.get("/api/session")).status_code == 401
    (event,) = await board.audited("login_refused")
    assert (event.by, event.via) == (None, "openid")


async def test_an_answer_is_good_once(board):
    """State and code sent again open nothing, not even in the browser that began."""
    browser = board.client()
    back = await at_the_provider(browser, user="ana", groups="staff")
    kept = dict(browser.cookies)
    assert (await browser.get(back)).status_code == 200
    again = await board.client(cookies=kept).get(back)
    assert again.status_code == 400
    assert "begun in another browser or too long ago" in again.text
    # A fresh state does not help with a code that was used.
    fresh = await at_the_provider(browser, user="ana", groups="staff")
    used = httpx.URL(fresh).copy_set_param("code", httpx.URL(back).params["code"])
    assert (await browser.get(used)).status_code == 401


async def test_an_answer_is_for_the_browser_that_began(board):
    """Somebody who is lured to another's answer is not logged in as that other."""
    begun, lured = board.client(), board.client()
    back = await at_the_provider(begun, user="mallory", groups="staff")
    assert (await lured.get(back)).status_code == 400
    await at_the_provider(lured, user="ana", groups="staff")
    back = await at_the_provider(begun, user="mallory", groups="staff")
    assert (await lured.get(back)).status_code == 400
    assert (await begun.get("/login/openid/back", params={"state": "made-up", "code": "x"})).status_code == 400


@pytest.mark.parametrize(
    ("says", "status", "reason"),
    [
        ({"user": "ana", "groups": ""}, 403, "in no group"),
        ({"user": "ana", "groups": "others"}, 403, "in no group"),
        ({"user": "ana", "groups": "staff", "spoil": "groups-as-number"}, 403, "in no group"),
        ({"user": USER, "groups": "staff"}, 403, "has your name"),
        ({"user": "token:x", "groups": "staff"}, 401, "not confirmed"),
    ],
)
async def test_whoever_has_no_rights_here_does_not_come_in(board, says, status, reason):
    """No group of the file, the name of an account, or a name that could pass for a token's."""
    browser = board.client()
    answer = await browser.get(await at_the_provider(browser, **says))
    assert (answer.status_code, reason in answer.text) == (status, True)
    assert (await browser.get("/api/session")).status_code == 401


async def test_without_the_provider_passwords_still_work(redis, redis_url, book):
    """A provider that does not answer, or calls itself otherwise, is 503; the form beside it goes on."""
    gone = free_socket()
    openid = OpenIdConfig(f"http://127.0.0.1:{gone.getsockname()[1]}", CLIENT, SECRET, "SSO", "sub", "groups", None)
    async with serving(BoardConfig(redis=redis_url, kafka={}, book=book, openid=openid), free_socket()) as board:
        answer = await board.client().get("/login/openid")
        assert (answer.status_code, "SSO does not answer" in answer.text) == (503, True)
        await board.logged_in()
    gone.close()


async def test_without_a_provider_there_is_no_such_way_in(redis, redis_url, book):
    """The paths are not there, and sessions that a provider once opened are over."""
    async with serving(BoardConfig(redis=redis_url, kafka={}, book=book), free_socket()) as board:
        client = board.client()
        assert (await client.get("/login/openid")).status_code == 404
        assert (await client.get("/login/openid/back", params={"state": "x"})).status_code == 404
        assert "Log in with" not in (await client.get("/login")).text
