"""Many screens on one board, over real sockets: each gets every change, and one that does not read harms nobody."""

import asyncio

from schemas.events import AlertSubject
from tests.made_read_model import alert, store
from tests.screens import Screen

SCREENS = 200
STALLED = 10
SMALL_WINDOW = 4096
LARGE = AlertSubject(pump="P", evidence=["x" * 100_000])


async def _opened(board, cookie: str, number: int, **options) -> list[Screen]:
    return [await Screen.open(board.url, cookie, **options) for _ in range(number)]


async def _joined(board, number: int) -> None:
    async with asyncio.timeout(120):
        while len(board.app.hub) != number:  # noqa: ASYNC110 (no event tells it)
            await asyncio.sleep(0.01)


async def test_two_hundred_screens_get_every_change_in_order(board, redis):
    """Also while ten more do not read; those are let go, and miss nothing when they come back."""
    await store(redis, alert("start"))
    await board.follows("North")
    client = await board.logged_in()
    cookie = f"pumpwatch={client.cookies['pumpwatch']}"
    stalled = await _opened(board, cookie, STALLED, window=SMALL_WINDOW)
    screens = await _opened(board, cookie, SCREENS)
    for screen in screens:
        await screen.begin()
        assert (await screen.next("snapshot"))["total"] == 1
    await _joined(board, SCREENS + STALLED)

    small = [f"small-{number}" for number in range(20)]
    for fingerprint in small:
        await store(redis, alert(fingerprint))
    await asyncio.gather(*(screen.changes(len(small)) for screen in screens))
    assert all(screen.fingerprints == small for screen in screens)

    for screen in screens[10:]:
        screen.close()
    reading = screens[:10]
    await _joined(board, len(reading) + STALLED)
    sent = list(small)
    async with asyncio.timeout(120):
        while len(board.app.hub) > len(reading):
            sent.append(f"large-{len(sent)}")
            await store(redis, alert(sent[-1], subject=LARGE))
            await asyncio.gather(*(screen.changes(len(sent)) for screen in reading))
    assert all(screen.fingerprints == sent for screen in reading)

    for screen in stalled:
        await screen.begin()
        await screen.changes(len(sent))  # what had reached it before it was let go
        assert screen.ended
        again = await Screen.open(board.url, cookie, screen.last)
        await again.begin()
        again.fingerprints = screen.fingerprints
        await again.changes(len(sent))
        assert again.fingerprints == sent
        again.close()
    for screen in reading:
        screen.close()


async def test_a_rush_of_changes_drops_no_screen_that_reads(board, redis):
    """Twice as many changes at once as a queue holds reach every screen over one connection."""
    await store(redis, alert("start"))
    await board.follows("North")
    client = await board.logged_in()
    screens = await _opened(board, f"pumpwatch={client.cookies['pumpwatch']}", 5)
    for screen in screens:
        await screen.begin()
        await screen.next("snapshot")
    rush = [f"rush-{number}" for number in range(500)]
    await store(redis, *(alert(fingerprint) for fingerprint in rush))
    await asyncio.gather(*(screen.changes(len(rush)) for screen in screens))
    assert all(screen.fingerprints == rush for screen in screens)
    assert board.app.hub.dropped == 0
    for screen in screens:
        screen.close()
