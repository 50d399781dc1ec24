"""The page of a care area and the usual hour over HTTP: what is answered, and to whom."""

import asyncio
from datetime import UTC, datetime

import pytest

from services.board.accounts import Account
from tests.made_events import heartbeat
from tests.made_places import fill, hear
from tests.made_read_model import alert, store
from tests.unit.board.conftest import ACCOUNT, PASSWORD, fixed_book


@pytest.fixture
def book():
    """An admin, and a viewer of the hospital North alone."""
    return fixed_book(ACCOUNT, Account.create("north", PASSWORD, role="viewer", hospitals=["North"]))


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


async def read(client, path: str, ready):
    """The answer to a path once the board has read all that it shows."""
    async with asyncio.timeout(60):
        while True:
            answer = (await client.get(path)).json()
            if ready(answer):
                return answer
            await asyncio.sleep(0.1)


async def test_a_care_area_against_the_others(board, redis):
    """The unit that overrides and unplugs more is told so; its alerts and its pumps on battery stand beside."""
    at = now()
    await fill(redis, ("North",), at, 8)
    await store(redis, alert("here"), alert("there", care_area="ED"), alert("south", hospital="South"))
    for number, area in enumerate(("MICU", "MICU", "ED")):
        pump = heartbeat(
            f"P{number}", 1, at, hospital="North", care_area=area, source="battery", charge_pct=50 - number
        )
        await hear(redis, pump, now=at)
    client = await board.logged_in()
    found = await read(
        client, "/api/care-areas/North/MICU?days=9", lambda answer: answer["hours_read"] == answer["hours_kept"] > 0
    )
    for figure in found["figures"]["figures"]:
        mine = next(unit["share"] for unit in figure["units"] if unit["care_area"] == "MICU")
        assert figure["meaning"].endswith(".")
        if figure["name"] in {"overrides", "flagged", "unplugged"}:
            assert mine["low"] > figure["others"]["share"], figure["name"]
            assert figure["units"][0]["care_area"] == "MICU"
        assert sum(part for part, _ in figure["by_day"]) == pytest.approx(mine["part"])
        assert sum(whole for _, whole in figure["by_hour"]) == pytest.approx(mine["whole"])
    assert [each["alert"]["fingerprint"] for each in found["alerts"]] == ["here"]
    assert [(each["pump"], each["state"]["charge_pct"]) for each in found["on_battery"]] == [("P1", 49), ("P0", 50)]
    assert len(found["figures"]["drugs"]) == 7
    assert found["slip_names"]["extra_digit"] == "a digit too many"
    page = await client.get("/care-areas/North/MICU")
    assert (page.status_code, "Against the other care areas of North" in page.text) == (200, True)


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_care_areas_outside_the_scope_are_not_there(board, redis, prefix):
    """The same answer as for one that nobody knows."""
    await fill(redis, ("North", "South"), now().replace(hour=2), 0)
    admin, north = await board.logged_in(), await board.logged_in("north")
    assert (await admin.get(f"{prefix}/care-areas/South/MICU")).status_code == 200
    assert (await north.get(f"{prefix}/care-areas/North/MICU")).status_code == 200
    refused = [
        await north.get(f"{prefix}/care-areas/{place}") for place in ("South/MICU", "Nowhere/MICU", "North/XICU")
    ]
    assert {answer.status_code for answer in refused} == {404}
    assert len({answer.text for answer in refused}) == 1
    assert "There is no care area of this name." in refused[0].text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("MICU?days=0", "`days` is a whole number from 1 to 35."),
        ("MICU?days=36", "`days` is a whole number from 1 to 35."),
        ("MICU?zone=Mars/Olympus", "`zone` is the IANA name of a time zone"),
        ("x" * 65, "`care_area` is longer than 64 characters."),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(board, redis, asked, said):
    """One sentence."""
    await redis.sadd("pw:hospitals", "North")
    answer = await (await board.logged_in()).get(f"/api/care-areas/North/{asked}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(said)


async def test_the_usual_hour_of_what_the_session_may_see(board, redis):
    """All hospitals together for one, one for the other, nothing of a hospital beyond the scope."""
    await fill(redis, ("North", "South"), now(), 4)
    admin, north = await board.logged_in(), await board.logged_in("north")

    async def figures(client, query=""):
        found = await read(client, f"/api/usual{query}", lambda answer: answer["complete"])
        return found["begins_at"], found["days"], found["figures"]

    hour = None
    while hour != (await figures(admin))[0]:  # all within one hour
        hour, days, everything = await figures(admin)
        _, _, mine = await figures(north)
        _, _, same = await figures(admin, "?hospital=North")
        _, _, south = await figures(admin, "?hospital=South")
    assert days >= 3
    assert [(each["last"], each["usual"]) for each in mine] == [(each["last"], each["usual"]) for each in same]
    for whole, one, other in zip(everything, mine, south, strict=True):
        assert whole["last"] == pytest.approx(one["last"] + other["last"], abs=0.2)
        assert whole["standing"] in {"below", "usual", "above"}
    _, none, nothing = await figures(north, "?hospital=South")
    assert (none, nothing[0]["last"], nothing[0]["usual"]) == (0, 0, None)
