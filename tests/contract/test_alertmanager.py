"""Alertmanager's shipped configuration: valid, complete, and without names that no rule has."""

import re
import subprocess

import pytest

from tests.contract.alert_rules import ALERTMANAGER, Rule, alerts, routing
from tests.servers.kafka import require

RECEIVERS = {"none": "dead-mans-switch", "critical": "on-call", "warning": "biomedical-engineering"}


def _amtool(*arguments: object) -> str:
    require("amtool", "prometheus-alertmanager")
    done = subprocess.run(["amtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_amtool_takes_the_configuration():
    """The version that Debian ships reads it."""
    assert "SUCCESS" in _amtool("check-config", ALERTMANAGER)


@pytest.mark.parametrize("severity", RECEIVERS)
def test_every_severity_reaches_its_receiver(severity):
    """Whoever is woken gets what is critical, the others what is not, the switch only the watchdog."""
    name = "Watchdog" if severity == "none" else "PumpwatchAny"
    route = _amtool(
        "config", "routes", "test", f"--config.file={ALERTMANAGER}", f"alertname={name}", f"severity={severity}"
    )
    assert route == RECEIVERS[severity]


def _named(matchers: list[str]) -> list[str]:
    return re.findall(r"[A-Z]\w+", " ".join(matchers))


def test_inhibition_speaks_of_alerts_that_exist():
    """A rule that is renamed must not slip through."""
    names = {rule.name for rule in alerts()}
    for rule in routing()["inhibit_rules"]:
        sources, targets = _named(rule["source_matchers"]), _named(rule["target_matchers"])
        assert {*sources, *targets} <= names
        assert not {*sources} & {*targets}
        assert "platform" in rule["equal"]


def _silences() -> list[tuple[str, str]]:
    """Each cause with each alert that it keeps back."""
    return [
        (source, target)
        for inhibit in routing()["inhibit_rules"]
        for source in _named(inhibit["source_matchers"])
        for target in _named(inhibit["target_matchers"])
    ]


def test_no_cause_comes_later_than_what_follows_from_it():
    """Else people would hear of the consequence first; within one evaluation Alertmanager's wait makes up for it."""
    seconds = {"s": 1, "m": 60, "h": 3600}
    grace = {
        rule.name: int(rule.model["for"][:-1]) * seconds[rule.model["for"][-1]]
        for rule in alerts()
        if "for" in rule.model
    }
    assert [(cause, late) for cause, late in _silences() if grace[cause] > grace[late]] == []


@pytest.mark.parametrize("rule", alerts(), ids=str)
def test_inhibition_never_goes_in_circles(rule: Rule):
    """Two alerts that silence each other would both be lost."""
    reached, waiting = set(), [rule.name]
    while waiting:
        cause = waiting.pop()
        new = {target for source, target in _silences() if source == cause} - reached
        reached |= new
        waiting += new
    assert rule.name not in reached


def test_nothing_silences_the_dead_mans_switch():
    """It must come for as long as the chain works, and soon."""
    route = next(route for route in routing()["route"]["routes"] if route["receiver"] == "dead-mans-switch")
    assert (route["group_wait"], route["repeat_interval"]) == ("0s", "1m")
    assert all("Watchdog" not in _named(rule["target_matchers"]) for rule in routing()["inhibit_rules"])
