"""The live stream over HTTP: a snapshot, then every change once, across breaks, slow screens and a lost Redis."""

import asyncio
import socket
import time

import httpx
from redis.asyncio import Redis

from streams.sink import ReadModel
from tests.made_read_model import alert, beat, store
from tests.unit.board.sse import next_of, opened


async def _fingerprints(events, wanted: int) -> list[str]:
    return [(await next_of(events, "alert")).data["alert"]["fingerprint"] for _ in range(wanted)]


async def test_a_screen_starts_with_what_is_open_and_then_gets_changes(board, redis):
    """The snapshot holds what was open; a new alert and its acknowledgement follow in order."""
    await store(redis, alert("before"))
    client = await board.logged_in()
    async with opened(client) as events:
        snapshot = await next_of(events, "snapshot")
        assert [each["alert"]["fingerprint"] for each in snapshot.data["alerts"]] == ["before"]
        assert snapshot.data["total"] == 1
        status = await next_of(events, "status")
        assert status.data["redis"] is True
        assert status.data["pipeline"]["ok"] is False
        await board.follows("North")
        await store(redis, alert("after"))
        await store(redis, alert("after", revision=2, state="acknowledged", by="biomed"))
        changes = [(await next_of(events, "alert")).data["alert"] for _ in range(2)]
        assert [(each["fingerprint"], each["state"]) for each in changes] == [
            ("after", "firing"),
            ("after", "acknowledged"),
        ]


async def test_a_screen_of_one_hospital_gets_only_its_changes(board, redis):
    """Also for a hospital that is heard for the first time while the screen is open."""
    client = await board.logged_in()
    async with opened(client, hospital="South") as events:
        await next_of(events, "snapshot")
        await store(redis, alert("n1"), alert("s1", hospital="South"))
        snapshot = await next_of(events, "snapshot")
        assert [each["alert"]["fingerprint"] for each in snapshot.data["alerts"]] == ["s1"]
        await board.follows("North", "South")
        await store(redis, alert("n2"), alert("s2", hospital="South"))
        assert await _fingerprints(events, 1) == ["s2"]


async def test_after_a_break_nothing_is_missed_and_nothing_comes_twice(board, redis):
    """A screen that saw 10 of 60 changes and comes back with its last id gets the other 50, in order."""
    await store(redis, alert("start"))
    await board.follows("North")
    client = await board.logged_in()
    async with opened(client) as events:
        await next_of(events, "snapshot")
        await store(redis, *(alert(f"a{number}") for number in range(10)))
        seen = [await next_of(events, "alert") for _ in range(10)]
    await store(redis, *(alert(f"a{number}") for number in range(10, 60)))
    async with opened(client, last=seen[-1].id) as events:
        first = await next_of(events, "alert", "snapshot")
        assert first.name == "alert"
        rest = [first.data["alert"]["fingerprint"], *await _fingerprints(events, 49)]
    assert rest == [f"a{number}" for number in range(10, 60)]
    async with opened(client, after=seen[-1].id) as events:
        assert (await next_of(events, "alert", "snapshot")).data["alert"]["fingerprint"] == "a10"


async def test_after_a_rebuild_every_screen_reads_afresh(board, redis):
    """What the screens had missed is in the read model now; old alerts are not announced as new ones."""
    await store(redis, alert("a"))
    client = await board.logged_in()
    async with opened(client) as events:
        await next_of(events, "snapshot")
        await board.follows("North")
        await ReadModel(redis, "tests").say_rebuilt()
        snapshot = await next_of(events, "snapshot", "alert")
        assert (snapshot.name, snapshot.data["total"]) == ("snapshot", 1)


async def test_an_id_of_another_process_gets_a_snapshot(board, redis):
    """After a restart of the board a screen starts from everything that is open."""
    await store(redis, alert("a"))
    client = await board.logged_in()
    async with opened(client, last="0123456789ab-17") as events:
        snapshot = await next_of(events, "snapshot", "alert")
        assert (snapshot.name, snapshot.data["total"]) == ("snapshot", 1)


