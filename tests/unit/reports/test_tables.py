"""Every table of a report against a slow count over the events of the topics, one by one."""

from collections import Counter

import pytest
from statsmodels.stats.proportion import proportion_confint

from schemas.library import Library, load_default
from services.reports.words import CAUSES, HARM, LIMITS, PROFILES, SLIPS

DAY_SHIFT = range(7, 19)


@pytest.fixture(scope="module")
def library():
    return Library(load_default())


def local(at, period):
    return at.astimezone(period.zone)


def within(at, period):
    return period.first <= local(at, period).date() <= period.last


@pytest.fixture(scope="module")
def entries(made):
    """First revisions of the period."""
    return [one for one in made.scores if one.revision == 1 and within(one.at, made.period)]


@pytest.fixture(scope="module")
def ended(made):
    """How flagged entries of the period ended."""
    return [one for one in made.scores if one.revision == 2 and within(one.at, made.period)]


@pytest.fixture(scope="module")
def stretches(made):
    """Closed stretches on battery that began in the period."""
    return [one for one in made.episodes if one.ended_at is not None and within(one.started_at, made.period)]


def flagged(of):
    return [one for one in of if one.verdict != "ok"]


def share(events, chances):
    """Value and Wilson's ends, or None."""
    return (events / chances, *proportion_confint(events, chances, method="wilson")) if chances else None


def same(said, wanted):
    """An interval of a table beside one computed here."""
    assert (said is None) == (wanted is None)
    if wanted is not None:
        assert tuple(said) == pytest.approx(wanted, abs=1e-12)


def by(of, what, library, period):
    """The value of a dimension for an event."""
    return {
        "drug": lambda: library.canonical_drug(of.drug) or of.drug,
        "care_area": lambda: of.care_area,
        "shift": lambda: "day" if local(of.at, period).hour in DAY_SHIFT else "night",
        "span": lambda: f"{local(of.at, period).date()}",
    }[what]()


@pytest.mark.parametrize("what", ["drug", "care_area", "shift", "span"])
def test_entries_warnings_and_overrides(made, entries, ended, library, what):
    """By drug however it is spelled, by care area, and by shift and day of the hospital's clock."""
    rows = made.tables[f"entries_by_{what}"].rows
    assert {row[0] for row in rows} == {by(one, what, library, made.period) for one in entries}
    for place, total, soft, hard, overridden, override_rate, found, flag_rate, caught in rows:
        of = [one for one in entries if by(one, what, library, made.period) == place]
        assert total == len(of)
        assert soft == sum(one.warned in {"soft_low", "soft_high"} for one in of)
        assert hard == sum(one.warned in {"hard_low", "hard_high"} for one in of)
        assert overridden == sum(one.action == "override" for one in of)
        assert found == len(flagged(of))
        assert caught == sum(one.caught for one in ended if by(one, what, library, made.period) == place)
        same(override_rate, share(overridden, soft + hard))
        same(flag_rate, share(found, total))


def test_overrides_by_limit(made, entries):
    """Warnings and overrides of each limit that a pump named."""
    wanted = {
        LIMITS[limit]: (
            sum(one.warned == limit for one in entries),
            sum(one.warned == limit and one.action == "override" for one in entries),
        )
        for limit in {one.warned for one in entries} - {None}
    }
    rows = made.tables["overrides_by_limit"].rows
    assert {row[0]: row[1:3] for row in rows} == wanted
    for _, warned, overridden, rate in rows:
        same(rate, share(overridden, warned))


def test_slips(made, entries, ended):
    """Found, caught, corrected otherwise, stood and open, by the likeliest slip."""

    def slip(one):
        return SLIPS[next(meant.slip for meant in one.meant if meant.slip)]

    rows = made.tables["slips"].rows
    assert {row[0] for row in rows} == {slip(one) for one in flagged(entries)}
    for name, found, caught, otherwise, stood, still_open, precision in rows:
        of = [one for one in ended if slip(one) == name]
        assert found == sum(slip(one) == name for one in flagged(entries))
        assert caught == sum(one.caught for one in of)
        assert otherwise == sum(one.resolution == "corrected" and not one.caught for one in of)
        assert stood == sum(one.resolution == "stood" for one in of)
        assert still_open == found - len(of)
        same(precision, share(caught, len(of)))


