"""The charge and the episodes of a pump on the whole platform: heartbeats in, and back after Redis was lost."""

from datetime import timedelta

import pytest
from redis import Redis

from schemas.codec import decode
from schemas.events import PowerEpisode
from streams.sink.charge import ChargeSample
from tests.integration.stream import eventually, publish
from tests.made_events import heartbeat, now
from tests.servers.worker import Worker

pytestmark = pytest.mark.servers

MINUTES = 180


def test_what_a_pumps_page_shows_comes_back_after_redis_was_lost(topics, redis_server, tmp_path, pumpwatch):
    """Unplugged while it infused from the 60th to the 100th minute: a curve of few samples and one episode."""
    worker = Worker("worker", topics, redis_server.url, tmp_path / "worker", {})
    redis = Redis.from_url(redis_server.url)
    redis.flushall()
    start = now() - timedelta(minutes=MINUTES)

    def charge() -> list[ChargeSample]:
        return [ChargeSample.unpacked(sample) for sample in redis.lrange("pw:charge:P1", 0, -1)]

    def episodes() -> list[PowerEpisode]:
        return [decode(PowerEpisode, entry.partition(b"\n")[2]) for entry in redis.lrange("pw:episodes:P1", 0, -1)]

    try:
        worker.start()
        on_battery = range(60, 100)
        publish(
            topics,
            [
                heartbeat(
                    "P1",
                    minute,
                    start + timedelta(minutes=minute),
                    source="battery" if minute in on_battery else "mains",
                    charging=minute not in on_battery,
                    charge_pct=100 - (minute - 60) * 0.5 if minute in on_battery else 100.0,
                )
                for minute in range(MINUTES)
            ],
        )
        eventually(lambda: [each.ended_at is not None for each in episodes()] == [True], 60, "the episode has ended")
        [episode] = episodes()
        assert (episode.pump, round(episode.minutes), episode.charge_start) == ("P1", 40, 100.0)
        begin = int(start.timestamp())
        eventually(lambda: charge()[-1].at >= begin + (MINUTES - 30) * 60, 60, "the curve reaches the present")
        before = charge()
        told = [(round((sample.at - begin) / 60), sample.on_battery) for sample in before]
        assert [minute for minute, _ in told] == sorted({minute for minute, _ in told})
        assert {(0, False), (60, True), (100, False)} <= set(told)
        assert len(told) < 20
        assert min(sample.charge_pct for sample in before) <= 83
        assert all(sample.infusing for sample in before)

        redis.flushall()
        rebuilt = pumpwatch("rebuild-redis", PUMPWATCH_KAFKA=topics, PUMPWATCH_REDIS=redis_server.url)
        assert rebuilt.returncode == 0, rebuilt.stderr
        assert episodes() == [episode]
        assert charge() == before
        redis.flushall()
        without = pumpwatch(
            "rebuild-redis", "--charge-hours", "0", PUMPWATCH_KAFKA=topics, PUMPWATCH_REDIS=redis_server.url
        )
        assert without.returncode == 0, without.stderr
        assert (episodes(), charge()) == ([episode], [])
    finally:
        worker.kill()
