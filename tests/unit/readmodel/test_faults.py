"""Alerts on keypads and batteries: open ones, and resolved ones that the feed still holds."""

from datetime import timedelta

from services.readmodel.faults import AT_ONCE, pump_faults
from tests.made_read_model import alert, store


async def test_each_fault_is_told_once_by_its_newest_revision(redis):
    """Alerts on entries, and those of another hospital, are not among them."""
    keypad = {"pump": "P2", "kind": "keypad_fault"}
    first = alert("keys", **keypad)
    resolved = alert("keys", **keypad, state="resolved", revision=2, at=first.at + timedelta(hours=1))
    battery = alert("battery", pump="P1", kind="battery_degraded")
    elsewhere = alert("other", pump="P9", kind="battery_degraded", hospital="South")
    await store(redis, first, alert("entry"), battery, elsewhere, resolved)
    assert [(one.pump, one.kind, one.state) for one in await pump_faults(redis, "North")] == [
        ("P1", "battery_degraded", "firing"),
        ("P2", "keypad_fault", "resolved"),
    ]


async def test_more_alerts_than_are_read_at_once(redis):
    """All open ones are found, and so is the oldest of the feed."""
    old = alert("old", pump="P0", kind="keypad_fault", state="resolved")
    await store(redis, old, *(alert(f"a{number}", pump=f"P{number}") for number in range(AT_ONCE + 5)))
    await redis.delete("pw:alert:old")
    assert [one.pump for one in await pump_faults(redis, "North")] == ["P0"]


async def test_what_cannot_be_read_is_left_out(redis):
    """Somebody else's alert in the feed does not hide the others."""
    await store(redis, alert("battery", pump="P1", kind="battery_degraded"))
    await redis.xadd("pw:feed:North", {"alert": '{"kind":"keypad_fault"'})
    await redis.xadd("pw:feed:North", {"rebuilt": "1"})
    assert [one.pump for one in await pump_faults(redis, "North")] == ["P1"]
    assert await pump_faults(redis, "nowhere") == []
