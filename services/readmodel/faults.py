"""Alerts on keypads and batteries of a hospital's pumps: those that stand, and those that changed not long ago."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from services.readmodel.alerts import key_of_open, parse

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from schemas.events import Alert

FAULTS = ("keypad_fault", "battery_degraded")
AT_ONCE = 1_000


async def pump_faults(redis: Redis, hospital: str) -> list[Alert]:
    """The newest known revision of each, by serial number and kind.

    Open alerts, however old, and what the hospital's feed still holds of resolved ones: its last 10,000 changes.
    """
    newest: dict[str, Alert] = {}
    fingerprints: Any = await redis.zrange(key_of_open(hospital), 0, -1)
    for start in range(0, len(fingerprints), AT_ONCE):
        pipe = redis.pipeline(transaction=False)
        for fingerprint in fingerprints[start : start + AT_ONCE]:
            pipe.hget(f"pw:alert:{fingerprint}", "alert")
        for text in await pipe.execute():
            _take(newest, text)
    feed, last = f"pw:feed:{hospital}", "+"
    while changes := cast("list[Any]", await redis.xrevrange(feed, last, "-", count=AT_ONCE)):
        for _, fields in changes:
            _take(newest, fields.get("alert"))
        last = f"({changes[-1][0]}"
    return sorted(newest.values(), key=lambda alert: (alert.pump or "", alert.kind, alert.since))


def _take(newest: dict[str, Alert], text: str | None) -> None:
    # Most alerts are of entries; reading only those that can be meant is a tenth of the work.
    if text is None or not any(kind in text for kind in FAULTS):
        return
    stored = parse(text)
    if stored is None or stored.alert.kind not in FAULTS:
        return
    known = newest.get(stored.alert.fingerprint)
    if known is None or (known.at, known.revision) < (stored.alert.at, stored.alert.revision):
        newest[stored.alert.fingerprint] = stored.alert
