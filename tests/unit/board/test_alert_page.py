"""The page of one alert and its story: the entry, its keypad, limits, what is usual, what happened. Real Redis."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from schemas.events import AlertSubject, DoseScore, KeypadStatistics, PressedKey
from services.board.account_file import AccountBook
from services.board.accounts import Account
from streams.alerts.finding import fingerprint
from streams.sink import ReadModel, entries
from tests.made_alerts import score
from tests.made_read_model import alert, store
from tests.unit.board.conftest import ACCOUNT, PASSWORD, fixed_book

pytestmark = pytest.mark.servers

KEYS = [PressedKey("5", 0, 210), PressedKey("5", 38, 30)]
ENTRY = {"hospital": "North", "pump": "P-1", "entry": "e1", "drug": "Insulin regular", "unit": "units/h"}


def bounced(**changes) -> DoseScore:
    """55 units/h of insulin by a key 5 that bounced."""
    return score(**ENTRY | {"typed": 55.0, "keys": KEYS, "presses": 2, "model": "alaris_8015"} | changes)


def named(found: DoseScore) -> str:
    return fingerprint("dose_entry_error", found.pump, found.entry)


async def raise_alert(redis, found: DoseScore) -> str:
    """Store an entry and the alert on it; returns the fingerprint."""
    await entries.put(ReadModel(redis, "tests"), [(found.revision, found)])
    subject = AlertSubject(pump=found.pump, entry=found.entry, drug=found.drug, typed=found.typed, unit=found.unit)
    await store(redis, alert(named(found), pump=found.pump, hospital=found.hospital, subject=subject))
    return named(found)


async def story(client, name: str):
    answer = await client.get(f"/api/alerts/{name}/story")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def book() -> AccountBook:
    """An admin, and a viewer of the hospital South alone."""
    return fixed_book(ACCOUNT, Account.create("south", PASSWORD, role="viewer", hospitals=["South"]))


@pytest.fixture
async def client(board) -> AsyncIterator:
    return await board.logged_in()


async def test_the_story_of_an_entry_has_keys_meant_values_limits_and_what_is_usual(redis, client):
    told = await story(client, await raise_alert(redis, bounced()))
    entry = told["entry"]
    assert (entry["typed_figure"], entry["previous_figure"], entry["unit"]) == ("55", "5", "units/h")
    assert entry["meant"][0] == {"value": 5.0, "figure": "5", "probability": 0.9, "slip": "a digit too many"}
    assert [(key["k"], key["t"], key["hold"]) for key in entry["keys"]] == [("5", 0, 210), ("5", 38, 30)]
    assert entry["displayed"] == ["5", "55"]
    assert (entry["revision"], entry["library_version"]) == (1, "l1")
    keypad = told["keypad"]
    assert (keypad["title"], keypad["known"], keypad["beside"]) == ("Alaris 8015", True, ["CLEAR", "BACK"])
    assert {"k": "5", "row": 1, "column": 1} in keypad["keys"]
    limits = told["limits"]
    assert (limits["profile"], limits["soft_high"], limits["hard_high"], limits["own"]) == (
        "adult_icu",
        15.0,
        50.0,
        False,
    )
    usual = told["distribution"]
    assert usual["unit"] == "units/h"
    assert 0.3 < usual["low"] < 5.0 < usual["high"] < 15.0
    assert len(usual["values"]) == len(usual["density"]) > 50
    assert [step["what"] for step in told["happened"]] == ["entered", "raised"]


async def test_the_recent_entries_of_the_pump_come_newest_first_and_link_to_their_alerts(redis, client):
    sink = ReadModel(redis, "tests")
    plausible = [(n, bounced(entry=f"ok{n}", typed=float(n), verdict="ok", keys=[], meant=[])) for n in range(3)]
    await entries.put(sink, plausible)
    other = bounced(entry="e0", revision=4)
    await entries.put(sink, [(4, bounced(entry="e0"))])
    await raise_alert(redis, other)
    await entries.put(sink, [(9, bounced())])
    told = await story(client, await raise_alert(redis, bounced(revision=20, resolution="corrected", corrected_to=5.0)))
    lines = [(line["typed_figure"], line["verdict"], line["alert"], line["this"]) for line in told["recent"]]
    assert lines == [
        ("55", "error", named(bounced()), True),
        ("55", "error", named(other), False),
        ("2", "ok", None, False),
        ("1", "ok", None, False),
        ("0", "ok", None, False),
    ]
    assert (told["recent"][0]["resolution"], told["recent"][0]["corrected_to"]) == ("corrected", "5")


async def test_a_story_without_its_entry_shows_the_alert_alone(redis, client):
    """The entry is kept for a month, an open alert for as long as it is open."""
    await store(redis, alert("old"))
    told = await story(client, "old")
    assert (told["entry"], told["keypad"], told["limits"], told["distribution"], told["recent"]) == (*[None] * 4, [])
    assert told["alert"]["alert"]["fingerprint"] == "old"


async def test_a_keypad_fault_shows_the_keypad_of_its_pump_and_a_battery_no_entries(redis, client):
    await entries.put(ReadModel(redis, "tests"), [(1, bounced())])
    statistics = KeypadStatistics(
        entries=60, bounced_entries=9, presses=230, bounces=11, usual=0.01, chance=1e-7, keys={"5": 9}
    )
    of_keypad = AlertSubject(pump="P-1", keypad=statistics)
    await store(
        redis,
        alert("k", kind="keypad_fault", pump="P-1", subject=of_keypad),
        alert("b", kind="battery_degraded", pump="P-1", subject=AlertSubject(pump="P-1")),
    )
    await redis.hset("pw:pump:P-1", mapping={"model": "spectrum"})
    told = await story(client, "k")
    assert told["keypad"]["title"] == "SIGMA Spectrum"
    assert len(told["recent"]) == 1
    told = await story(client, "b")
    assert (told["keypad"], told["recent"]) == (None, [])


async def test_what_does_not_exist_is_not_found_as_a_page_and_as_json(client):
    for name in ("unknown", "x" * 200, "%2e%2e"):
        assert (await client.get(f"/api/alerts/{name}/story")).status_code == 404
        assert (await client.get(f"/alerts/{name}")).status_code == 404


async def test_the_page_is_there_for_an_alert_and_names_it(redis, client):
    name = await raise_alert(redis, bounced())
    page = await client.get(f"/alerts/{name}")
    assert page.status_code == 200
    assert f'data-fingerprint="{name}"' in page.text


async def test_nobody_sees_the_story_without_a_session(redis, board):
    name = await raise_alert(redis, bounced())
    client = board.client()
    assert (await client.get(f"/api/alerts/{name}/story")).status_code == 401
    page = await client.get(f"/alerts/{name}", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, f"/login?next=/alerts/{name}")


async def test_what_lies_outside_the_scope_does_not_exist(redis, board):
    """Neither the alert of another hospital, nor what was entered there on a pump that has moved since."""
    north = await raise_alert(redis, bounced())
    south = await raise_alert(redis, bounced(hospital="South", entry="e2", revision=2))
    client = await board.logged_in("south")
    missing = (await client.get("/api/alerts/unknown/story")).json()
    for path in (f"/api/alerts/{north}/story", f"/alerts/{north}"):
        assert (await client.get(path)).status_code == 404
    assert (await client.get(f"/api/alerts/{north}/story")).json() == missing
    await entries.put(ReadModel(redis, "tests"), [(3, bounced(hospital="South", entry="e2"))])
    told = await story(client, south)
    assert [line["alert"] for line in told["recent"]] == [south]


async def test_many_may_ask_at_once_while_the_libraries_are_still_read(redis, board):
    name = await raise_alert(redis, bounced())
    client = await board.logged_in()
    found = await asyncio.gather(*(story(client, name) for _ in range(5)))
    assert {each["limits"]["hard_high"] for each in found} == {50.0}
