"""Several pumps of a unit without mains in the same seconds are a power failure, however the work is spread."""

import pytest

from streams.power.losses import UnitLosses
from streams.power.partition import PowerPartition
from tests.made_power import Pump, closed

UNIT, HOUR = ("st-test", "MICU"), 3_600_000


def outage(partitions, lost, back):
    """Pumps lose the mains at `lost` minutes (one for each) and have it back at `back`; the causes in the end."""
    pumps = [Pump(f"P{number}") for number in range(len(lost))]
    events = [
        [
            pump.mains(0),
            pump.battery(start, kind="unplugged"),
            *(pump.battery(m) for m in range(int(start) + 1, int(end) + 1)),
            pump.mains(end, kind="plugged"),
            *(pump.mains(end + m) for m in range(1, 8)),
        ]
        for pump, start, end in zip(pumps, lost, back, strict=True)
    ]
    told = []
    merged = [(number, event) for number, row in enumerate(events) for event in row]
    for offset, (number, event) in enumerate(sorted(merged, key=lambda one: one[1].at)):
        told += partitions[number % len(partitions)].apply(event, offset)
    return {end.pump: end.cause for end in closed(told)}


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_four_pumps_in_the_same_second_are_a_failure_in_any_number_of_partitions(workers):
    """Partitions share what was published of the losses of mains, as workers do through the episodes topic."""
    losses = UnitLosses()
    partitions = [PowerPartition(losses=losses) for _ in range(workers)]
    causes = outage(partitions, [5.2, 5.21, 5.22, 5.205], [20, 20.01, 20.01, 20.02])
    assert causes == dict.fromkeys(["P0", "P1", "P2", "P3"], "unit_power_failure")


def test_two_pumps_are_one_only_if_they_also_get_the_mains_back_together():
    """One person takes two pumps of a patient along, but does not plug both in within the same seconds."""
    assert set(outage([PowerPartition()], [5.2, 5.21], [20, 20.01]).values()) == {"unit_power_failure"}
    assert set(outage([PowerPartition()], [5.2, 5.21], [20, 24]).values()) == {"practice"}


def test_pumps_that_lose_the_mains_minutes_apart_are_no_failure():
    """Each was unplugged by somebody."""
    assert set(outage([PowerPartition()], [5, 7, 9, 11], [25, 26, 27, 28]).values()) == {"practice"}


def test_another_unit_is_another_matter():
    """Losses are counted by hospital and care area."""
    losses = UnitLosses()
    for number in range(5):
        losses.note(("st-test", "CCU"), f"P{number}", HOUR)
    assert not losses.failed(UNIT, "P9", HOUR)
    assert losses.failed(("st-test", "CCU"), "P9", HOUR)


def test_in_a_unit_of_many_starts_three_at_once_are_chance():
    """A start every ten seconds brings three together now and then; twenty at once are still a failure."""
    losses = UnitLosses()
    for number in range(1080):
        losses.note(UNIT, f"busy-{number}", HOUR + number * 10_000)
    at = HOUR + 1080 * 10_000
    for number in range(2):
        losses.note(UNIT, f"together-{number}", at)
    assert not losses.failed(UNIT, "P1", at)
    for number in range(20):
        losses.note(UNIT, f"all-{number}", at)
    assert losses.failed(UNIT, "P1", at)


def test_what_is_noted_twice_counts_once():
    """A worker hears its own episodes again from the topic."""
    losses = UnitLosses()
    for _ in range(5):
        losses.note(UNIT, "P1", HOUR)
        losses.note(UNIT, "P2", HOUR)
    assert not losses.failed(UNIT, "P1", HOUR)


def test_losses_of_many_hours_stay_bounded():
    """Three hours are kept, and of one moment no more than matter."""
    losses = UnitLosses()
    for number in range(5000):
        losses.note(UNIT, f"P{number}", HOUR + number * 60_000)
    assert sum(len(bucket) for bucket in losses._units[UNIT].values()) <= 10 * 200
    for number in range(5000):
        losses.note(UNIT, f"Q{number}", 10**9)
    assert max(len(bucket) for bucket in losses._units[UNIT].values()) <= 10 * 256


def test_one_loose_cord_is_one_pump_however_the_seconds_fall():
    """Its two losses stand in neighbouring buckets; with a third pump there would be three, with none there are two."""
    losses = UnitLosses()
    border = HOUR // 8_000 * 8_000 + 8_000
    losses.note(UNIT, "loose", border - 500)
    losses.note(UNIT, "loose", border + 500)
    assert not losses.failed(UNIT, "P1", border)
    losses.note(UNIT, "P2", border)
    assert losses.failed(UNIT, "P1", border)
