"""Twenty ways in which what arrives is no event: each a function of a number, giving raw bytes and its record key."""

import json
from collections.abc import Callable
from datetime import timedelta

from schemas.codec import encode
from tests.made_events import entry, now

PUMP = "bad-pump"


def _changed(number: int, **fields: object) -> bytes:
    """A valid entry as JSON with fields replaced, whatever JSON they hold."""
    document = json.loads(encode(entry(PUMP, number, "5", entry=f"bad-{number}", id=f"bad-{number}")))
    document.update(fields)
    return json.dumps(document).encode()


def _without(number: int, field: str) -> bytes:
    document = json.loads(_changed(number))
    del document[field]
    return json.dumps(document).encode()


def _far(number: int, days: int) -> bytes:
    return _changed(number, at=(now() + timedelta(days=days)).isoformat().replace("+00:00", "Z"))


# Kind: (raw value, word that the reason must hold)
KINDS: dict[str, tuple[Callable[[int], bytes], str]] = {
    "broken UTF-8": (lambda n: _changed(n).replace(b"MICU", b"M\xff\xfeCU"), "UTF-8"),
    "not JSON": (lambda n: b"keys=5;0;" + str(n).encode(), "JSON"),
    "cut off": (lambda n: _changed(n)[:-20], "JSON"),
    "empty value": (lambda n: b"", "empty"),
    "an array": (lambda n: b"[%d]" % n, "object"),
    "1 MB value": (lambda n: _changed(n, comment="x" * 1_000_000), "bytes"),
    "NaN": (lambda n: _changed(n, previous="@").replace(b'"@"', b"NaN"), "JSON"),
    "huge integer": (lambda n: _changed(n, seq=10**40), "seq"),
    "huge float": (lambda n: _changed(n, previous="@").replace(b'"@"', b"1e999"), "previous"),
    "text for a number": (lambda n: _changed(n, channel="one"), "channel"),
    "number for a text": (lambda n: _changed(n, drug=7), "drug"),
    "null for a text": (lambda n: _changed(n, hospital=None), "hospital"),
    "unknown field": (lambda n: _changed(n, patient_name="Jane"), "patient_name"),
    "missing field": (lambda n: _without(n, "unit"), "unit"),
    "unknown key": (lambda n: _changed(n, keys=[{"k": "ENTER", "t": 0}]), "keys"),
    "negative time": (lambda n: _changed(n, keys=[{"k": "5", "t": -40}]), "keys"),
    "negative dose": (lambda n: _changed(n, commit={"action": "confirm", "value": -5}), "commit"),
    "clock years behind": (lambda n: _far(n, -3000), "at"),
    "clock years ahead": (lambda n: _far(n, 3000), "at"),
    "duplicate id": (lambda n: encode(entry(PUMP, 0, "5")), "e0"),
}
