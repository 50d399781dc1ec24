"""Small, valid pump events for tests, by what matters in each."""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.events import Commit, KeyPress, KeystrokeEvent, PowerEvent


def now() -> datetime:
    """The present, in whole milliseconds: pumps are judged against the broker's clock."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def keys(text: str, start_ms: int = 0, pace_ms: int = 380) -> list[KeyPress]:
    """One press for each character, evenly paced."""
    return [KeyPress(k=k, t=start_ms + number * pace_ms, hold=90) for number, k in enumerate(text)]


def entry(pump: str, number: int, typed: str, at: datetime | None = None, **changes: Any) -> KeystrokeEvent:
    """A whole dose entry in one event: norepinephrine, 5 mcg/min before, confirmed without a warning."""
    fields: dict[str, Any] = {
        "id": f"{pump}-k{number}",
        "hospital": "st-test",
        "care_area": "MICU",
        "pump": pump,
        "at": at or now(),
        "seq": number,
        "model": "spectrum",
        "channel": 1,
        "entry": f"{pump}-e{number}",
        "field": "dose",
        "drug": "Norepinephrine",
        "unit": "mcg/min",
        "previous": 5.0,
        "keys": keys(typed),
        "commit": Commit(action="confirm", value=float(typed)),
        "test": True,
    }
    return KeystrokeEvent(**(fields | changes))


def in_pieces(whole: KeystrokeEvent) -> list[KeystrokeEvent]:
    """The same entry as its pump would send it key by key, and the commit last."""
    pieces = [
        KeystrokeEvent(
            **fields_of(whole)
            | {
                "id": f"{whole.id}.{number}",
                "seq": whole.seq * 100 + number,
                "at": whole.at + timedelta(milliseconds=key.t),
                "keys": [KeyPress(k=key.k, t=0, hold=key.hold)],
                "commit": None,
            }
        )
        for number, key in enumerate(whole.keys)
    ]
    last = whole.keys[-1].t + 400
    commit = {
        "id": f"{whole.id}.c",
        "seq": whole.seq * 100 + 99,
        "at": whole.at + timedelta(milliseconds=last),
        "keys": [],
    }
    return [*pieces, KeystrokeEvent(**fields_of(whole) | commit)]


def heartbeat(pump: str, number: int, at: datetime | None = None, **changes: Any) -> PowerEvent:
    """A pump on mains, infusing, fully charged."""
    fields: dict[str, Any] = {
        "id": f"{pump}-p{number}",
        "hospital": "st-test",
        "care_area": "MICU",
        "pump": pump,
        "at": at or now(),
        "seq": number,
        "model": "spectrum",
        "kind": "heartbeat",
        "source": "mains",
        "charge_pct": 100.0,
        "charging": True,
        "infusing": True,
        "rate_ml_h": 25.0,
        "channels_running": 1,
        "test": True,
    }
    return PowerEvent(**(fields | changes))


def fields_of(event: KeystrokeEvent) -> dict[str, Any]:
    """The event's fields by name."""
    return {name: getattr(event, name) for name in event.__struct_fields__}
