"""Sending dead letters back."""

from dataclasses import replace

from services import dead_letters
from services.dead_letters import DeadLetter

LETTER = DeadLetter("pump.power.v1", 3, 7, 1_700_000_000_000, "late", "too late", b"p1", b"{}", [])


async def test_a_record_refused_several_times_is_sent_back_once(monkeypatch):
    """What is still wrong comes back as a letter each time: three replays would make eight of one."""
    sent = []

    class Recording:
        def __init__(self, *_: object) -> None:
            pass

        def send(self, _topic: str, **record: object) -> None:
            sent.append((record["key"], record["value"], record["timestamp_ms"]))

        async def confirm(self) -> None:
            pass

    monkeypatch.setattr(dead_letters, "Outbox", Recording)
    again, other = replace(LETTER, offset=90), replace(LETTER, offset=91, value=b"[]")
    assert await dead_letters.replay({}, iter([LETTER, again, other])) == 2
    assert sent == [(b"p1", b"{}", LETTER.timestamp_ms), (b"p1", b"[]", LETTER.timestamp_ms)]
