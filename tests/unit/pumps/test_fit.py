"""The shipped profiles are what the real logs give today, and say where they come from."""

import pytest
import yaml

from services.pumps import behaviour, fit, profiles
from services.pumps.behaviour import BehaviourError


def test_the_shipped_profiles_are_fresh(real_logs):
    """`python -m services.pumps.fit` would change nothing."""
    folder = real_logs["eicu"].parent
    assert yaml.safe_load(fit.PROFILES.read_text()) == yaml.safe_load(yaml.safe_dump(fit.derive(folder)))


def test_profiles_name_their_source_and_licence():
    provenance = profiles.load().provenance
    assert {one.doi for one in provenance} == {"10.13026/C2HM2Q", "10.13026/4mxk-na84"}
    assert all("ODbL" in one.licence for one in provenance)
    assert [one.rows for one in provenance] == [7335, 19_519]


def test_profiles_hold_figures_not_rows():
    """Nine quantiles from at least 40 entries each; compact enough to read."""
    found = profiles.load()
    assert len(found.profiles) >= 20
    for one in found.profiles:
        assert one.entries >= fit.FEWEST_ENTRIES
        for quantiles in (one.start, one.value, one.ratio, one.minutes):
            assert len(quantiles) == len(found.quantiles) == 9
            assert quantiles == sorted(quantiles)
        assert sum(one.digits) == pytest.approx(1, abs=0.01)
        assert sum(one.kinds.values()) == one.entries
    assert fit.PROFILES.stat().st_size < 20_000


def test_titration_is_as_the_design_notes_say():
    """Over all drugs the change ratio's median is a little below 1, most changes stay within a factor of 2.2."""
    ratios = {(one.drug, one.unit): one.ratio for one in profiles.load().profiles}
    norepinephrine = ratios["norepinephrine", "mcg/kg/min"]
    assert 0.7 < norepinephrine[4] < 1.1
    assert norepinephrine[1] > 0.3
    assert norepinephrine[7] < 3


def test_a_wrong_configuration_is_refused_by_field(tmp_path):
    path = tmp_path / "behaviour.yaml"
    shipped = (fit.PROFILES.parent / "behaviour.yaml").read_text()
    for wrong, right, message in (
        ("  rate: 7", "  rate: 0.007", r"slips\.rate"),
        ("whole: 0.5,", "whole: 0.6,", "fleet.sending: the shares add up to 0.9"),
        ("hurried: 1\nfleet:", "fleet:", "hurried"),
    ):
        path.write_text(shipped.replace(right, wrong, 1))
        behaviour.load.cache_clear()
        with pytest.raises(BehaviourError, match=message):
            behaviour.load(path)
    behaviour.load.cache_clear()
