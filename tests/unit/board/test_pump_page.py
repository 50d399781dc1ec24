"""The page of a pump: what the API tells of it, and to whom."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.events import AlertSubject, BatteryHealth
from services.board.accounts import Account
from streams.sink import ReadModel, entries
from tests.made_alerts import score
from tests.made_events import heartbeat
from tests.made_places import episode, hear, two_days
from tests.made_read_model import alert, store
from tests.unit.board.conftest import ACCOUNT, PASSWORD, fixed_book

BATTERY = BatteryHealth(verdict="degraded", capacity=0.61, low=0.55, high=0.68, discharges=7)


@pytest.fixture
def book():
    """An admin, and a viewer of the hospital North alone."""
    return fixed_book(ACCOUNT, Account.create("north", PASSWORD, role="viewer", hospitals=["North"]))


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


async def test_the_state_the_charge_and_the_episodes_of_a_pump(board, redis):
    """Figures as they were published, the newest episode first, with its cause in words."""
    at = now()
    await hear(redis, *two_days("P1", at), now=at)
    old, new = episode("P1", at - timedelta(hours=9)), episode("P1", at - timedelta(hours=3), cause="transport")
    await ReadModel(redis, "tests").put_episodes([new, old])
    found = (await (await board.logged_in()).get("/api/pumps/P1")).json()
    state = found["state"]
    told = (found["hospital"], state["care_area"], state["online"], state["source"])
    assert told == ("North", "MICU", True, "mains")
    told = (state["charge_pct"], state["infusing"], state["rate_ml_h"], state["location"])
    assert told == (94.0, True, 25.0, "Bay 4")
    charge = found["charge"]
    assert len({len(column) for column in charge.values()}) == 1
    on_battery = [pct for pct, battery in zip(charge["charge_pct"], charge["on_battery"], strict=True) if battery]
    assert (max(on_battery), min(on_battery)) == (100.0, 65.0)
    assert charge["at"][-1] - charge["at"][0] <= 48 * 3600
    assert charge["infusing"][0] is False
    assert [(each["cause"], each["episode"]["episode"]) for each in found["episodes"]] == [
        ("transport", new.episode),
        ("left unplugged", old.episode),
    ]


async def test_alerts_of_a_pump_and_the_verdicts_on_it(board, redis):
    """Open ones, resolved ones, and the battery's verdict though it was resolved before many others."""
    at = now()
    mine = {"pump": "P1", "key": "P1"}
    verdict = alert(
        "battery", kind="battery_degraded", state="resolved", since=at - timedelta(days=3),
        subject=AlertSubject(pump="P1", battery=BATTERY), **mine,
    )  # fmt: skip
    others = [alert(f"r{n}", state="resolved", since=at - timedelta(hours=n), **mine) for n in range(12)]
    await store(redis, verdict, *others, alert("open", since=at - timedelta(days=20), **mine), alert("elsewhere"))
    found = (await (await board.logged_in()).get("/api/pumps/P1")).json()
    assert [each["alert"]["fingerprint"] for each in found["open"]] == ["open"]
    assert [each["alert"]["fingerprint"] for each in found["resolved"]] == [f"r{n}" for n in range(10)]
    assert found["battery"]["alert"]["subject"]["battery"]["capacity"] == 0.61
    assert (found["keypad"], found["state"], found["hospital"]) == (None, None, "North")


async def test_recent_entries_of_what_the_session_may_see(board, redis):
    """The newest first; a pump of which nothing else is known has a page too."""
    mine, other = score(hospital="North", pump="P1", entry="e1"), score(hospital="South", pump="P1", entry="e2")
    await entries.put(ReadModel(redis, "tests"), [(1, mine), (2, other)])
    found = (await (await board.logged_in()).get("/api/pumps/P1")).json()
    assert len(found["entries"]) == 2
    assert (found["entries"][1]["typed"], found["entries"][1]["drug"]) == (mine.typed, mine.drug)
    north = (await (await board.logged_in("north")).get("/api/pumps/P1")).json()
    assert (north["hospital"], len(north["entries"]), north["entries"][0]["verdict"]) == ("North", 1, mine.verdict)


async def test_an_open_alert_is_never_pushed_out_by_resolved_ones(board, redis):
    """A worn battery stays open for weeks."""
    at = now()
    mine = {"pump": "P1", "key": "P1"}
    await store(redis, alert("open", since=at - timedelta(days=20), **mine))
    await store(redis, *(alert(f"r{n}", state="resolved", since=at - timedelta(hours=n), **mine) for n in range(80)))
    assert await redis.zcard("pw:alerts:pump:P1") == 50
    assert await redis.ttl("pw:alerts:pump:P1") == -1  # it may be open for months
    found = (await (await board.logged_in()).get("/api/pumps/P1")).json()
    assert [each["alert"]["fingerprint"] for each in found["open"]] == ["open"]


async def test_a_pump_outside_the_scope_is_not_there(board, redis):
    """The same answer as for one that nobody knows; of a pump that moved each hospital sees its own past."""
    at = now()
    await hear(redis, heartbeat("P1", 1, at, hospital="South"), now=at)
    await ReadModel(redis, "tests").put_episodes([episode("P1", at - timedelta(hours=9), hospital="North")])
    await hear(redis, heartbeat("P2", 1, at, hospital="South"), now=at)
    await store(redis, alert("south", pump="P1", key="P1", hospital="South"))
    client = await board.logged_in("north")
    found = (await client.get("/api/pumps/P1")).json()
    assert (found["hospital"], found["state"], found["open"], found["charge"]["at"]) == ("North", None, [], [])
    assert len(found["episodes"]) == 1
    answers = [(await client.get(f"{path}/{pump}")) for path in ("/pumps", "/api/pumps") for pump in ("P2", "nobody")]
    assert {answer.status_code for answer in answers} == {404}
    assert answers[2].json() == answers[3].json() == {"error": "There is no pump of this name."}


@pytest.mark.parametrize("path", ["/pumps/", "/api/pumps/"])
async def test_a_name_that_no_pump_can_have_is_refused(board, path):
    """One sentence that names the field."""
    answer = await (await board.logged_in()).get(path + "x" * 65)
    assert answer.status_code == 400
    assert "`pump` is longer than 64 characters." in answer.text


async def test_a_name_with_a_slash_or_markup_has_a_page(board, redis):
    """What comes from outside stands on the page as text."""
    at = now()
    await hear(redis, heartbeat("<b>A/1</b>", 1, at, hospital="North"), now=at)
    client = await board.logged_in()
    page = await client.get("/pumps/%3Cb%3EA%2F1%3C%2Fb%3E")
    assert page.status_code == 200
    assert 'data-pump="&lt;b&gt;A/1&lt;/b&gt;"' in page.text
    assert (await client.get("/api/pumps/%3Cb%3EA%2F1%3C%2Fb%3E")).json()["pump"] == "<b>A/1</b>"
