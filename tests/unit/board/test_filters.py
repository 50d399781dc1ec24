"""Filters: what a list is narrowed to is looked for beyond what a screen shows, and named when it does not fit."""

import pytest

from schemas.events import AlertSubject
from services.board.choices import count
from services.board.filters import Filter
from services.board.snapshot import SHOWN_AT_MOST
from tests.made_read_model import alert, store
from tests.unit.board.sse import next_of, opened

ON_BATTERY = AlertSubject(pump="P-b", drugs=["Propofol", "Fentanyl"], minutes=12.0)


@pytest.mark.parametrize(
    ("narrowed", "admitted"),
    [
        (Filter(), {"a", "b"}),
        (Filter(severity=frozenset({"critical"})), {"a"}),
        (Filter(severity=frozenset({"critical", "warning"})), {"a", "b"}),
        (Filter(kind=frozenset({"unplugged_infusion"})), {"b"}),
        (Filter(state=frozenset({"acknowledged"})), {"b"}),
        (Filter(care_area="SICU"), {"b"}),
        (Filter(drug="Norepinephrine"), {"a"}),
        (Filter(drug="Fentanyl"), {"b"}),
        (Filter(test=False), {"b"}),
        (Filter(test=True, care_area="SICU"), set()),
    ],
)
def test_an_alert_is_admitted_by_every_field(narrowed, admitted):
    """All fields that are given must fit; of a pump on battery each of its drugs counts."""
    alerts = [
        alert("a"),
        alert(
            "b", severity="warning", kind="unplugged_infusion", state="acknowledged", care_area="SICU",
            subject=ON_BATTERY, test=False,
        ),
    ]  # fmt: skip
    assert {each.fingerprint for each in alerts if narrowed.admits(each)} == admitted


async def test_what_the_list_cuts_off_is_found(board, redis):
    """More critical alerts than a screen shows do not hide the one of a drug; the API and the stream both find it."""
    many = [alert(f"many-{number}") for number in range(SHOWN_AT_MOST + 5)]
    heparin = AlertSubject(pump="P-rare", drug="Heparin", unit="units/h", typed=1200.0)
    await store(redis, *many, alert("rare", severity="info", subject=heparin))
    await board.follows("North")
    client = await board.logged_in()
    plain = (await client.get("/api/alerts")).json()
    assert (len(plain["alerts"]), plain["total"], plain["open"]) == (SHOWN_AT_MOST, len(many) + 1, len(many) + 1)
    assert plain["hidden"] == []
    found = (await client.get("/api/alerts", params={"drug": "Heparin"})).json()
    assert set(found["hidden"]) == {each.fingerprint for each in many}
    assert [each["alert"]["fingerprint"] for each in found["alerts"]] == ["rare"]
    assert (found["total"], found["open"], found["looked_at"]) == (1, len(many) + 1, len(many) + 1)
    async with opened(client, drug="Heparin", severity="info,warning") as events:
        snapshot = (await next_of(events, "snapshot")).data
    assert [each["alert"]["fingerprint"] for each in snapshot["alerts"]] == ["rare"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("severity=loud", "`severity` is one or more of critical, warning, info"),
        ("severity=critical,", "`severity`"),
        ("kind=dose", "`kind` is one or more of dose_entry_error"),
        ("state=resolved", "`state` is one or more of firing, acknowledged"),
        ("test=maybe", "`test` is one or more of true, false"),
        ("care_area=" + "x" * 65, "`care_area` is longer than 64 characters"),
        ("drug=" + "x" * 129, "`drug` is longer than 128 characters"),
    ],
)
@pytest.mark.parametrize("path", ["/api/alerts", "/api/stream"])
async def test_a_filter_that_does_not_fit_is_named(board, path, query, named):
    """400 with the parameter and what it may be."""
    client = await board.logged_in()
    answer = await client.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(named)


def test_choices_are_counted():
    """Kinds and states are all there; care areas and drugs are those that occur."""
    alerts = [
        alert("a"),
        alert("b", kind="unplugged_infusion", care_area="SICU", subject=ON_BATTERY, test=False),
        alert("c", state="acknowledged"),
    ]
    choices = count(alerts, open_=7)
    assert (choices.open, choices.looked_at) == (7, 3)
    assert {each.value: each.count for each in choices.kind if each.count} == {
        "dose_entry_error": 2, "unplugged_infusion": 1,
    }  # fmt: skip
    assert len(choices.kind) == 7
    assert [(each.name, each.count) for each in choices.state] == [("firing", 2), ("acknowledged", 1)]
    assert [(each.name, each.count) for each in choices.test] == [("real", 1), ("test", 2)]
    assert [(each.value, each.count) for each in choices.care_area] == [("MICU", 2), ("SICU", 1)]
    assert [(each.value, each.count) for each in choices.drug] == [
        ("Fentanyl", 1), ("Norepinephrine", 2), ("Propofol", 1),
    ]  # fmt: skip


async def test_choices_keep_to_a_hospital(board, redis):
    """Another hospital's drugs and areas are not counted."""
    await store(redis, alert("a"), alert("b", hospital="South", care_area="CCU"))
    client = await board.logged_in()
    south = (await client.get("/api/choices", params={"hospital": "South"})).json()
    assert (south["open"], south["care_area"]) == (1, [{"value": "CCU", "name": "CCU", "count": 1}])
    assert (await client.get("/api/choices")).json()["open"] == 2
