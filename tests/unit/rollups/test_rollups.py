"""Rollups against a slow count, over records read again, restarts and partitions."""

from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.codec import decode, encode
from schemas.events import Meant, Rollup
from schemas.topics import KEYSTROKES, POWER
from streams.rollups.cell import COUNTS, MOST_CASES, MOST_WORDS, OTHER
from streams.rollups.partition import KEPT_HOURS, RollupPartition, rollup_key
from tests.made_alerts import episode, score
from tests.made_power import at

scores = st.tuples(
    st.just("score"),
    st.fixed_dictionaries(
        {
            "hospital": st.sampled_from(["st-mary", "st-john"]),
            "care_area": st.sampled_from(["MICU", "Ward"]),
            "drug": st.sampled_from(["Heparin", "Insulin"]),
            "action": st.sampled_from(["confirm", "override", "cancel"]),
            "warned": st.sampled_from([None, "soft_low", "soft_high", "hard_low", "hard_high"]),
            "verdict": st.sampled_from(["ok", "suspect", "error"]),
            "harm": st.sampled_from(["none", "low", "high"]),
            "resolution": st.sampled_from(["open", "corrected", "stood"]),
            "revision": st.sampled_from([1, 1, 2]),
            "caught": st.booleans(),
            "test": st.booleans(),
        }
    ),
)
episodes = st.tuples(
    st.just("episode"),
    st.fixed_dictionaries(
        {
            "hospital": st.sampled_from(["st-mary", "st-john"]),
            "care_area": st.sampled_from(["MICU", "Ward"]),
            "minutes": st.floats(0, 300),
            "cause": st.sampled_from(["practice", "transport", "unknown"]),
            "ended_at": st.sampled_from([None, at(400)]),
        }
    ),
)
# What comes, at which minute, in which source partition.
records = st.lists(st.tuples(st.one_of(scores, episodes), st.integers(0, 300), st.integers(0, 2)), max_size=60)


