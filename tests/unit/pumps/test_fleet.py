"""A fleet is laid out by weight, and the same for everybody who asks."""

from collections import Counter

import pytest

from services.pumps.fleet import Fleet


@pytest.fixture(scope="module")
def fleet(figures):
    return Fleet(12_000, 4, 7, figures)


def test_hospitals_care_areas_and_keypads_have_their_shares(fleet, figures):
    pumps = [fleet.pump(number) for number in range(12_000)]
    assert Counter(pump.hospital for pump in pumps) == {f"sim-0{number}": 3000 for number in range(1, 5)}
    areas = Counter(pump.care_area for pump in pumps)
    total = sum(area.weight for area in figures.fleet.care_areas.values())
    for area, place in figures.fleet.care_areas.items():
        assert areas[area] == 12_000 * place.weight / total
    assert {pump.model for pump in pumps} == set(figures.fleet.models)
    for hospital in {pump.hospital for pump in pumps}:
        models = Counter(pump.model for pump in pumps if pump.hospital == hospital)
        assert models.most_common(1)[0][1] / 3000 > 0.8
    sending = Counter(pump.sending for pump in pumps)
    for how, share in figures.fleet.sending.items():
        assert sending[how] / 12_000 == pytest.approx(share, abs=0.02)
    assert sum(pump.faulty_keypad for pump in pumps) / 12_000 == pytest.approx(0.003, abs=0.002)


def test_serial_numbers_are_unique(fleet):
    assert len({fleet.pump(number).serial for number in range(12_000)}) == 12_000


def test_every_pump_hangs_on_one_distribution_board(fleet):
    """The zones share the pumps out without gap or overlap, and each lies in one care area."""
    members = [fleet.in_zone(*zone) for zone in fleet.zones()]
    assert sorted(number for zone in members for number in zone) == list(range(12_000))
    for zone in members:
        assert len({(pump.hospital, pump.location) for pump in map(fleet.pump, zone)}) == 1
        assert len(zone) <= 20


def test_heartbeats_are_spread_over_the_minute(fleet):
    quarters = Counter(fleet.phase_ms(number) // 15_000 for number in range(12_000))
    assert set(quarters) == {0, 1, 2, 3}
    assert min(quarters.values()) > 2700
