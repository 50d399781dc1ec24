"""The rules file: what comes with Pumpwatch is valid, what does not fit is refused by field."""

from importlib import resources

import pytest

from streams.alerts.rules import RulesRefusedError, load_rules, parse_rules

SHIPPED = resources.files("streams.alerts").joinpath("rules.yaml").read_text("utf-8")


def test_the_shipped_rules_are_valid():
    """With the grace of episodes and the margins ahead of the pump's own alarms."""
    rules = load_rules()
    assert rules.unplugged_infusion.after_minutes == 10
    assert rules.battery_empty_soon.within_minutes > 30
    assert rules.battery_empty_soon.short_half_life.within_minutes > rules.battery_empty_soon.within_minutes


@pytest.mark.parametrize(
    ("old", "new", "off", "reason"),
    [
        ("after_minutes: 10 # the grace", "after_minutes: soon #", 0,
         "field `unplugged_infusion.after_minutes`: expected a number, got a text"),
        ("after_minutes: 10 # the grace", "after_minutes: 0 #", 0,
         "field `unplugged_infusion.after_minutes`: expected a number > 0.0"),
        ("critical: 0.5, warning", "critical: 0.1, warning", 0,
         "field `dose_entry_error.severity.life_threatening`: a higher severity needs a likelihood at least as high"),
        ("critical: 0.8", "critical: 1.8", 0,
         "field `dose_entry_error.severity.high.critical`: expected a number <= 1.0"),
        ("within_minutes: 45", "within_min: 45", 0,
         "field `battery_empty_soon`: object contains unknown field `within_min`"),
        ("critical_minutes: 15", "critical_minutes: 150", -6,
         "field `battery_empty_soon`: `critical_minutes` must not be more than `within_minutes`"),
        ("[critical]", "[loud]", 0, "field `dose_entry_error.stood_stays_open[0]`: invalid enum value 'loud'"),
        ("memory:", "memory", 1, "not YAML (could not find expected ':')"),
    ],
)  # fmt: skip
def test_rules_that_do_not_fit_are_refused_with_the_line_and_the_field(old, new, off, reason):
    """One sentence with the file's name and the line."""
    assert SHIPPED.count(old) == 1 or old in {"within_minutes: 45", "memory:"}
    lines = SHIPPED.replace(old, new).splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text not in SHIPPED.splitlines())
    with pytest.raises(RulesRefusedError) as refused:
        parse_rules("\n".join(lines), "ours.yaml")
    # YAML sees a missing colon only at the next line, and two limits that cross stand at their common field.
    said = int(str(refused.value).removeprefix("ours.yaml: line ").partition(":")[0])
    assert str(refused.value) == f"ours.yaml: line {said}: {reason}"
    assert said == line + off


def test_an_empty_or_missing_file_is_refused(tmp_path):
    """By name."""
    with pytest.raises(RulesRefusedError, match=r"rules.yaml: expected a map of fields, got nothing"):
        parse_rules("")
    with pytest.raises(RulesRefusedError, match=r"none.yaml: cannot be read"):
        load_rules(tmp_path / "none.yaml")


@pytest.mark.parametrize("text", ["memory: 2026-13-45", "memory: !!int x", "[" * 3000, "memory: !!timestamp 1"])
def test_values_that_yaml_itself_fails_on_are_refused_too(text):
    """A worker that follows the file must not end."""
    with pytest.raises(RulesRefusedError, match=r"^ours.yaml: "):
        parse_rules(text, "ours.yaml")