def events(drawn):
    """Each event with its source partition and position; two of three scores come from one keystroke record."""
    made = []
    for number, ((kind, fields), minute, partition) in enumerate(drawn):
        if kind == "score":
            outcome = {"caught": fields["caught"] and fields["revision"] > 1 and fields["resolution"] == "corrected"}
            event = score(minute, meant=[Meant(value=5.0, probability=0.9, slip="extra_digit")], **(fields | outcome))
        else:
            event = episode(minute, 1, started_at=at(minute), **fields)
        made.append((event, partition, (number // 2, number % 2)))
    return made


def apply(rollups, event, position):
    """One event into a partition."""
    if hasattr(event, "verdict"):
        rollups.apply_score(event, position)
    else:
        rollups.apply_episode(event, position)


def counted(made):
    """The sums by place and hour, counted one by one."""
    totals: dict[tuple[str, ...], Counter[str]] = {}
    for event, partition, _ in made:
        if hasattr(event, "verdict"):
            place = (event.hospital, event.care_area, event.drug, f"{event.at:%H}", partition)
            names = ["entries", f"{event.action}"]
            if event.revision > 1:
                names = [event.resolution] if event.verdict != "ok" else []
                if names and event.resolution != "open":
                    names += [f"{event.resolution} slip extra_digit"]
                if event.verdict != "ok" and event.caught:
                    names += ["caught", f"avoided {event.harm}", "caught slip extra_digit"]
            else:
                names += [f"{event.warned}"[:4], "entered rate mL/h"]
                names += [f"warned rate {event.warned} mL/h"] if event.warned else []
                if event.action == "override":
                    row = f"rate {event.warned or 'unknown'} 50 mL/h"
                    names += [f"overrides {row}", *([f"flagged_overrides {row}"] if event.verdict != "ok" else [])]
                if event.verdict != "ok":
                    names += [event.verdict, f"harm {event.harm}", "slip extra_digit"]
                    names += ["given up"] if event.action == "cancel" else []
        elif event.ended_at is not None:
            place = (event.hospital, event.care_area, "-", f"{event.started_at:%H}", partition)
            names = ["episodes", f"cause {event.cause}"]
        else:
            continue
        totals.setdefault(place, Counter()).update(names)
    return totals


def said(rollup):
    """The same sums as a rollup has them."""
    sums = {
        "entries": rollup.entries,
        "confirm": rollup.confirmed,
        "override": rollup.overridden,
        "cancel": rollup.cancelled,
        "soft": rollup.soft_warnings,
        "hard": rollup.hard_warnings,
        "suspect": rollup.suspect,
        "error": rollup.error,
        "corrected": rollup.corrected,
        "stood": rollup.stood,
        "given up": rollup.given_up,
        "caught": rollup.caught,
        "episodes": rollup.episodes,
        **{f"slip {slip}": count for slip, count in rollup.slips.items()},
        **{f"harm {harm}": count for harm, count in rollup.harm.items()},
        **{f"avoided {harm}": count for harm, count in rollup.avoided_harm.items()},
        **{f"cause {cause}": count for cause, count in rollup.causes.items()},
        **{
            f"{how} slip {slip}": count
            for how in ("caught", "corrected", "stood")
            for slip, count in getattr(rollup, f"{how}_slips").items()
        },
        **{
            f"{name} {word}": count
            for name in ("entered", "warned", "overrides", "flagged_overrides")
            for word, count in getattr(rollup, name).items()
        },
    }
    place = (rollup.hospital, rollup.care_area, rollup.drug, f"{rollup.hour:%H}", rollup.partition)
    return place, Counter(sums)


@settings(max_examples=150, deadline=None)
@given(records, st.randoms(use_true_random=False))
def test_sums_are_those_of_a_slow_count_in_any_order_of_partitions(drawn, random):
    """Each source partition keeps its own cells, so their order does not matter; records read again add nothing."""
    made = events(drawn)
    partitions = {number: RollupPartition(number) for number in range(3)}
    order = sorted(range(3), key=lambda _: random.random())
    for number in order:
        own = [(event, position) for event, partition, position in made if partition == number]
        for event, position in own + own[random.randint(0, len(own)) :]:
            apply(partitions[number], event, position)
    changed = [rollup for number in order for rollup in partitions[number].take_changed()]
    assert {place: +sums for place, sums in map(said, changed) if +sums} == {
        place: Counter({name: n for name, n in sums.items() if name not in {"None", "open"}})
        for place, sums in counted(made).items()
        if any(name not in {"None", "open"} for name in sums)
    }
    minutes = sum(e.minutes for e, _, _ in made if hasattr(e, "minutes") and e.ended_at is not None)
    assert abs(sum(rollup.unplugged_minutes for rollup in changed) - minutes) < 0.001
    assert len({rollup_key(rollup) for rollup in changed}) == len(changed)
    assert all(partition.take_changed() == [] for partition in partitions.values())


@settings(max_examples=150, deadline=None)
@given(records, st.data())
def test_a_restart_from_the_compacted_topic_equals_no_restart(drawn, data):
    """Cells go on from what was published; records since the last commit are read again."""
    made = [(event, position) for event, _, position in events(drawn)]
    crash = data.draw(st.integers(0, len(made)))
    published = data.draw(st.integers(0, crash))  # what was applied after it was lost with the worker
    committed = data.draw(st.integers(0, published))
    through, lost, restarted = RollupPartition(0), RollupPartition(0), RollupPartition(0)
    for event, position in made:
        apply(through, event, position)
    topic: dict[str, bytes] = {}
    for event, position in made[:published]:
        apply(lost, event, position)
        topic |= {rollup_key(rollup): encode(rollup) for rollup in lost.take_changed()}
    restarted.restore(decode(Rollup, raw) for raw in topic.values())
    for event, position in made[committed:]:
        apply(restarted, event, position)
        topic |= {rollup_key(rollup): encode(rollup) for rollup in restarted.take_changed()}
    final = {rollup_key(rollup): encode(rollup) for rollup in through.take_changed()}
    assert {key: decode(Rollup, raw) for key, raw in topic.items()} == {
        key: decode(Rollup, raw) for key, raw in final.items()
    }


def test_a_cell_says_all_it_counted_and_through_where():
    """One overridden error, later corrected, and one closed episode beside it."""
    rollups = RollupPartition(7)
    rollups.apply_score(score(5), (40, 0))
    rollups.apply_score(score(5, 2, resolution="corrected", corrected_to=5.0, caught=True), (44, 1))
    rollups.apply_episode(episode(70, 9, ended_at=at(70), minutes=12.5), (300, 0))
    entry, power = rollups.take_changed()
    assert rollup_key(entry) == "st-test/MICU/Heparin/2026-11-23T08Z/7"
    assert (entry.entries, entry.overridden, entry.soft_warnings, entry.error, entry.corrected) == (1, 1, 1, 1, 1)
    assert (entry.caught, entry.avoided_harm, entry.stood) == (1, {"life_threatening": 1}, 0)
    assert (entry.slips, entry.harm) == ({"extra_digit": 1}, {"life_threatening": 1})
    assert (entry.through, entry.hour, entry.test) == ({KEYSTROKES: (44, 1)}, at(0), True)
    assert rollup_key(power) == "st-test/MICU/-/2026-11-23T08Z/7"
    assert (power.episodes, power.unplugged_minutes, power.causes) == (1, 12.5, {"practice": 1})
    assert power.through == {POWER: (300, 0)}
    assert decode(Rollup, encode(entry)) == entry
    assert all(getattr(power, name) == 0 for name in COUNTS if name not in {"episodes", "unplugged_minutes"})


def test_an_outcome_counts_in_the_hour_of_its_entry():
    """Flagged at 08:50, corrected at 09:10: one catch at 08, and nothing at 09 but the entry that corrected it."""
    rollups = RollupPartition(0)
    rollups.apply_score(score(50), (1, 0))
    rollups.apply_score(score(50, 2, resolution="corrected", resolved_after_s=1200.0, caught=True), (2, 0))
    rollups.apply_score(score(70, entry="e2", verdict="ok", harm="none", typed=5.0), (2, 1))
    sums = {rollup.hour: (rollup.entries, rollup.error, rollup.caught) for rollup in rollups.take_changed()}
    assert sums == {at(0): (1, 1, 1), at(60): (1, 0, 0)}


def test_a_cancelled_entry_that_was_flagged_is_given_up():
    """It is neither a catch nor a false alarm, and stays out of what is awaited."""
    rollups = RollupPartition(0)
    rollups.apply_score(score(action="cancel", resolution="cancelled"), (1, 0))
    [cell] = rollups.take_changed()
    assert (cell.error, cell.given_up, cell.caught, cell.corrected, cell.stood) == (1, 1, 0, 0, 0)


def test_what_became_of_an_entry_that_was_not_flagged_counts_nothing():
    """Precision is about flagged entries alone."""
    rollups = RollupPartition(0)
    rollups.apply_score(score(verdict="ok", harm="none"), (1, 0))
    rollups.apply_score(score(verdict="ok", harm="none", revision=2, resolution="corrected"), (2, 0))
    [cell] = rollups.take_changed()
    assert (cell.entries, cell.corrected, cell.caught, cell.avoided_harm) == (1, 0, 0, {})


def test_an_episode_counts_in_the_hour_of_its_start_once_it_has_ended():
    """Open revisions count nothing."""
    rollups = RollupPartition(0)
    rollups.apply_episode(episode(50, 1), (1, 0))
    assert rollups.take_changed() == []
    rollups.apply_episode(episode(90, 2, started_at=at(50), ended_at=at(90), minutes=40), (2, 0))
    [rollup] = rollups.take_changed()
    assert rollup.hour == at(0)


def test_names_with_a_slash_do_not_share_a_key():
    """`MICU/SICU` of one hospital is not `SICU` of hospital `.../MICU`."""
    rollups = RollupPartition(0)
    rollups.apply_score(score(hospital="st-test", care_area="MICU/SICU"), (1, 0))
    rollups.apply_score(score(hospital="st-test/MICU", care_area="SICU"), (2, 0))
    assert [rollup_key(rollup) for rollup in rollups.take_changed()] == [
        "st-test/MICU%2FSICU/Heparin/2026-11-23T08Z/0",
        "st-test%2FMICU/SICU/Heparin/2026-11-23T08Z/0",
    ]


def test_cells_leave_memory_after_35_days_and_are_never_begun_again():
    """A record for an hour that was forgotten would replace its true sums."""
    rollups = RollupPartition(0)
    rollups.apply_score(score(), (1, 0))
    month = score(entry="later", at=at(0) + timedelta(hours=KEPT_HOURS + 25))
    rollups.apply_score(month, (2, 0))
    assert len(rollups) == 1
    rollups.take_changed()
    rollups.apply_score(score(entry="late"), (3, 0))
    assert rollups.take_changed() == []


def test_cells_of_other_partitions_are_not_taken_up():
    """Their worker has them."""
    one, other = RollupPartition(1), RollupPartition(2)
    one.apply_score(score(), (1, 0))
    other.restore(one.take_changed())
    assert len(other) == 0


def test_the_furthest_record_of_a_cell_counts_and_is_published_again():
    """A worker that had lost its partitions wrote its older sums after its successor's."""
    sums = RollupPartition(3)
    records = []
    for offset in range(3):
        sums.apply_score(score(), (offset, 0))
        records += sums.take_changed()
    successor = RollupPartition(3)
    successor.restore([records[0], records[2], records[1]])
    assert [rollup.entries for rollup in successor.take_changed()] == [3]
    successor.restore([])
    assert successor.take_changed() == []


def test_years_of_rollups_are_never_in_memory_together():
    """The compacted topic keeps every hour there ever was."""
    made = RollupPartition(0)
    made.apply_score(score(), (0, 0))
    [cell] = made.take_changed()
    successor, most = RollupPartition(0), 0

    def topic():
        nonlocal most
        for hour in range(3 * KEPT_HOURS):
            most = max(most, len(successor))
            yield replace(cell, hour=cell.hour + timedelta(hours=hour))

    successor.restore(topic())
    assert most <= KEPT_HOURS + 26
    assert len(successor) == KEPT_HOURS + 1


def test_a_life_threatening_catch_is_told_as_a_case():
    """What was typed, what was meant and for how long; of a catch of another grade the sums alone."""
    rollups = RollupPartition(0)
    for number, harm in enumerate(("life_threatening", "high")):
        caught = {"resolution": "corrected", "corrected_to": 5.0, "resolved_after_s": 90.0, "caught": True}
        rollups.apply_score(score(entry=f"e{number}", harm=harm), (2 * number, 0))
        rollups.apply_score(score(0, 2, entry=f"e{number}", harm=harm, **caught), (2 * number + 1, 0))
    [cell] = rollups.take_changed()
    assert (cell.caught, cell.caught_minutes, len(cell.cases)) == (2, 3.0, 1)
    case = cell.cases[0]
    assert (case.typed, case.meant, case.slip, case.minutes) == (50.0, 5.0, "extra_digit", 1.5)
    assert (case.field, case.unit, case.action, case.warned) == ("rate", "mL/h", "override", "soft_high")


def test_a_pump_gone_mad_does_not_grow_a_cell():
    """Ten thousand values and units: sixty-four words of each kind, and all others together."""
    rollups = RollupPartition(0)
    for number in range(10_000):
        rollups.apply_score(score(typed=number / 8, unit=f"unit {number}", resolution="open"), (number, 0))
        caught = {"resolution": "corrected", "corrected_to": 5.0, "resolved_after_s": 60.0, "caught": True}
        rollups.apply_score(score(0, 2, typed=number / 8, **caught), (number, 1))
    [cell] = rollups.take_changed()
    for name in ("entered", "warned", "overrides", "flagged_overrides"):
        counts = getattr(cell, name)
        assert len(counts) == MOST_WORDS + 1
        assert counts[OTHER] == 10_000 - MOST_WORDS
    assert (cell.caught, len(cell.cases)) == (10_000, MOST_CASES)
    assert len(encode(cell)) < 20_000
