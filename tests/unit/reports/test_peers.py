"""The peers file, the folder of benchmarks, and what a hospital is told of where it stands."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from scipy.stats import norm

from services.readmodel.rollups import RollupSums
from services.reports.benchmarks import Benchmark, Release, release
from services.reports.disclosure import blur
from services.reports.funnel_chart import funnel_chart
from services.reports.own import compared
from services.reports.peer_months import load, told_in
from services.reports.peer_tables import OwnMonth, by_profile, peer_tables
from services.reports.peers import Hospital, Peers, PeersRefusedError, load_peers, parse_peers
from services.reports.period import Period
from services.reports.releases import ReleaseError, key, publish, published

KEY = b"a key of the operator, for tests"
FILE = """
sizes: {small: 100, medium: 500}
hospitals:
  st-mary: {pumps: 340}
  st-anna: {pumps: 90, kind: children}
opted_out: {st-anna: 2026-10}
"""
ICU_RATE, WARD_RATE = 0.02, 0.004


def test_a_peers_file_says_who_is_compared_with_whom():
    """By size and kind, and from its month on not with who opted out."""
    peers = parse_peers(FILE)
    assert peers.groups("2026-09") == {"medium general": ["st-mary"], "small children": ["st-anna"]}
    assert peers.groups("2026-10") == {"medium general": ["st-mary"]}
    assert not peers.takes_part("st-anna", "2026-12")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hospitals: {a: {pumps: 0}}", "field `hospitals, of a hospital,.pumps`: "),
        ("hospitals: {a: {pumps: 3, kind: zoo}}", ".kind`: "),
        ("hospitals: {a: {pumps: 3}}\nopted_out: {b: 2026-10}", "`opted_out` names b"),
        ("hospitals: {a: {pumps: 3}}\nopted_out: {a: 2026-13}", "field `opted_out"),
        ("hospitals: {a: {pumps: 3}}\nopted-out: {a: 2026-10}", "opted-out"),
        ("hospitals: {}\nsizes: {small: 800, medium: 800}", "`small` must be less"),
        ("hospitals: [", "not YAML"),
        ("", "xpected `object`"),
    ],
)
def test_a_bad_peers_file_is_refused_by_field(text, named):
    """One sentence with the file, the field and what it should be."""
    with pytest.raises(PeersRefusedError) as refusal:
        parse_peers(text, "peers.yaml")
    assert str(refusal.value).startswith("peers.yaml: ")
    assert named in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_peers_file_that_is_not_there_is_refused(tmp_path):
    """In one sentence, too."""
    with pytest.raises(PeersRefusedError, match=r"^none\.yaml: cannot be read"):
        load_peers(tmp_path / "none.yaml")


def group(dice, size=20, times=None, spread=0.2, true=None):
    """Hospitals of one group, half of their care areas intensive, in a month.

    `times` multiplies a hospital's rates; `true` is filled with the logarithms of what each was multiplied by.
    """
    names = [f"hospital {number:02}" for number in range(size)]
    sums = {}
    for number, name in enumerate(names):
        own = (times or {}).get(number, np.exp(dice.normal(0, spread)))
        if true is not None:
            true.append(np.log(own))
        icu = 1.0 if number == 3 else dice.uniform(0.3, 0.7)
        sums[name] = {
            profile: RollupSums(entries=int(entries), error=int(dice.poisson(entries * rate * own)))
            for profile, entries, rate in (
                ("adult_icu", 60_000 * icu, ICU_RATE),
                ("ward", 60_000 * (1 - icu), WARD_RATE),
            )
            if entries
        }
    return Peers({name: Hospital(900) for name in names}), sums


def verdicts(peers, sums, month="2026-10", key_=KEY):
    """What each hospital is told of its flagged entries."""
    benchmarks = release(peers, month, sums, blur(key_)).groups["large general"]
    return [next(compared(of, benchmarks)) for of in sums.values()]


def test_a_hospital_of_intensive_care_alone_is_no_outlier():
    """Its rate is nearly double the others', and as it should be with its care areas; one at three times is far out."""
    peers, sums = group(np.random.default_rng(1), times={3: 1.0, 5: 3.0})
    told = verdicts(peers, sums)
    crude = sum(of.flagged for of in sums["hospital 03"].values()) / 60_000
    assert crude > 1.5 * np.median([one.observed / one.exposure for one in told])
    assert told[3].verdict == "as usual"
    assert told[3].ratio.value == pytest.approx(1.0, abs=0.15)
    assert told[5].verdict == "far more than usual"
    assert told[5].standing.percentile > 0.97


