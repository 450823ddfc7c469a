"""The dashboard and the alerts speak of metrics that there are, and leave none out."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from metrics.definitions import METRICS, PREFIX

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "deploy" / "prometheus" / "charla.rules.yml"
SUFFIXES: Final = {
    "counter": ("_total",),
    "gauge": ("",),
    "scraped": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
}
# Metrics that no panel shows, each with its reason.
NOT_SHOWN: Final[dict[str, str]] = {}
PROMETHEUS_OWN: Final = {"job", "instance", "le"}
SERIES: Final = re.compile(rf"({PREFIX}\w+)(?:\{{([^}}]*)\}})?")
SELECTED: Final = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
GROUPED: Final = re.compile(r"\bby \(([^)]*)\)")


def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "charla.json").read_text(encoding="utf-8"))
    return loaded


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def of_panels() -> Iterator[tuple[str, str]]:
    """Yield the title of a panel, and an expression of it with its legend."""
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], f"{target['expr']} {target.get('legendFormat', '')}"


EXPRESSIONS = [*of_panels(), *((rule["alert"], rule["expr"]) for rule in rules())]
expressions = pytest.mark.parametrize(
    ("where", "expression"), EXPRESSIONS, ids=[f"{where}-{number}" for number, (where, _) in enumerate(EXPRESSIONS)]
)


def metric_of(series: str) -> str | None:
    """Return the metric that a series is of; None when there is none, or when it is of another kind."""
    for name, definition in METRICS.items():
        if series in [f"{PREFIX}{name}{suffix}" for suffix in SUFFIXES[definition.kind]]:
            return name
    return None


@expressions
def test_every_series_that_is_named_exists(where: str, expression: str) -> None:
    named = [series for series, _selector in SERIES.findall(expression)]
    assert named
    assert [series for series in named if metric_of(series) is None] == []


@expressions
def test_every_label_that_is_named_is_one_of_its_metric(where: str, expression: str) -> None:
    for series, selector in SERIES.findall(expression):
        known = set(METRICS[metric_of(series) or ""].labels) | PROMETHEUS_OWN
        assert set(SELECTED.findall(selector)) <= known
    metrics = [METRICS[metric_of(series) or ""] for series, _selector in SERIES.findall(expression)]
    known = {label for metric in metrics for label in metric.labels} | PROMETHEUS_OWN
    grouped = {label.strip() for labels in GROUPED.findall(expression) for label in labels.split(",")}
    assert grouped <= known
    assert set(re.findall(r"\{\{(\w+)\}\}", expression)) <= known


@expressions
def test_every_parenthesis_is_closed(where: str, expression: str) -> None:
    for opening, closing in (("(", ")"), ("[", "]"), ("{", "}")):
        assert expression.count(opening) == expression.count(closing)


def test_every_metric_is_shown_or_left_out_on_purpose() -> None:
    shown = {metric_of(series) for _where, text in of_panels() for series, _selector in SERIES.findall(text)}
    assert set(METRICS.entries) - shown == set(NOT_SHOWN)


def test_every_panel_asks_the_data_source_that_the_reader_chose() -> None:
    assert dashboard()["templating"]["list"][0]["type"] == "datasource"
    sources = [panel["datasource"]["uid"] for panel in panels()]
    sources += [target["datasource"]["uid"] for panel in panels() for target in panel["targets"]]
    assert set(sources) == {"${datasource}"}


def test_no_panel_lies_upon_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}  # fmt: skip
        assert place["x"] + place["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in dashboard()["panels"]]
    assert len(ids) == len(set(ids))


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert {"summary", "description"} <= set(rule["annotations"])
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))


def test_the_configuration_names_the_rules_and_the_page_of_metrics() -> None:
    configuration = yaml.safe_load(RULES.with_name("prometheus.yml").read_text(encoding="utf-8"))
    assert configuration["rule_files"] == [RULES.name]
    assert configuration["scrape_configs"][0]["metrics_path"] == "/metrics"
