"""Alerts of a partition: read again, restarted, and bounded in memory."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streams.alerts.rules import load_rules
from tests.made_alerts import Timeline, action, episode, score
from tests.made_power import at

resolutions = st.sampled_from(["open", "open", "corrected", "stood"])
events = st.lists(
    st.one_of(
        st.tuples(st.just("score"), st.integers(1, 3), st.floats(0, 1), resolutions),
        st.tuples(st.just("episode"), st.integers(1, 2), st.floats(0, 100), st.sampled_from(["on", "back", "empty"])),
        st.tuples(
            st.just("action"), st.integers(1, 5), st.sampled_from(["acknowledge", "resolve", "comment"]), st.just(0)
        ),
    ),
    max_size=30,
)


def made(drawn, line: Timeline):
    """The drawn steps as events; actions are on alerts that were published by then."""
    revisions: dict[str, int] = {}
    for minute, (kind, number, value, state) in enumerate(drawn):
        name = f"{kind}{number}"
        revisions[name] = revision = revisions.get(name, 0) + 1
        if kind == "score":
            yield score(minute, revision, entry=name, error_likelihood=value, resolution=state)
        elif kind == "episode":
            changes = {"back": {"paused_at": at(minute)}, "empty": {"empty_at": at(minute + value)}}.get(state, {})
            pump = f"P{number}"
            yield episode(minute, revision, episode=f"{pump}@0", pump=pump, charge_min=value, minutes=minute, **changes)
        elif line.published:
            alert = line.published[number % len(line.published)]
            yield action(minute, alert, value, minute, comment=f"word {minute}")


@settings(max_examples=150, deadline=None)
@given(events, st.data())
def test_reading_again_and_restarting_change_nothing(drawn, data):
    """Revisions count up by one, and all events since any point may be read again, before or after a restart."""
    line = Timeline()
    for event in made(drawn, line):
        line.play(event)
    numbered: dict[str, int] = {}
    for alert in line.published:
        assert alert.revision == numbered.get(alert.fingerprint, 0) + 1
        assert alert.id == f"{alert.fingerprint}/{alert.revision}"
        numbered[alert.fingerprint] = alert.revision
    again = line.played[data.draw(st.integers(0, len(line.played))) :]
    assert [line.apply(event) for event in again] == [[]] * len(again)
    line.restart()
    assert [line.apply(event) for event in again] == [[]] * len(again)


@settings(max_examples=100, deadline=None)
@given(events, st.integers(0, 30))
def test_a_restart_in_between_changes_nothing(drawn, cut):
    """The alerts topic holds all that is needed to go on; compacted or not."""
    through, restarted = Timeline(), Timeline()
    for number, event in enumerate(made(drawn, through)):
        through.play(event)
        if number == cut:
            newest = {alert.fingerprint: alert for alert in restarted.published}
            restarted.alerts.__init__(restarted.rules)
            restarted.alerts.restore(newest.values())
        restarted.play(event)
    assert restarted.published == through.published


def test_memory_is_bounded_and_old_alerts_are_not_raised_again():
    """A thousand resolved alerts: a hundred stay known; of those nothing fires again when read again."""
    rules = load_rules()
    rules = replace(rules, memory=replace(rules.memory, resolved_hours=1, resolved_remembered=100))
    line = Timeline(rules)
    for number in range(3000):
        line.play(score(number, entry=f"e{number}"))
        line.play(score(number, 2, entry=f"e{number}", resolution="corrected"))
    assert line.open() == []
    assert len(line.alerts) < 100 + 60 + 1100  # remembered, resolved in the last hour, and not yet tidied up
    assert [line.apply(score(number, entry=f"e{number}")) for number in range(2980, 3000)] == [[]] * 20
    old = line.published[2 * 2930]
    assert line.apply(action(3000, old, "acknowledge")) == []


def test_fingerprints_are_stable_and_apart():
    """Sixteen hexadecimal digits of what it is, whose and about what."""
    line = Timeline()
    [one] = line.play(score())
    [other_pump] = line.play(score(pump="P2"))
    [other_entry] = line.play(score(entry="e2"))
    names = {one.fingerprint, other_pump.fingerprint, other_entry.fingerprint}
    assert len(names) == 3
    assert one.fingerprint == "623016380838da91"
    assert all(len(name) == 16 for name in names)