@pytest.mark.parametrize("spread", [0.1, 0.2, 0.5])
def test_few_hospitals_are_called_unusual_and_percentiles_hold(spread):
    """Of 1,200 hospitals, their figures blurred and rounded, at most 6% are outside the funnel and hardly any far out.

    Where they differ enough to have percentiles, 95% intervals hold the true one in at least nine of ten.
    """
    dice = np.random.default_rng(2)
    outside, far, covered = [], [], []
    for world in range(60):
        true = []
        peers, sums = group(dice, spread=spread, true=true)
        for own, one in zip(true, verdicts(peers, sums, key_=bytes([world]) * 32), strict=True):
            outside.append(one.verdict != "as usual")
            far.append(one.verdict.startswith("far"))
            if one.standing is not None:
                covered.append(one.standing.low <= norm.cdf(own / spread) <= one.standing.high)
    assert np.mean(outside) <= 0.06
    assert np.mean(far) <= 0.01
    assert len(covered) > 400
    assert np.mean(covered) >= 0.9


def test_the_table_tells_of_the_group_and_names_nobody_else():
    """Own rate, the peers' with the same care areas, and where it lies; other hospitals' names are nowhere."""
    peers, sums = group(np.random.default_rng(3), times={5: 3.0})
    months = [OwnMonth(release(peers, month, sums, blur(KEY)), sums["hospital 05"]) for month in ("2026-09", "2026-10")]
    beside, funnels = peer_tables("hospital 05", peers, months)
    assert beside.title == "The peers in 2026-10: large general hospitals"
    (row,) = beside.plain_rows()
    shown = dict(zip(beside.plain_columns(), row, strict=True))
    of = sums["hospital 05"].values()
    assert shown["rate"] == pytest.approx(1000 * sum(one.error for one in of) / sum(one.entries for one in of))
    assert shown["times_low"] < shown["times"] < shown["times_high"]
    assert (shown["per"], shown["verdict"], shown["hospitals"]) == ("1,000 entries", "far more than usual", 10)
    assert shown["usual_low"] < 1 < shown["usual_high"] < shown["times_low"]
    assert funnels.column("month") == ["2026-10", "2026-09"]
    drawn = funnel_chart(funnels)
    assert drawn.count("<circle") == 2
    assert drawn.count("<polygon") == 2
    for text in (msgspec.json.encode([list(table.plain_rows()) for table in (beside, funnels)]).decode(), drawn):
        assert not any(name in text for name in peers.hospitals)


@pytest.mark.parametrize(
    ("hospital", "size", "opted_out", "why"),
    [
        ("elsewhere", 20, {}, "in no group"),
        ("hospital 05", 20, {"hospital 05": "2026-10"}, "opted out"),
        ("hospital 04", 5, {}, "Fewer than six"),
    ],
)
def test_who_is_told_nothing_is_told_why(hospital, size, opted_out, why):
    """Not in the file, opted out, or too few peers: an empty table with its reason."""
    peers, sums = group(np.random.default_rng(4), size)
    peers = Peers(peers.hospitals, peers.sizes, opted_out)
    (table,) = peer_tables(hospital, peers, [OwnMonth(release(peers, "2026-10", sums, blur(KEY)), {})])
    assert table.rows == []
    assert why in table.empty


def test_before_the_first_month_there_is_nothing():
    """No release, no table."""
    peers, _ = group(np.random.default_rng(4))
    assert "yet" in peer_tables("hospital 05", peers, [])[0].empty


