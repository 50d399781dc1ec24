"""Maintenance windows on the board: listed in scope, planned and ended by those who may, confirmed by Kafka."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from schemas.codec import decode, encode, rfc3339
from schemas.events import MaintenanceWindow
from schemas.topics import MAINTENANCE
from services.board import maintenance
from services.board.accounts import Account
from streams.sink import ReadModel
from tests.made_alerts import window
from tests.unit.board.conftest import ACCOUNT, PASSWORD, fixed_book

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def book():
    """An admin, a viewer, and a responder of the hospital South alone."""
    return fixed_book(
        ACCOUNT,
        Account.create("looker", PASSWORD, role="viewer"),
        Account.create("south", PASSWORD, role="responder", hospitals=["South"]),
    )


def stored(name: str, start_h: float, end_h: float, **changes) -> MaintenanceWindow:
    """A window of hospital North on pump P1, by hours from now."""
    times = {"at": NOW, "starts_at": NOW + timedelta(hours=start_h), "ends_at": NOW + timedelta(hours=end_h)}
    return window(0, 0, window=name, **({"hospital": "North"} | times | changes))


async def store(redis, *windows: MaintenanceWindow) -> None:
    rows = [(number, each, encode(each)) for number, each in enumerate(windows)]
    await ReadModel(redis, "tests").put_windows(MAINTENANCE, 0, rows)


def asked(**changes):
    """What the page sends for a window of two hours on a pump of hospital South."""
    fields = {
        "hospital": "South",
        "pump": "8015-1",
        "starts_at": rfc3339(NOW + timedelta(hours=1)),
        "ends_at": rfc3339(NOW + timedelta(hours=3)),
        "reason": "Battery test",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


async def test_windows_are_listed_as_they_stand(board, redis):
    """Planned, in force and over, with the moment each is over, and the words for kinds."""
    over = stored("over", -3, 5, revision=2, cancelled_at=NOW - timedelta(hours=1))
    await store(redis, stored("later", 1, 2), stored("now", -1, 2, kinds=["pump_silent"]), over)
    client = await board.logged_in()
    told = (await client.get("/api/maintenance")).json()
    assert [(each["window"]["window"], each["standing"]) for each in told["windows"]] == [
        ("later", "planned"), ("now", "current"), ("over", "ended"),
    ]  # fmt: skip
    assert datetime.fromisoformat(told["windows"][2]["over_at"]) == over.cancelled_at
    assert told["windows"][1]["window"]["kinds"] == ["pump_silent"]
    assert (told["hospitals"], told["kinds"]["pump_silent"]) == (["North"], "Pump silent")
    assert (await client.get("/api/maintenance?hospital=South")).json()["windows"] == []
    assert "Maintenance windows" in (await client.get("/maintenance")).text


async def test_a_window_is_planned_as_asked(board, redis):
    """202 once Kafka has it; it names the account, and the event passes our own strict reading."""
    await redis.sadd("pw:hospitals", "South")
    client = await board.logged_in("south")
    answer = await client.post("/api/maintenance", json=asked(kinds=["battery_empty_soon"]))
    assert answer.status_code == 202, answer.text
    [(topic, key, event)] = board.publisher.published
    assert decode(MaintenanceWindow, encode(event)) == event
    assert (topic, key) == (MAINTENANCE, f"South/{event.window}")
    assert (event.hospital, event.pump, event.care_area, event.by) == ("South", "8015-1", None, "south")
    assert (event.starts_at, event.ends_at) == (NOW + timedelta(hours=1), NOW + timedelta(hours=3))
    assert (event.kinds, event.reason, event.revision) == (["battery_empty_soon"], "Battery test", 1)
    assert (answer.json()["standing"], answer.json()["window"]["window"]) == ("planned", event.window)


async def test_without_a_begin_a_window_begins_at_once(board, redis):
    """One that should have begun already does too; other zones are understood."""
    await redis.sadd("pw:hospitals", "South")
    client = await board.logged_in()
    ends_at = (NOW + timedelta(hours=3)).astimezone(timezone(timedelta(hours=-5))).isoformat()
    for begin in (None, (NOW - timedelta(hours=1)).isoformat()):
        answer = await client.post("/api/maintenance", json=asked(starts_at=begin, ends_at=ends_at))
        assert answer.json()["standing"] == "current"
    for _, _, event in board.publisher.published:
        assert event.starts_at == event.at


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ends_at": rfc3339(NOW + timedelta(minutes=30))}, "`ends_at`: the window would be over before it began"),
        ({"ends_at": rfc3339(NOW + timedelta(days=31))}, "`ends_at`: a window ends within 30 days from now"),
        ({"care_area": "MICU"}, "`care_area` and `pump`: name one of them"),
        ({"reason": "tab\there"}, "`reason`: "),
        ({"reason": ""}, "$.reason"),
        ({"kinds": []}, "$.kinds"),
        ({"kinds": ["everything"]}, "$.kinds[0]"),
        ({"pump": "x" * 65}, "$.pump"),
        ({"ends_at": "tomorrow"}, "$.ends_at"),
        ({"ends_at": "2026-11-23T10:00:00"}, "$.ends_at"),
        ({"by": "somebody else"}, "`by`"),
    ],
)
async def test_a_window_that_does_not_fit_is_refused_by_name(board, redis, changes, says):
    """400 names the field; nothing is published."""
    await redis.sadd("pw:hospitals", "South")
    client = await board.logged_in()
    answer = await client.post("/api/maintenance", json=asked(**changes))
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert board.publisher.published == []


async def test_a_window_is_ended_early_by_name(board, redis):
    """The next revision says who and when; one that is over already stays as it is."""
    await store(redis, stored("now", -1, 2), stored("over", -3, -2))
    client = await board.logged_in()
    answer = await client.delete("/api/maintenance/now")
    assert (answer.status_code, answer.json()["standing"]) == (202, "ended")
    [(_, key, event)] = board.publisher.published
    assert (key, event.id, event.revision, event.by) == ("North/now", "now/2", 2, "biomed")
    assert event.cancelled_at == event.at
    assert event.ends_at == NOW + timedelta(hours=2)
    again = await client.delete("/api/maintenance/over")
    assert (again.status_code, again.json()) == (409, {"error": "The window is over already."})
    assert (await client.delete("/api/maintenance/none")).status_code == 404


async def test_who_only_looks_plans_nothing(board, redis):
    """403 names the role; the list may be read."""
    await store(redis, stored("now", -1, 2))
    client = await board.logged_in("looker")
    for answer in (await client.post("/api/maintenance", json=asked()), await client.delete("/api/maintenance/now")):
        assert (answer.status_code, "role responder" in answer.json()["error"]) == (403, True)
    assert len((await client.get("/api/maintenance")).json()["windows"]) == 1
    assert board.publisher.published == []


async def test_windows_of_other_hospitals_do_not_exist(board, redis):
    """Neither listed, nor planned, nor ended: the same words as for what is not there."""
    await store(redis, stored("now", -1, 2))
    client = await board.logged_in("south")
    told = (await client.get("/api/maintenance")).json()
    assert (told["windows"], told["hospitals"]) == ([], [])
    assert (await client.get("/api/maintenance?hospital=North")).json()["windows"] == []
    planned = await client.post("/api/maintenance", json=asked(hospital="North"))
    nowhere = await client.post("/api/maintenance", json=asked(hospital="Atlantis"))
    assert (planned.status_code, planned.json()) == (404, nowhere.json())
    ended, none = await client.delete("/api/maintenance/now"), await client.delete("/api/maintenance/none")
    assert (ended.status_code, ended.json()) == (404, none.json())
    assert board.publisher.published == []


async def test_windows_need_the_token_of_the_session_and_kafka(board, redis):
    """Without the token 403, without a confirmation 503."""
    await store(redis, stored("now", -1, 2))
    client = await board.logged_in()
    board.publisher.refusal = "Kafka did not answer in time; try again."
    answer = await client.post("/api/maintenance", json=asked(hospital="North"))
    assert (answer.status_code, answer.json()) == (503, {"error": "Kafka did not answer in time; try again."})
    assert (await client.delete("/api/maintenance/now")).status_code == 503
    del client.headers["X-CSRF-Token"]
    assert (await client.post("/api/maintenance", json=asked(hospital="North"))).status_code == 403
    assert (await client.delete("/api/maintenance/now")).status_code == 403


async def test_a_hospital_has_so_many_windows_and_no_more(board, redis, monkeypatch):
    """Those that are over do not count."""
    monkeypatch.setattr(maintenance, "MOST_OPEN", 2)
    await store(redis, stored("a", 1, 2), stored("b", -3, -2))
    client = await board.logged_in()
    assert (await client.post("/api/maintenance", json=asked(hospital="North"))).status_code == 202
    await store(redis, stored("a", 1, 2), stored("b", -3, -2), stored("c", 1, 2))
    answer = await client.post("/api/maintenance", json=asked(hospital="North"))
    assert (answer.status_code, answer.json()["error"]) == (
        409, "2 windows are open for this hospital; end some first.",
    )  # fmt: skip
