"""The dashboards are data that Grafana and people rely on: they are linted like code."""

import json
import re
import subprocess
import sys
from collections import Counter
from functools import cache

import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from promql_parser import AggregateExpr, BinaryExpr, NumberLiteral, ParenExpr, VectorSelector

from deploy.grafana.source.catalogue import declared
from deploy.grafana.source.pages import FOLDER
from deploy.grafana.source.palette import OKABE_ITO
from deploy.grafana.source.queries import LEAST_FOR_A_LINE
from tests.contract.dashboards import BUILT_IN, dashboards, filled, panels

register_default_plugins()  # the SDK reads panels and queries as their own types
DASHBOARDS, PANELS = dashboards(), panels()
PROVISIONING, ROOT = FOLDER.parent / "provisioning", FOLDER.parents[2]
each_dashboard = pytest.mark.parametrize("page", DASHBOARDS.values(), ids=DASHBOARDS)
each_panel = pytest.mark.parametrize("panel", PANELS, ids=str)


def parsed(expression):
    """The syntax tree of an expression, its variables filled in."""
    return promql_parser.parse(filled(expression))


@cache
def nodes(expression):
    """Every node of the tree with the nodes above it, outermost first."""
    above, found = [], []

    def enter(node):
        found.append((node, tuple(above)))
        above.append(node)

    def leave(node):
        above.pop()

    promql_parser.walk(parsed(expression), enter, leave)
    return found


def selectors(expression):
    """Every series selector with the nodes above it."""
    return [(node, above) for node, above in nodes(expression) if isinstance(node, VectorSelector)]


def bare(node):
    """The node without parentheses around it."""
    return bare(node.expr) if isinstance(node, ParenExpr) else node


def shares(expression):
    """The divisions in an expression."""
    return [node for node, _ in nodes(expression) if isinstance(node, BinaryExpr) and str(node.op) == "/"]


def test_committed_files_are_what_the_sources_make(tmp_path):
    """`python -m deploy.grafana.source` would change nothing, and there is no other file."""
    subprocess.run([sys.executable, "-m", "deploy.grafana.source", "--into", tmp_path], cwd=ROOT, check=True)
    made = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()}
    assert set(made) == {"medication-safety.json", "power.json", "fleet.json", "pipeline.json"}


def test_the_address_of_the_board_is_the_only_thing_that_an_option_changes(tmp_path):
    """`--board` goes to the hidden constant that every link to the board uses."""
    command = [sys.executable, "-m", "deploy.grafana.source", "--into", tmp_path, "--board", "https://board.example"]
    subprocess.run(command, cwd=ROOT, check=True)
    for path in tmp_path.iterdir():
        text = path.read_text("utf-8")
        assert text.replace("https://board.example", "http://localhost:8080") == (FOLDER / path.name).read_text("utf-8")
        assert text.count("https://board.example") == 1


def test_uids_and_titles_are_unique():
    """Grafana keeps one dashboard for a uid; a folder shows one for a title."""
    for name in ("uid", "title"):
        assert all(count == 1 for count in Counter(page[name] for page in DASHBOARDS.values()).values())
    assert all(re.fullmatch(r"pumpwatch-[a-z]{3,20}", page["uid"]) for page in DASHBOARDS.values())


@each_dashboard
def test_schema_is_that_of_grafana_11_6(page):
    """The model's version is the one that the pinned SDK writes; Grafana migrates older ones by itself."""
    assert page["schemaVersion"] == 41
    assert (page["editable"], page["timezone"], page["tags"]) == (False, "browser", ["pumpwatch"])
    assert "id" not in page, "the number belongs to one Grafana"


@each_dashboard
def test_the_model_reads_back_as_it_was_written(page):
    """The SDK's types of Grafana's own model take every field, and lose and add none."""
    again = json.loads(json.dumps(Dashboard.from_json(page), cls=JSONEncoder))
    assert again == page