def test_more_overrides_than_warnings_are_as_many():
    """A pump may send overrides of warnings that it did not tell; a share has an interval all the same."""
    benchmark = Benchmark({"ward": 0.8}, 6, 0.0, 0.2)
    (found,) = compared({"ward": RollupSums(soft_warnings=100, overridden=120)}, {"overrides": benchmark})
    assert found.ratio == pytest.approx((1.25, 0.9638 / 0.8, 1.25), abs=1e-3)


def test_care_areas_add_up_by_their_profile():
    """Two wards are one stratum, two intensive care units another."""
    areas = (("Ward 1", 5), ("Ward 2", 7), ("4 West", 3), ("MICU", 2))
    sums = [(area, RollupSums(entries=entries)) for area, entries in areas]
    found = by_profile(sums, lambda area: "adult_icu" if area in {"4 West", "MICU"} else "ward")
    assert {profile: sums.entries for profile, sums in found.items()} == {"ward": 12, "adult_icu": 5}


def test_a_month_is_published_once_and_read_back(tmp_path):
    """The file holds what was published; a second version of the month is refused, and the first one stays."""
    peers, sums = group(np.random.default_rng(5))
    first = release(peers, "2026-10", sums, blur(KEY))
    file = publish(tmp_path, first)
    with pytest.raises(ReleaseError, match="published once"):
        publish(tmp_path, release(Peers({}), "2026-10", {}, blur(KEY)))
    assert published(tmp_path) == [first]
    assert list(tmp_path.iterdir()) == [file]
    assert "hospital 0" not in file.read_text()


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path):
    """The same at every call, 32 bytes, readable by nobody else; a broken one is not replaced."""
    file = tmp_path / "peers.secret"
    made = key(file)
    assert len(made) == 32
    assert key(file) == made
    assert file.stat().st_mode & 0o777 == 0o600
    for broken in ("short", "g" * 64):
        file.write_text(broken)
        with pytest.raises(ReleaseError, match="no secret"):
            key(file)


def test_the_peers_file_of_the_documentation_is_one():
    """It can be copied as it stands."""
    document = (Path(__file__).parents[3] / "docs/benchmarks.md").read_text("utf-8")
    peers = parse_peers(document.partition("```yaml")[2].partition("```")[0])
    assert peers.groups("2026-09") == {"medium general": ["st-mary"], "small children": ["st-anna"]}


def test_a_file_that_is_no_release_is_named(tmp_path):
    """Somebody's other file is refused with its path."""
    (tmp_path / "2026-10.json").write_text("{}")
    with pytest.raises(ReleaseError, match=r"2026-10\.json"):
        published(tmp_path)


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2026, 9, 1), date(2026, 10, 31), ["2026-09", "2026-10"]),
        (date(2026, 10, 12), date(2026, 10, 18), ["2026-10"]),
        (date(2026, 11, 2), date(2026, 11, 8), ["2026-10"]),
        (date(2026, 7, 1), date(2026, 7, 31), []),
    ],
)
def test_a_report_tells_of_its_months_or_of_the_last_before_it(first, last, months):
    """A week of November, not published yet, is shown the benchmarks of October; July has none before it."""
    releases = [Release(month, {}) for month in ("2026-08", "2026-09", "2026-10")]
    assert [one.month for one in told_in(releases, Period(first, last, ZoneInfo("UTC")))] == months


def test_the_benchmarks_lie_beside_the_peers_file(tmp_path):
    """In the folder that it names."""
    (tmp_path / "peers.yaml").write_text(FILE + "benchmarks: told\n")
    publish(tmp_path / "told", Release("2026-10", {}))
    found = load(tmp_path / "peers.yaml", Period(date(2026, 10, 1), date(2026, 10, 31), ZoneInfo("UTC")))
    assert found.first_days() == [date(2026, 10, 1)]
    assert found.peers.groups("2026-10") == {"medium general": ["st-mary"]}
