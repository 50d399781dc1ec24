"""The search page and its API."""

from datetime import UTC, datetime

import pytest

from services.board.account_file import AccountBook
from services.board.accounts import Account
from tests.made_read_model import alert, hear, rollup, store, store_rollups
from tests.unit.board.conftest import ACCOUNT, PASSWORD, fixed_book

HOUR = datetime(2026, 11, 23, 17, tzinfo=UTC)


@pytest.fixture(scope="module")
def book() -> AccountBook:
    """One who may see everything, and one of the South."""
    return fixed_book(ACCOUNT, Account.create("south", PASSWORD, role="viewer", hospitals=["South"]))


async def test_everything_that_holds_the_words_is_found(board, redis):
    """Pumps, hospitals, care areas, drugs and open alerts, each with how many there are."""
    await hear(redis, "North", "ICU-17", "online")
    await hear(redis, "ICU Hospital", "B-1", "online")
    await store_rollups(redis, rollup("North", HOUR))
    await store(redis, alert("a"), alert("b", care_area="Ward"))
    client = await board.logged_in()
    found = (await client.get("/api/search", params={"q": " icu "})).json()
    assert found["query"] == "icu"
    assert found["pumps"] == {"total": 1, "found": [{"name": "ICU-17", "hospital": "North"}]}
    assert found["hospitals"] == {"total": 1, "found": [{"name": "ICU Hospital"}]}
    assert found["care_areas"] == {"total": 1, "found": [{"name": "MICU", "hospital": "North"}]}
    assert [each["alert"]["fingerprint"] for each in found["alerts"]["found"]] == ["a"]
    by_alias = (await client.get("/api/search", params={"q": "levophed"})).json()
    assert by_alias["drugs"]["found"] == [{"name": "norepinephrine", "also": "levophed"}]


@pytest.mark.parametrize("query", ["", "   "])
async def test_no_words_find_nothing(board, redis, query):
    """An empty search is not a search for everything."""
    await store(redis, alert("a"))
    client = await board.logged_in()
    found = (await client.get("/api/search", params={"q": query})).json()
    assert [found[kind]["total"] for kind in ("pumps", "hospitals", "care_areas", "drugs", "alerts")] == [0] * 5


async def test_a_long_query_is_refused(board):
    """400 names the field, on the page and of the API."""
    client = await board.logged_in()
    for path in ("/search", "/api/search"):
        answer = await client.get(path, params={"q": "x" * 101})
        assert answer.status_code == 400
        assert answer.json() == {"error": "`q` is longer than 100 characters."}


async def test_what_is_searched_for_stands_on_the_page_as_text(board):
    """Markup in the query is shown, not obeyed."""
    client = await board.logged_in()
    page = (await client.get("/search", params={"q": '"><script>alert(1)</script>'})).text
    assert "<script>alert" not in page
    assert 'value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in page


async def test_other_hospitals_are_not_found(board, redis):
    """Who may see one hospital finds nothing of another, not even by its exact name."""
    for hospital in ("North", "South"):
        await hear(redis, hospital, f"PUMP-{hospital}", "online")
        await store_rollups(redis, rollup(hospital, HOUR, care_area=f"Ward {hospital}", drug=f"Trial {hospital}"))
        await store(redis, alert(hospital, hospital=hospital))
    client = await board.logged_in("south")
    for query in ("North", "PUMP-North", "Ward North", "Trial North"):
        found = (await client.get("/api/search", params={"q": query})).json()
        assert [found[kind]["total"] for kind in ("pumps", "hospitals", "care_areas", "drugs", "alerts")] == [0] * 5
    found = (await client.get("/api/search", params={"q": "South"})).json()
    assert [found[kind]["total"] for kind in ("pumps", "hospitals", "care_areas", "drugs", "alerts")] == [1] * 5
    choices = (await client.get("/api/choices")).json()
    assert (choices["open"], [each["value"] for each in choices["care_area"]]) == (1, ["MICU"])
    assert (await client.get("/api/choices", params={"hospital": "North"})).json()["open"] == 0