async def test_a_slow_screen_is_dropped_and_the_others_get_everything(board):
    """A client that stops reading is let go after its queue is full; a reading one gets all changes meanwhile."""
    client = await board.logged_in()
    hub = board.app.hub
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.setblocking(False)
    address = httpx.URL(board.url)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(stuck, (address.host, address.port))
    request = (
        f"GET /api/stream HTTP/1.1\r\nHost: {address.host}\r\nCookie: pumpwatch={client.cookies['pumpwatch']}\r\n\r\n"
    )
    await loop.sock_sendall(stuck, request.encode())
    async with opened(client) as events:
        await next_of(events, "snapshot")
        deadline = time.monotonic() + 120
        while len(hub) < 2:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        payload = b'{"number":%d,"filling":"' + b"x" * 40_000 + b'"}'
        sent = 0
        while hub.dropped == 0:
            assert time.monotonic() < deadline
            hub.publish_change("North", payload % sent)
            assert (await next_of(events, "alert")).data["number"] == sent
            sent += 1
        assert len(hub) == 1
        hub.publish_change("North", payload % sent)
        assert (await next_of(events, "alert")).data["number"] == sent
    stuck.close()


async def test_redis_lost_and_found_again(board, redis, redis_server):
    """Open screens are told, the page and the API say 503, and all of it recovers by itself, with a snapshot."""
    await store(redis, alert("a"))
    await beat(redis)
    client = await board.logged_in()
    async with opened(client) as events:
        await next_of(events, "snapshot")
        while not (await next_of(events, "status")).data["redis"]:
            pass
        redis_server.stop()
        while (await next_of(events, "status")).data["redis"]:
            pass
        page = await client.get("/", headers={"Accept": "text/html"})
        assert page.status_code == 503
        assert "Redis does not answer" in page.text
        assert '<meta http-equiv="refresh" content="3">' in page.text
        api = await client.get("/api/alerts")
        assert api.status_code == 503
        assert api.json()["error"].startswith("Redis, where the board reads from, does not answer.")
        assert (await client.get("/healthz")).status_code == 503
        redis_server.start()
        again = Redis.from_url(redis_server.url, decode_responses=True)
        await store(again, alert("b"))
        while len((await next_of(events, "snapshot")).data["alerts"]) < 2:
            pass
        await store(again, alert("c"))
        # `b` may come again as a change: it was written after the last one that was read before the outage.
        assert await _fingerprints(events, 1) in (["b"], ["c"])
        await again.aclose()
        assert (await client.get("/api/alerts")).json()["total"] == 3


async def test_one_connection_to_redis_serves_all_screens(board, redis):
    """Forty screens do not open forty connections."""
    client = await board.logged_in()
    before = len(await redis.client_list())
    screens = [opened(client) for _ in range(40)]
    streams = [await screen.__aenter__() for screen in screens]
    for events in streams:
        await next_of(events, "snapshot")
    await store(redis, alert("a"))
    for events in streams:
        assert (await next_of(events, "alert", "snapshot")).data
    assert len(await redis.client_list()) - before <= 16
    for screen in screens:
        await screen.__aexit__(None, None, None)


async def test_a_stream_of_an_ended_session_ends(board, redis, monkeypatch):
    """A session that is deleted in Redis takes its open screens with it."""
    monkeypatch.setattr("services.board.status._CHECK_SESSIONS_EVERY_S", 0.0)
    client = await board.logged_in()
    async with opened(client) as events:
        await next_of(events, "snapshot")
        async for key in redis.scan_iter("pw:session:*"):
            await redis.delete(key)
        async with asyncio.timeout(60):
            assert {event.name async for event in events} <= {"status", "snapshot"}


async def test_health_follows_the_workers(board, redis):
    """503 without a worker, 200 with one that moves; the reason only after a login."""
    client = await board.logged_in()
    stranger = board.client()

    async def becomes(status: int) -> dict:
        deadline = time.monotonic() + 60
        while (answer := await client.get("/healthz")).status_code != status:
            assert time.monotonic() < deadline, answer.text
            await asyncio.sleep(0.05)
        return answer.json()

    assert (await becomes(503))["status"] == "failing"
    await beat(redis)
    assert await becomes(200) == {"status": "ok", "reason": "Every stream worker makes progress."}
    assert (await stranger.get("/healthz")).json() == {"status": "ok"}
    await beat(redis, waiting_s=45)
    assert await becomes(503) == {
        "status": "failing",
        "reason": "Worker worker-1 has not finished a batch for 45 s.",
    }