def test_harm_avoided(made, entries, ended):
    """Flagged entries and near misses by grade."""
    assert {row[0]: row[1:] for row in made.tables["harm_avoided"].rows} == {
        words: (
            sum(one.harm == grade for one in flagged(entries)),
            sum(one.harm == grade and one.caught for one in ended),
        )
        for grade, words in HARM.items()
    }
    minutes = [one.resolved_after_s / 60 for one in ended if one.caught]
    assert f"{sum(minutes) / len(minutes):.1f} minutes on average" in made.tables["harm_avoided"].note


def test_stories(made, ended, library):
    """Every life-threatening entry that was caught: what was typed and meant, the slip, and after how long."""
    wanted = Counter(
        (
            library.canonical_drug(one.drug), one.field, one.unit, one.typed, one.corrected_to,
            SLIPS[one.meant[1].slip], round(one.resolved_after_s / 60, 4),
        )
        for one in ended
        if one.caught and one.harm == "life_threatening"
    )  # fmt: skip
    rows = made.tables["stories"].rows
    assert Counter(row[:-1] for row in rows) == wanted
    assert len(rows) > 3
    for row in rows:
        assert not any(secret in row[-1] for secret in ("P1", "MICU", "SICU", "2026"))


def test_precision(made, ended, library):
    """Of all drugs together and of each."""
    for drug, caught, corrected, stood, precision in made.tables["precision"].rows:
        of = [one for one in ended if drug in {"all drugs", library.canonical_drug(one.drug)}]
        assert caught == sum(one.caught for one in of)
        assert corrected == sum(one.resolution == "corrected" for one in of)
        assert stood == sum(one.resolution == "stood" for one in of)
        same(precision, share(caught, len(of)))


def test_practice(made, stretches):
    """Hours of infusing, on battery and times left unplugged, by unit and shift."""
    hours, battery, left = Counter(), Counter(), Counter()
    for one in made.infused:
        at = local(type(made.scores[0].at).fromtimestamp(one.hour * 3600, made.period.zone), made.period)
        if within(at, made.period):
            shift = "day" if at.hour in DAY_SHIFT else "night"
            hours[one.care_area, shift] += one.minutes / 60
            battery[one.care_area, shift] += one.on_battery / 60
    for one in stretches:
        shift = "day" if local(one.started_at, made.period).hour in DAY_SHIFT else "night"
        left[one.care_area, shift] += one.cause == "practice"
    rows = made.tables["unplugged_practice"].rows
    assert {row[:2] for row in rows} == set(hours)
    for care_area, shift, infusing, on_battery, episodes, rate, _, _ in rows:
        place = (care_area, shift)
        assert infusing == pytest.approx(hours[place])
        assert on_battery == pytest.approx(battery[place] / hours[place])
        assert episodes == left[place]
        assert rate == pytest.approx(left[place] / hours[place] * 1000)
    assert {row[0] for row in rows if row[-1] == "more often"} == {"Med Surg 5 West"}


def test_stretches_on_battery(made, stretches):
    """By care area and cause; open ones are in none."""
    for care_area, count, hours, *causes, deep in made.tables["battery_episodes"].rows:
        of = [one for one in stretches if one.care_area == care_area]
        assert count == len(of)
        assert hours == pytest.approx(sum(one.minutes for one in of) / 60)
        assert causes == [sum(one.cause == cause for one in of) for cause in CAUSES]
        assert deep == sum(one.charge_min < 20 or one.depleted for one in of)
    assert sum(made.tables["battery_episodes"].column("episodes")) == len(stretches)