@each_dashboard
def test_panel_ids_are_unique(page):
    """Links and alerts name a panel by its number; headings have one too."""
    numbers = [panel["id"] for panel in page["panels"]]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))


@each_dashboard
def test_panels_are_told_apart_by_their_titles(page):
    """People say a panel by its title."""
    titles = Counter(panel["title"] for panel in page["panels"] if panel["type"] != "row")
    assert [title for title, count in titles.items() if count > 1] == []


@each_dashboard
def test_panels_fill_their_lines_and_do_not_overlap(page):
    """Each line is 24 columns wide without a gap, all its panels have one height, and the next follows below."""
    lines: dict[int, list[dict]] = {}
    for panel in page["panels"]:
        lines.setdefault(panel["gridPos"]["y"], []).append(panel["gridPos"])
    below = 0
    for y, places in sorted(lines.items()):
        assert y == below
        assert len({place["h"] for place in places}) == 1
        x = 0
        for place in sorted(places, key=lambda place: place["x"]):
            assert place["x"] == x
            x += place["w"]
        assert x == 24
        below = y + places[0]["h"]


@each_dashboard
def test_figures_as_they_are_now_stand_on_top(page):
    """The first line below the first heading is stat tiles; lines over time come after it."""
    kinds = [panel["type"] for panel in page["panels"]]
    tiles = len([kind for kind in kinds if kind == "stat"])
    assert kinds[: tiles + 1] == ["row", *["stat"] * tiles]
    assert 4 <= tiles <= 8
    assert "timeseries" in kinds[tiles + 1 :]


@each_dashboard
def test_variables_are_declared_and_used(page):
    """Nothing asks for a variable that is not there, and none is there for nothing."""
    names = {variable["name"] for variable in page["templating"]["list"]}
    text = json.dumps({**page, "templating": [v.get("datasource") for v in page["templating"]["list"]]})
    asked = set(re.findall(r"\$\{?([a-z_]+)\b", text)) - BUILT_IN.keys() - {"__value", "__url_time_range"}
    assert asked == names
    assert names >= {"datasource", "board"}
    labels = {label for panel in page["panels"] for t in panel.get("targets", []) for label in _labels(t["expr"])}
    assert ("hospital" in names) is ("hospital" in labels)


def _labels(expression):
    return {label for selector, _ in selectors(expression) for label in declared()[selector.name].labels}


@each_dashboard
def test_hospitals_are_chosen_several_or_all(page):
    """Where figures are by hospital, people choose one, several or all; what they type in cannot become a query."""
    for variable in page["templating"]["list"]:
        if variable["name"] == "hospital":
            assert (variable["multi"], variable["includeAll"], variable["allValue"]) == (True, True, ".+")
            assert variable["query"] == "label_values(pumpwatch_pumps_online, hospital)"
        if variable["name"] == "window":
            assert [option["value"] for option in variable["options"]] == ["3h", "24h", "all"]
        if variable["name"] in {"hospital", "window"}:
            assert variable["allowCustomValue"] is False


@each_dashboard
def test_links_lead_to_the_board_and_to_the_other_dashboards(page):
    """The board says which pump; the others keep the hospitals and the time that were chosen."""
    board, others = page["links"]
    assert (board["type"], board["url"]) == ("link", "${board}")
    assert (others["type"], others["tags"], others["includeVars"], others["keepTime"]) == (
        "dashboards",
        ["pumpwatch"],
        True,
        True,
    )
    uids = {page["uid"] for page in DASHBOARDS.values()}
    assert set(re.findall(r'"/d/([a-z-]+)\?', json.dumps(page))) <= uids


@each_dashboard
def test_colours_are_those_of_okabe_and_ito(page):
    """Every colour of a threshold, a word or a line of known name can be told apart with any colour deficiency."""
    text = json.dumps(page)
    assert set(re.findall(r"#[0-9A-Fa-f]{3,8}\b", text.replace("Value #", ""))) <= OKABE_ITO
    for panel in page["panels"]:
        steps = panel.get("fieldConfig", {}).get("defaults", {}).get("thresholds", {}).get("steps", [])
        assert all(step["color"] in OKABE_ITO for step in steps)


