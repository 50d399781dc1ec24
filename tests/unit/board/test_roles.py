"""What each role may do, on the server, whatever the page shows."""

import pytest
from starlette.routing import Route

from services.board.accounts import Account
from services.board.roles import ROLES, refuse_undeclared, requires, suffices
from tests.made_read_model import alert, store
from tests.unit.board.conftest import PASSWORD, fixed_book


@pytest.fixture
def book():
    """One account of each role."""
    return fixed_book(*(Account.create(role, PASSWORD, role=role) for role in ROLES))


def test_each_role_may_what_those_before_it_may():
    assert [[suffices(role, needed) for needed in ROLES] for role in ROLES] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


@pytest.mark.parametrize("role", ROLES)
async def test_who_may_act_and_who_may_see_accounts(board, redis, role):
    """Everybody looks; responders act on alerts and plan; admins see accounts. 403 names the role that is needed."""
    await store(redis, alert("a"))
    client = await board.logged_in(role)
    assert (await client.get("/api/alerts")).json()["total"] == 1
    assert f'data-role="{role}"' in (await client.get("/", headers={"Accept": "text/html"})).text
    given = {"json": {"action": "acknowledge"}}
    answers = {
        "responder": [
            await client.post("/api/alerts/a/actions", **given),
            await client.post("/api/alerts/none/actions", **given),
            await client.post("/api/maintenance", json={}),
            await client.delete("/api/maintenance/none"),
        ],
        "admin": [await client.get("/api/accounts"), await client.get("/accounts", headers={"Accept": "text/html"})],
    }
    for needed, found in answers.items():
        for answer in found:
            assert (answer.status_code == 403) is not suffices(role, needed), answer.text
            if answer.status_code == 403:
                assert f"This needs the role {needed}; yours is {role}." in answer.text
    assert len(board.publisher.actions) == (role != "viewer")


async def test_what_changes_something_needs_the_token_of_the_session(board, redis):
    """Also what is deleted; the role does not help."""
    await store(redis, alert("a"))
    client = await board.logged_in("admin")
    del client.headers["X-CSRF-Token"]
    for answer in (
        await client.post("/api/alerts/a/actions", json={"action": "acknowledge"}),
        await client.post("/api/maintenance", json={}),
        await client.delete("/api/maintenance/none"),
    ):
        assert (answer.status_code, "X-CSRF-Token" in answer.text) == (403, True)


def test_a_route_that_does_not_say_who_may_is_found_at_start():
    """What changes something is declared or public; what only shows is for everybody who is logged in."""

    class Slice:
        async def show(self, request): ...

        @requires("responder")
        async def change(self, request): ...

    part = Slice()
    refuse_undeclared(
        [
            Route("/a", part.show),
            Route("/b", part.change, methods=["POST"]),
            Route("/login", part.show, methods=["POST"]),
        ],
        public={"/login"},
    )
    with pytest.raises(ValueError, match=r"^DELETE /c does not say who may"):
        refuse_undeclared([Route("/c", part.show, methods=["DELETE"])], public={"/login"})
