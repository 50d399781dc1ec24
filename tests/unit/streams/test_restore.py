"""What agents take from their own output when they start."""

from types import SimpleNamespace

from schemas.codec import encode
from schemas.events import BatteryHealth, PowerEpisode
from schemas.topics import DOSE_SCORES, KEYSTROKES, POWER, POWER_EPISODES
from streams.agents.batch_agent import last_position
from streams.agents.power import PowerAgent, newest_verdicts
from streams.positions import position_headers
from tests.made_alerts import Timeline, episode


class Written:
    """A record of our own output."""

    def __init__(self, source: str, position: tuple[int, int], value: bytes = b"") -> None:
        self._headers, self._value = position_headers(source, position), value

    def headers(self) -> list:
        return self._headers

    def value(self) -> bytes:
        return self._value

    def topic(self) -> str:
        return POWER_EPISODES

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 0


def test_the_furthest_position_counts_and_not_the_last():
    """A worker that lost its partitions unawares may have written after its successor."""
    tail = [
        Written(KEYSTROKES, (7, 0)),
        Written(KEYSTROKES, (9, 1)),
        Written(POWER, (99, 0)),
        Written(KEYSTROKES, (8, 0)),
    ]
    assert last_position(tail, KEYSTROKES) == (9, 1)


def test_what_this_version_cannot_read_is_passed_over_and_no_position_is_taken_twice():
    """After a step back to an older version the worker must start, whatever the newer one published."""
    agent = SimpleNamespace(source=POWER, derived=PowerEpisode)
    agent.published = lambda kind, tail: PowerAgent.published(agent, kind, tail)
    known = encode(episode(5, 1))
    tail = [
        Written(POWER, (1, 0), known),
        Written(POWER, (2, 0), b'{"no": "episode"}'),
        Written(POWER, (3, 0), known),
        Written(POWER, (1, 0), known),
        Written(DOSE_SCORES, (4, 0), known),
        Written(POWER, (6, 0), known),
    ]
    assert [offset for _, offset in PowerAgent._complete(agent, tail, 5)] == [1, 3]


def test_the_last_verdict_on_a_battery_counts_wherever_it_stands():
    """Compaction leaves older revisions for a while, such as those before a battery was exchanged."""
    line = Timeline()
    for day, capacity in enumerate((0.7, 0.6, 0.3)):
        health = BatteryHealth(verdict="degraded", capacity=capacity, low=0.1, high=0.8, discharges=day + 1)
        line.play(episode(1440 * day + 9, 1, episode=f"P1@{day}", battery=health))
    alerts = [alert for alert in line.published if alert.kind == "battery_degraded"]
    assert len(alerts) == 3
    for order in (alerts, alerts[::-1], [alerts[1], alerts[2], alerts[0]]):
        assert {pump: health.capacity for pump, health in newest_verdicts(order).items()} == {"P1": 0.3}