@each_panel
def test_panel_says_what_it_shows(panel):
    """A title, a description, a unit, what to read where there is nothing, and which Prometheus."""
    model = panel.model
    defaults = model["fieldConfig"]["defaults"]
    assert re.fullmatch(r"[A-Z][^.$]{2,60}", model["title"])
    assert re.match(r"[A-Z].{15,}\.\n\n- `", model["description"])
    assert defaults["unit"]
    assert re.fullmatch(r"[A-Za-z0-9 ]{5,40}", defaults["noValue"])
    for asked in (model, *model["targets"]):
        assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@each_panel
def test_description_has_the_words_of_the_catalogue(panel):
    """What a metric means is said as its catalogue says it, for every metric of the panel."""
    for expression in panel.expressions:
        for selector, _ in selectors(expression):
            assert f"- `{selector.name}`: {declared()[selector.name].meaning}" in panel.model["description"]


@each_panel
def test_targets_are_named_apart(panel):
    """Each query has a letter and a legend; a figure of now asks for one moment, a line for the whole time."""
    targets = panel.model["targets"]
    assert [target["refId"] for target in targets] == [chr(ord("A") + n) for n in range(len(targets))]
    assert all(count == 1 for count in Counter(target["legendFormat"] for target in targets).values())
    over_time = panel.model["type"] == "timeseries"
    assert all((target["range"], target["instant"]) == (over_time, not over_time) for target in targets)
    assert all(target["format"] == ("table" if panel.model["type"] == "table" else "time_series") for target in targets)


@each_panel
def test_legends_and_overrides_name_what_is_there(panel):
    """A legend shows only labels that the query keeps, and every override meets a column or a line."""
    shown = {target["legendFormat"] for target in panel.model["targets"]}
    kept = set()
    for target in panel.model["targets"]:
        labels = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        groups = [
            set(node.modifier.labels)
            for node, _ in nodes(target["expr"])
            if isinstance(node, AggregateExpr) and node.modifier
        ]
        assert all(any(label in group for group in groups) for label in labels)
        kept |= labels.union(*groups)
    for override in panel.model["fieldConfig"]["overrides"]:
        name = override["matcher"]["options"]
        # Names from label values cannot be known here, but they are words without capitals.
        assert name in shown or name.lower() in kept or (name.islower() and kept), name


@each_panel
def test_queries_use_what_the_catalogue_declares(panel):
    """Every expression parses, and each of its series and labels is declared."""
    for expression in panel.expressions:
        found = selectors(expression)
        assert found
        for selector, _ in found:
            metric = declared()[selector.name]
            assert {matcher.name for matcher in selector.matchers.matchers} <= {*metric.labels, "le"}


@each_panel
def test_hospital_and_window_are_filtered(panel):
    """What has a hospital is of the hospitals that were chosen, and what has a window of one window."""
    for expression in panel.expressions:
        for selector, _ in selectors(expression):
            filters = {str(matcher) for matcher in selector.matchers.matchers}
            for label, filtered in {"hospital": 'hospital=~".+"', "window": 'window="24h"'}.items():
                assert (label in declared()[selector.name].labels) is (filtered in filters)


@each_panel
def test_two_services_count_nothing_twice(panel):
    """Figures of `pumpwatch metrics` are taken once however many of them are scraped, before anything is summed."""
    for expression in panel.expressions:
        for selector, above in selectors(expression):
            if declared()[selector.name].process == "metrics":
                innermost = [node for node in above if isinstance(node, AggregateExpr)][-1]
                assert str(innermost.op) in {"max", "count"}


