"""The page of one drug: its use by care area and hour, its limits, what is usual, its open alerts. Real Redis."""

from datetime import UTC, datetime, timedelta

import pytest

from services.board.account_file import AccountBook
from services.board.accounts import Account
from services.readmodel import drug as cells
from tests.made_read_model import alert, rollup, store, store_rollups
from tests.unit.board.conftest import ACCOUNT, PASSWORD, fixed_book

pytestmark = pytest.mark.servers

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
INSULIN = {"drug": "Insulin regular"}


@pytest.fixture
def book() -> AccountBook:
    """An admin, and a viewer of the hospital South alone."""
    return fixed_book(ACCOUNT, Account.create("south", PASSWORD, role="viewer", hospitals=["South"]))


@pytest.fixture
async def client(board):
    return await board.logged_in()


async def shown(client, drug: str = "insulin", **query):
    answer = await client.get(f"/api/drugs/{drug}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_partial_sums_of_all_partitions_and_names_are_one_figure(redis, client):
    """Two partitions of one hour, another hour, and another name of the same drug; another drug does not count."""
    await store_rollups(
        redis,
        rollup("North", NOW, 0, **INSULIN, entries=10, overridden=2, soft_warnings=3, hard_warnings=1),
        rollup("North", NOW, 1, **INSULIN, entries=5, suspect=1, error=1, corrected=1, slips={"key_bounce": 2}),
        rollup("North", NOW - timedelta(hours=3), 0, drug="INSULIN", care_area="SICU", entries=4, stood=1),
        rollup("North", NOW, 0, drug="Heparin", entries=100),
    )
    told = await shown(client)
    assert (told["drug"], told["names"]) == ("insulin regular", ["INSULIN", "Insulin regular"])
    whole = told["usage"]["whole"]
    assert (whole["entries"], whole["warned"], whole["overridden"]) == (19, 4, 2)
    assert (whole["flagged"], whole["corrected"], whole["stood"], whole["undecided"]) == (2, 1, 1, 0)
    areas = [(area["care_area"], area["figures"]["entries"]) for area in told["usage"]["care_areas"]]
    assert areas == [("MICU", 15), ("SICU", 4)]
    assert told["usage"]["slips"] == [{"slip": "key bounced", "flagged": 2, "corrected": 0}]
    hours = told["usage"]["hours"]
    assert hours["at"] == [int((NOW - timedelta(hours=3)).timestamp()), int(NOW.timestamp())]
    assert (hours["entries"], hours["flagged"]) == ([4, 15], [0, 2])


async def test_a_span_leaves_out_what_is_older(redis, client):
    ages = {"hours": 2, "days": 3, "years": 30}
    await store_rollups(
        redis,
        rollup("North", NOW - timedelta(hours=ages["hours"]), **INSULIN, entries=1),
        rollup("North", NOW - timedelta(days=ages["days"]), **INSULIN, entries=10),
        rollup("North", NOW - timedelta(days=ages["years"]), **INSULIN, entries=100),
    )
    found = {span: (await shown(client, span=span))["usage"]["whole"]["entries"] for span in ("day", "week", "all")}
    assert found == {"day": 1, "week": 11, "all": 111}


async def test_more_cells_than_are_read_at_once_are_cut_at_a_whole_hour(redis, monkeypatch):
    monkeypatch.setattr(cells, "MOST_CELLS", 3)
    for hour in range(3):
        for partition in range(2):
            await store_rollups(redis, rollup("North", NOW - timedelta(hours=hour), partition, **INSULIN, entries=1))
    found = await cells.drug_cells(redis, [("North", "Insulin regular")], "")
    assert [(cell.hour, cell.sums.entries) for cell in found.cells] == [(f"{NOW:%Y-%m-%dT%HZ}", 1)] * 2
    assert found.cut_at == f"{NOW - timedelta(hours=1):%Y-%m-%dT%HZ}"


async def test_limits_come_with_their_source_and_with_what_is_expected_within_them(redis, client):
    await store_rollups(redis, rollup("North", NOW, **INSULIN, entries=1))
    [policy] = (await shown(client))["policies"]
    assert (policy["own"], policy["hospitals"]) == (False, ["North"])
    adult = next(
        n for n, row in enumerate(policy["limits"]) if (row["profile"], row["unit"]) == ("adult_icu", "units/h")
    )
    limits, expected = policy["limits"][adult], policy["distributions"][adult]
    assert (limits["soft_high"], limits["hard_high"], limits["high_alert"]) == (15.0, 50.0, True)
    assert limits["source"]
    assert expected["entries"] > 100
    assert {row["profile"] for row in policy["limits"]} == {"adult_icu", "ward", "paediatric", "neonatal"}


async def test_open_alerts_on_the_drug_are_listed(redis, client):
    await store_rollups(redis, rollup("North", NOW, entries=1))
    await store(redis, alert("a"), alert("b", severity="info"), alert("c", state="resolved"))
    told = await shown(client, "Norepinephrine")
    assert [each["alert"]["fingerprint"] for each in told["open"]] == ["a", "b"]
    assert told["open_in_all"] == 2
    assert (await shown(client, "insulin"))["open"] == []


async def test_nothing_of_another_hospital_is_counted_or_named(redis, board):
    await store_rollups(
        redis,
        rollup("North", NOW, **INSULIN, entries=10),
        rollup("South", NOW, **INSULIN, entries=3),
        rollup("North", NOW, drug="Secret study drug", entries=7),
    )
    await store(redis, alert("n", hospital="North"), alert("s", hospital="South"))
    client = await board.logged_in("south")
    told = await shown(client)
    assert (told["usage"]["whole"]["entries"], told["hospitals"]) == (3, ["South"])
    assert (await shown(client, hospital="South"))["usage"]["whole"]["entries"] == 3
    told = await shown(client, "norepinephrine")
    assert [each["alert"]["fingerprint"] for each in told["open"]] == ["s"]
    for path in ("/api/drugs/Secret study drug", "/drugs/Secret study drug", "/api/drugs/insulin?hospital=North"):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert "There is no drug of this name." in answer.text


async def test_what_cannot_be_is_refused_by_name(redis, client):
    await store_rollups(redis, rollup("North", NOW, **INSULIN, entries=1))
    answer = await client.get("/api/drugs/insulin?span=year")
    assert (answer.status_code, answer.json()["error"]) == (400, "`span` is one of day, week, all.")
    assert (await client.get("/api/drugs/" + "x" * 200)).status_code == 404
    assert (await client.get("/drugs/no such drug")).status_code == 404


async def test_drugs_with_slashes_have_a_page(redis, client):
    name = "Piperacillin/Tazobactam 4/0.5"
    await store_rollups(redis, rollup("North", NOW, drug=name, care_area="A/B", entries=2))
    told = await shown(client, name.replace("/", "%2F"))
    assert told["usage"]["care_areas"][0]["care_area"] == "A/B"
    assert (await client.get(f"/drugs/{name}")).status_code == 200
