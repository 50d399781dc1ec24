"""A small fleet evaluated whole: the stream's code does what it must, and what is broken scores worse."""

import json
import os
import subprocess
import sys

import msgspec
import pytest

from schemas.codec import ms
from services.evaluate.power_rule import GaugeSlopeRule
from services.evaluate.power_run import judge
from services.evaluate.power_stream import Stream, murmur2
from services.evaluate.power_world import World


class Impatient(Stream):
    """The stream's code of somebody who takes every pump for one on mains after 20 minutes."""

    def hear(self, heard):
        minutes = ms(heard.event.at) // 60_000 % 40
        if minutes >= 20:
            mains = msgspec.structs.replace(heard.event, source="mains")
            heard = heard._replace(event=mains)
        super().hear(heard)


class Homely(Stream):
    """The stream's code without the places of pumps, and with gauges that never fall."""

    def hear(self, heard):
        heard = heard._replace(
            event=msgspec.structs.replace(heard.event, location=None, charge_pct=80.0, kind="heartbeat")
        )
        super().hear(heard)


@pytest.fixture(scope="module")
def judged():
    world = World(60, 0.75, 2, 6.0)
    names = (Stream, GaugeSlopeRule, Impatient, Homely)
    results, events = judge(world, [name() for name in names])
    assert events > 60 * 1000
    return dict(zip(names, results, strict=True))


def test_long_episodes_are_found_and_none_is_made_up(judged):
    """At least 98% of those over 12 minutes; at most one in a hundred is not so."""
    result = judged[Stream].score
    assert result.episodes_found.of > 50
    assert result.episodes_found.share >= 0.98
    assert result.episodes_false.share <= 0.01


def test_journeys_that_name_their_place_are_told_from_habits(judged):
    result = judged[Stream].score
    assert result.journeys["place named"].of > 30
    assert result.journeys["place named"].share >= 0.95
    assert result.causes["practice"].recall.share >= 0.9


def test_the_simple_rule_takes_journeys_for_habits(judged):
    """It knows nothing of places, so more than half of its habits are none."""
    rule, stream = judged[GaugeSlopeRule].score, judged[Stream].score
    assert rule.causes["transport"].recall.share < 0.3 < stream.causes["transport"].recall.share
    assert rule.causes["practice"].precision.share < stream.causes["practice"].precision.share - 0.1


def test_who_takes_pumps_for_plugged_in_finds_fewer_episodes(judged):
    broken, sound = judged[Impatient].score, judged[Stream].score
    assert broken.episodes_found.share < sound.episodes_found.share - 0.2


def test_who_hears_neither_places_nor_gauges_tells_causes_and_ends_worse(judged):
    broken, sound = judged[Homely], judged[Stream]
    assert broken.score.causes["transport"].recall.share < sound.score.causes["transport"].recall.share - 0.2
    assert broken.score.warned.hits < sound.score.warned.hits
    ends, theirs = sound.empty["sound"]["within the hour"], broken.empty["sound"]["within the hour"]
    assert ends.predicted > 100
    assert ends.median < 15
    assert theirs.predicted < ends.predicted or theirs.median > 2 * ends.median


def test_alarms_of_an_empty_battery_are_raised_and_rarely_false(judged):
    """At most one in four has over 90 minutes left: a fleet so small and busy has too few hours for a rate."""
    result = judged[Stream].score
    assert result.alarms > 3
    assert result.false_alarms <= result.alarms / 4
    assert result.infusion_hours == pytest.approx(60 * 18 * 0.8, rel=0.3)


def test_the_same_seed_gives_the_same_figures_and_another_does_not():
    """But for the time it took."""
    runs = []
    for seed in (7, 7, 8):
        world = World(20, 0.2, seed, 6.0)
        (result,), events = judge(world, [Stream()])
        runs.append((msgspec.structs.replace(result, us_per_event=0.0), events))
    assert runs[0] == runs[1] != runs[2]


def test_keys_go_where_kafka_puts_them():
    """Three hashes of Kafka's own test, org.apache.kafka.common.utils.UtilsTest.testMurmur2."""
    assert murmur2(b"21") - 2**32 == -973932308
    assert murmur2(b"foobar") - 2**32 == -790332482
    assert murmur2(b"a-little-bit-long-string") - 2**32 == -985981536


def test_the_command_prints_tables_or_json():
    """The same counts; a bad option is one line."""
    command = [
        sys.executable,
        "-m",
        "services.cli",
        "evaluate",
        "power",
        "--pumps",
        "10",
        "--days",
        "0.1",
        "--seed",
        "3",
    ]
    environment = os.environ | {"COLUMNS": "200"}
    tables, figures, wrong = (
        subprocess.run([*command, *more], capture_output=True, timeout=120, check=False, env=environment)
        for more in ((), ("--json",), ("--days", "0"))
    )
    assert (tables.returncode, tables.stderr) == (0, b"")
    evaluation = json.loads(figures.stdout)
    assert (evaluation["seed"], evaluation["pumps"]) == (3, 10)
    of = evaluation["stream"]["score"]["episodes_found"]["of"]
    assert f"of {of} ".encode() in tables.stdout or f"of {of}".encode() in tables.stdout
    assert "slope of the gauge" in tables.stdout.decode()
    assert wrong.returncode != 0
    assert len(wrong.stderr.decode().strip().splitlines()) == 1
