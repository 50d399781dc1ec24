"""Numbered changes reach every screen once, a slow one is let go, and who comes back misses nothing."""

import asyncio

import pytest

from services.board.hub import SNAPSHOT_NEEDED, Hub


def _last_id(body: bytes) -> str:
    return next(line[4:] for line in body.decode().splitlines() if line.startswith("id: "))


async def _read(subscription, wanted: int) -> list[bytes]:
    messages = subscription.messages()
    return [(await asyncio.wait_for(anext(messages), 30)).body for _ in range(wanted)]


async def test_every_screen_gets_what_concerns_it_in_order():
    """One hospital's screen sees its own changes, the overview all of them."""
    hub = Hub()
    every, _ = hub.subscribe(None, None, "s1", None)
    north, _ = hub.subscribe(frozenset({"North"}), None, "s2", None)
    for number, hospital in enumerate(["North", "South", "North"]):
        hub.publish_change(hospital, b"%d" % number)
    assert [body.split(b"\n")[-3] for body in await _read(every, 3)] == [b"data: 0", b"data: 1", b"data: 2"]
    assert [body.split(b"\n")[-3] for body in await _read(north, 2)] == [b"data: 0", b"data: 2"]


@pytest.mark.parametrize("seen", [0, 1, 7, 20])
async def test_resuming_gives_exactly_what_followed(seen):
    """Whatever number of changes was seen, the rest comes, once and in order."""
    hub = Hub()
    first, _ = hub.subscribe(None, None, "s", None)
    start = hub.encode("snapshot", b"{}")
    bodies = []
    for number in range(20):
        hub.publish_change("North", b"%d" % number)
        bodies += await _read(first, 1)
    last = _last_id(bodies[seen - 1]) if seen else _last_id(start)
    _, missed = hub.subscribe(None, None, "s", last)
    assert [message.body for message in missed] == bodies[seen:]


async def test_what_cannot_be_resumed_needs_a_snapshot():
    """Another process's id, one of a change too long ago, and nonsense."""
    hub = Hub(remembered=5)
    ids = [hub.last_id]
    for number in range(10):
        hub.publish_change("North", b"%d" % number)
        ids.append(hub.last_id)
    for last in (None, "", "abc", *ids[:5], ids[7].upper() + "x", Hub().last_id, "9" * 3000):
        assert hub.subscribe(None, None, "s", last)[1] is None
    assert len(hub.subscribe(None, None, "s", ids[5])[1]) == 5
    hub.request_snapshots()
    assert hub.subscribe(None, None, "s", ids[9])[1] is None
    assert hub.subscribe(None, None, "s", hub.last_id)[1] == []


async def test_ids_tell_nothing_of_other_hospitals():
    """Ids do not count: a screen of one hospital cannot tell how much happened elsewhere."""
    hub = Hub()
    ids = set()
    for _ in range(100):
        hub.publish_change("South", b"{}")
        ids.add(hub.last_id)
    assert len(ids) == 100
    assert sorted(ids) != list(ids)
    north = frozenset({"North"})
    for last in ids:
        assert hub.subscribe(north, north, "s", last)[1] == []


async def test_streams_end_with_their_session_and_with_a_change_of_its_hospitals():
    """Whose session goes on with the same hospitals stays; all others end."""
    hub = Hub()
    north = frozenset({"North"})
    screens = {
        name: hub.subscribe(None, scope, name, None)[0]
        for name, scope in {"stays": north, "everywhere": None, "moved": north, "widened": north, "over": None}.items()
    }
    hub.keep({"stays": north, "everywhere": None, "moved": frozenset({"South"}), "widened": None})
    assert {name for name, screen in screens.items() if not screen.closed} == {"stays", "everywhere"}
    assert hub.sessions == {"stays", "everywhere"}


async def test_each_scope_gets_its_own_status_encoded_once():
    """However many screens share a scope; who joins later gets the same bytes."""
    hub = Hub()
    north, both = frozenset({"North"}), frozenset({"North", "South"})
    encoded = []

    def encode(scope):
        encoded.append(scope)
        return b"all" if scope is None else ",".join(sorted(scope)).encode()

    assert hub.status(north) is None
    screens = {scope: [hub.subscribe(None, scope, "s", None)[0] for _ in range(3)] for scope in (north, both, None)}
    hub.publish_status(encode)
    for scope, expected in ((north, b"data: North\n"), (both, b"data: North,South\n"), (None, b"data: all\n")):
        for screen in screens[scope]:
            (body,) = await _read(screen, 1)
            assert expected in body
            assert body == hub.status(scope).body
    assert sorted(encoded, key=str) == sorted([north, both, None], key=str)


async def test_a_slow_screen_is_let_go_and_costs_others_nothing():
    """Its queue fills, it is dropped at once, it still gets an unbroken beginning, and resumes after it."""
    hub = Hub(queue_length=4)
    slow, _ = hub.subscribe(None, None, "slow", None)
    quick, _ = hub.subscribe(None, None, "quick", None)
    got = []
    for number in range(10):
        hub.publish_change("North", b"%d" % number)
        got += await _read(quick, 1)
    assert (len(got), len(hub), hub.dropped) == (10, 1, 1)
    begun = [message.body async for message in slow.messages()]
    assert begun == got[:4]
    _, missed = hub.subscribe(None, None, "slow", _last_id(begun[-1]))
    assert [message.body for message in missed] == got[4:]


async def test_ending_sessions_ends_their_screens_only():
    """A stream whose session is over ends; the others go on."""
    hub = Hub()
    gone, _ = hub.subscribe(None, None, "gone", None)
    stays, _ = hub.subscribe(None, None, "stays", None)
    waiting = asyncio.create_task(anext(gone.messages(), None))
    await asyncio.sleep(0)
    hub.close("gone")
    assert await asyncio.wait_for(waiting, 30) is None
    assert hub.sessions == {"stays"}
    hub.request_snapshots()
    assert await asyncio.wait_for(anext(stays.messages()), 30) == SNAPSHOT_NEEDED