@each_panel
def test_rates_follow_the_scrape_interval(panel):
    """A rate is over `$__rate_interval`, an increase over the time shown, and nothing else looks back."""
    for expression in panel.expressions:
        for function, window in re.findall(r"(\w+)\([^()]*\[([^\]]*)\]", expression):
            assert window == {"rate": "$__rate_interval", "increase": "$__range"}[function]
        assert len(re.findall(r"\[", expression)) == len(re.findall(r"\b(rate|increase)\(", expression))
        for selector, above in selectors(expression):
            calls = {node.func.name for node in above if isinstance(node, promql_parser.Call)}
            counter = declared()[selector.name].kind != "gauge"
            assert counter is bool(calls & {"rate", "increase"}) or panel.model["type"] == "table"


@each_panel
def test_no_pump_is_named(panel):
    """Which pump it is, the board says to those who may know."""
    for expression in panel.expressions:
        assert not re.search(r"\b(pump|entry|fingerprint|serial)\b", expression)


@each_panel
def test_a_share_does_not_mislead_where_there_is_little(panel):
    """A share is never divided by zero; its base stands beside it, or a line begins where the base is large enough."""
    expressions = panel.expressions
    for number, expression in enumerate(expressions):
        for division in shares(expression):
            base = bare(division.rhs)
            assert isinstance(base, BinaryExpr)
            assert str(base.op) == ">="
            assert isinstance(base.rhs, NumberLiteral)
            if panel.model["type"] == "timeseries":
                assert base.rhs.val >= LEAST_FOR_A_LINE
                continue
            beside = [each for at, each in enumerate(expressions) if at != number and not shares(each)]
            assert set(_names(base.lhs)) <= {name for each in beside for name in _names(parsed(each))}


def _names(tree):
    found = []
    promql_parser.walk(tree, lambda node: found.append(node.name) if isinstance(node, VectorSelector) else None)
    return found


@each_panel
def test_a_share_is_shown_as_one(panel):
    """What is divided, or is a ratio, has the unit of a share; nothing else has."""
    defaults, overrides = panel.model["fieldConfig"]["defaults"], panel.model["fieldConfig"]["overrides"]
    units = {
        override["matcher"]["options"]: override["properties"][0]["value"]
        for override in overrides
        if override["properties"][0]["id"] == "unit"
    }
    for target in panel.model["targets"]:
        is_share = bool(shares(target["expr"])) or "_ratio" in target["expr"]
        assert (units.get(target["legendFormat"], defaults["unit"]) == "percentunit") is is_share


@each_dashboard
def test_the_data_source_is_the_provisioned_one_unless_another_is_chosen(page):
    """The variable begins with the uid that the provisioning gives."""
    (source,) = yaml.safe_load((PROVISIONING / "datasources" / "pumpwatch.yaml").read_text("utf-8"))["datasources"]
    (variable,) = [one for one in page["templating"]["list"] if one["name"] == "datasource"]
    assert (variable["type"], variable["query"]) == ("datasource", source["type"])
    assert (variable["current"]["text"], variable["current"]["value"]) == (source["name"], source["uid"])


def test_provisioning_takes_its_addresses_from_the_environment():
    """The data source has a fixed uid and its address from a variable; dashboards come from a folder, read-only."""
    (source,) = yaml.safe_load((PROVISIONING / "datasources" / "pumpwatch.yaml").read_text("utf-8"))["datasources"]
    assert (source["uid"], source["type"]) == ("pumpwatch-prometheus", "prometheus")
    assert source["url"] == "$PUMPWATCH_PROMETHEUS_URL"
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards" / "pumpwatch.yaml").read_text("utf-8"))["providers"]
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)
    assert provider["options"]["path"] == "$PUMPWATCH_DASHBOARDS"


def test_the_data_source_knows_the_scrape_interval():
    """Grafana makes `$__rate_interval` from it; with another one than Prometheus has, rates would have gaps."""
    (source,) = yaml.safe_load((PROVISIONING / "datasources" / "pumpwatch.yaml").read_text("utf-8"))["datasources"]
    prometheus = yaml.safe_load((FOLDER.parents[1] / "prometheus" / "prometheus.yml").read_text("utf-8"))
    assert source["jsonData"]["timeInterval"] == prometheus["global"]["scrape_interval"]
