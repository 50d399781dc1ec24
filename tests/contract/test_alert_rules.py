"""The shipped Prometheus rules: what promtool says, and what every alert owes to whoever is woken by it."""

import re
import shutil
import subprocess
from itertools import pairwise
from typing import get_args

import pytest

from schemas.events import AlertKind, Severity
from services.metrics.catalogue import load
from services.metrics.windows import WINDOWS
from streams.agents.read_model import ReadModelAgent
from tests.contract.alert_rules import (
    GUIDE,
    PROMETHEUS,
    RULE_FILES,
    TEST_FILES,
    Rule,
    alerts,
    checks,
    recordings,
    rules,
    scraping,
    selectors,
)
from tests.contract.dashboards import filled, panels
from tests.servers.kafka import require

ALWAYS_FIRES = "Watchdog"
# Prometheus makes it itself, for every target.
BUILT_IN = {"up": {"job", "instance"}}


def _promtool(*arguments: object) -> None:
    require("promtool", "prometheus")
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_the_configuration(tmp_path):
    """The configuration is complete once the token lies beside it."""
    shutil.copytree(PROMETHEUS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "metrics_token").write_text("secret\n")
    _promtool("check", "config", tmp_path / "prometheus.yml")


def test_promtool_takes_the_rules():
    """No rule is malformed and none stands twice."""
    _promtool("check", "rules", "--lint-fatal", *RULE_FILES)


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_rules_fire_when_they_must_and_only_then(path):
    """The tests beside the rules, run by the real promtool."""
    _promtool("test", "rules", path)


@pytest.mark.parametrize("rule", alerts(), ids=str)
def test_every_alert_is_tested_firing_and_not_firing(rule: Rule):
    """One case in which it must fire, one in which it must not; the watchdog has no second one."""
    of_it = [check["exp_alerts"] for check in checks("alert_rule_test") if check["alertname"] == rule.name]
    assert any(of_it)
    assert any(not fired for fired in of_it) or rule.name == ALWAYS_FIRES


@pytest.mark.parametrize("rule", recordings(), ids=str)
def test_every_recording_is_tested(rule: Rule):
    """Its value is asked for, and there is one."""
    assert any(rule.name in check["expr"] and check["exp_samples"] for check in checks("promql_expr_test"))


@pytest.mark.parametrize("rule", alerts(), ids=str)
def test_every_alert_says_what_a_person_needs(rule: Rule):
    """A grace, a severity that is routed, a summary, a description, and its own section of the guide."""
    assert rule.model.keys() == {"alert", "expr", "for", "labels", "annotations"} - (
        {"for"} if rule.name == ALWAYS_FIRES else set()
    )
    assert rule.model["labels"].keys() == {"severity"}
    assert rule.model["labels"]["severity"] in ({"none"} if rule.name == ALWAYS_FIRES else {"critical", "warning"})
    said = rule.model["annotations"]
    assert said.keys() == {"summary", "description", "runbook"}
    assert not said["summary"].endswith(".")
    assert said["description"].endswith((".", "?"))
    assert said["runbook"] == f"docs/monitoring.md#{rule.name.lower()}"
    assert re.fullmatch("(Pumpwatch([A-Z][a-z]+)+)|Watchdog", rule.name)


@pytest.mark.parametrize("path", [path for path in RULE_FILES if path.stem != "recording"], ids=lambda path: path.stem)
def test_every_alert_is_preceded_by_its_reason(path):
    """The line before a rule is a comment: why this threshold, why so long."""
    lines = path.read_text("utf-8").splitlines()
    unexplained = [
        line.strip()
        for before, line in pairwise(lines)
        if line.lstrip().startswith("- alert:") and not before.lstrip().startswith("# ")
    ]
    assert unexplained == []


@pytest.mark.parametrize("rule", alerts(), ids=str)
def test_every_alert_has_its_section_in_the_guide(rule: Rule):
    """The table names it with severity and grace; the section says what it means, where to look, what to do."""
    guide = GUIDE.read_text("utf-8")
    row = f"| [{rule.name}](#{rule.name.lower()}) | {rule.model['labels']['severity']} | {rule.model.get('for', '-')} |"
    assert row in guide
    section = re.search(rf"^### {rule.name}\n(.*?)(?=^##|\Z)", guide, re.MULTILINE | re.DOTALL)
    assert section is not None
    assert [word for word in ("**Means**", "**Look**", "**Do**") if word not in section[1]] == []


def test_the_guide_names_no_alert_that_is_not_there():
    """A rule that goes takes its section with it."""
    named = set(re.findall(r"\b(Pumpwatch[A-Z]\w+|Watchdog)\b", GUIDE.read_text("utf-8")))
    assert named == {rule.name for rule in alerts()}


@pytest.mark.parametrize("rule", rules(), ids=str)
def test_rules_read_only_what_is_declared(rule: Rule):
    """Metrics of the catalogue with their labels, recorded ones, and what Prometheus makes itself."""
    declared = {series: set(metric.labels) for name, metric in load().items() for series in metric.series(name)}
    declared |= BUILT_IN | dict.fromkeys(recorded.name for recorded in recordings())
    for selector in selectors(rule.expression):
        assert selector.name in declared
        labels = declared[selector.name]
        asked = {matcher.name for matcher in selector.matchers.matchers}
        assert labels is None or asked <= labels


def test_nothing_is_recorded_for_nobody():
    """Each recorded series is read by another rule or by a dashboard."""
    read = {selector.name for rule in rules() for selector in selectors(rule.expression)}
    read |= {
        selector.name for panel in panels() for query in panel.expressions for selector in selectors(filled(query))
    }
    assert {rule.name for rule in recordings()} <= read


@pytest.mark.parametrize("rule", recordings(), ids=str)
def test_recorded_names_tell_level_metric_and_operation(rule: Rule):
    """level:metric:operation, after Prometheus' own advice."""
    assert re.fullmatch(r"[a-z_]+:pumpwatch_[a-z_]+:[a-z0-9_]+", rule.name)


@pytest.mark.parametrize("rule", rules(), ids=str)
def test_rules_ask_for_values_that_occur(rule: Rule):
    """A topic, an agent, a kind or a window that is renamed must not leave a rule that never fires."""
    occurring = {
        "topic": set(ReadModelAgent.topics),
        "agent": {ReadModelAgent.name},
        "kind": set(get_args(AlertKind)),
        "severity": set(get_args(Severity)),
        "window": set(WINDOWS),
        "job": {job["job_name"] for job in scraping()["scrape_configs"]},
    }
    for selector in selectors(rule.expression):
        for matcher in selector.matchers.matchers:
            assert set(matcher.value.split("|")) <= occurring[matcher.name]