def test_battery_or_habit(made, stretches):
    """Low alarms by care area, those in practice, and worn batteries from the alerts that stood in the period."""
    rows = {row[0]: row[1:] for row in made.tables["battery_or_habit"].rows}
    for care_area, (low, avoidable, faulty, worn, _) in rows.items():
        of = [one for one in stretches if one.care_area == care_area]
        assert low == sum(one.low_alarm for one in of)
        assert avoidable == sum(one.low_alarm and one.cause == "practice" for one in of)
        assert faulty == sum(one.cause == "battery_fault" for one in of)
        assert worn == (care_area == "SICU")
    assert rows["SICU"][-1] == "batteries"
    assert rows["Med Surg 5 West"][-1] == "habit (day and night)"


def test_the_workshop_gets_serial_numbers_that_stood_in_the_period(made):
    """An alert resolved before it, and one that fired after it, are left out."""
    assert [row[0] for row in made.tables["worn_batteries"].rows] == ["P3"]
    assert [row[0:5] for row in made.tables["keypad_faults"].rows] == [("P7", "MICU", "5", 12, 400)]


def test_trends(made, entries, ended):
    """Rates of both periods, each a slow count."""
    before = made.period.before
    earlier = [one for one in made.scores if one.revision == 1 and within(one.at, before)]
    earlier_ended = [one for one in made.scores if one.revision == 2 and within(one.at, before)]
    rows = {row[0]: row[2:4] for row in made.tables["trends"].rows}
    both = ((entries, ended), (earlier, earlier_ended))
    assert rows["Flagged entries"] == pytest.approx([len(flagged(of)) / len(of) * 1_000 for of, _ in both])
    assert rows["Near misses"] == pytest.approx([sum(one.caught for one in of) / len(to) * 10_000 for to, of in both])
    assert rows["Overrides"] == pytest.approx(
        [sum(o.action == "override" for o in of) / sum(o.warned is not None for o in of) * 100 for of, _ in both]
    )
    assert rows["Confirmed catches"] == pytest.approx([sum(o.caught for o in of) / len(of) * 100 for _, of in both])


def overridden(entries, drug, limit, library):
    """Values of the overrides of a limit, and those of them that were flagged."""
    of = [
        one
        for one in entries
        if one.action == "override" and one.warned == limit and library.canonical_drug(one.drug) == drug
    ]
    return [one.typed for one in of], [one.typed for one in flagged(of)]


def test_library_findings(made, entries, library):
    """Clusters, limits never met and suggestions, each counted from the entries."""
    by_care = {
        words: [one for one in entries if library.profile(one.care_area) == profile]
        for profile, words in PROFILES.items()
    }
    words = {said: limit for limit, said in LIMITS.items()}
    for drug, care, _, _, limit, at, near, count, rate in made.tables["override_clusters"].rows:
        values, _ = overridden(by_care[care], drug, words[limit], library)
        assert (near, count) == (sum(at < value <= at * 1.01 for value in values), len(values))
        same(rate, share(near, count))
    assert any(row[0] == "norepinephrine" and row[5] == 30 for row in made.tables["override_clusters"].rows)
    for drug, care, field, unit, _, at, count, at_most in made.tables["limits_never_met"].rows:
        of = [
            one
            for one in by_care[care]
            if (library.canonical_drug(one.drug), one.field, one.unit) == (drug, field, unit)
        ]
        assert count == len(of) >= 300
        assert at_most == pytest.approx(proportion_confint(0, count, method="wilson")[1])
        assert at is not None
    for drug, care, _, _, limit, at, suggested, spared, count, spared_flagged, _ in made.tables[
        "suggested_limits"
    ].rows:
        values, doubtful = overridden(by_care[care], drug, words[limit], library)
        assert (spared, count) == (sum(at < value <= suggested for value in values), len(values))
        assert spared_flagged == sum(at < value <= suggested for value in doubtful)
    assert made.tables["suggested_limits"].rows
