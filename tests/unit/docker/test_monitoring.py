"""The document, the alerts and the dashboard name the metrics that there are."""

import json
import re
from typing import Any

import promql_parser
import pytest
import yaml

from service.contract.deliveries import Backlog
from service.contract.metrics import LedgerMetrics
from service.metrics import families
from service.metrics.requests import RequestMetrics
from tests.unit.house.modules import ROOT

FOLDER = ROOT / "docker" / "monitoring"
DOCUMENT = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
#: What `service.api.metrics` adds itself.
OF_THE_ROUTE: dict[str, set[str]] = {
    "depeche_redis_up": set(),
    "depeche_redis_writable": set(),
    "depeche_durability_info": {"outlives"},
}
_NAME = re.compile(r"\bdepeche_[a-z0-9_]+")
_LABELLED = re.compile(r"(depeche_[a-z0-9_]+)\{([^}]*)\}")


def exposed() -> dict[str, set[str]]:
    """The names of all samples, each with its labels."""
    counts = {"ended failed model_failed": 1, "done warnings repeated": 1, "done summaries tfidf": 1}
    ledger = LedgerMetrics(1, 0, 1, 2.0, False, counts)
    worker = {
        "id": "w",
        "jobs": 1,
        "concurrency": 2,
        "resident_bytes": 3,
        "models": {"translator": {"id": "m", "revision": "r"}, "summarizer": None},
        "engine": {key: 1 for key, _, _ in (*families._ENGINE_COUNTERS, *families._ENGINE_GAUGES)},
    }
    requests = RequestMetrics()
    requests.count("GET", "/", 200, 0.1)
    found = [
        *families.queue_families(ledger, 10),
        *families.job_families(ledger),
        *families.text_families(ledger),
        *families.delivery_families(ledger, Backlog(0, 0.0, 0)),
        *families.worker_families([worker]),
        *requests.families(),
    ]
    names: dict[str, set[str]] = {name: set(labels) for name, labels in OF_THE_ROUTE.items()}
    for family in found:
        for sample in family.samples:
            if not sample.name.endswith("_created"):
                names.setdefault(sample.name, set()).update(sample.labels)
    return names


def documented() -> set[str]:
    """The names in the first column of a table."""
    cells = [line.split("|")[1] for line in DOCUMENT.splitlines() if line.startswith("| `depeche_")]
    return {name for cell in cells for name in _NAME.findall(cell)}


def families_of(names: set[str]) -> set[str]:
    """A histogram's samples by the histogram's name."""
    return {re.sub(r"(_seconds)_(?:bucket|count|sum)$", r"\1", name) for name in names}


def expressions() -> list[str]:
    alerts = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))
    dashboard = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    rules = [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    variables = [v["query"]["query"] for v in dashboard["templating"]["list"] if v["type"] == "query"]
    return [*rules, *shown, *variables]


def test_the_document_lists_all_metrics_and_no_other() -> None:
    assert documented() == families_of(set(exposed()))


def test_the_document_names_the_labels() -> None:
    names = exposed()
    for name, labels in _LABELLED.findall(DOCUMENT):
        own = names.get(name) or names[f"{name}_bucket"] - {"le"}
        assert {label.strip() for label in labels.split(",")} == own, name


def test_alerts_and_dashboard_ask_for_what_there_is() -> None:
    names = exposed()
    for expression in expressions():
        assert set(_NAME.findall(expression)) <= set(names), expression
        for name, labels in _LABELLED.findall(expression):
            asked = set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", labels))
            assert asked <= names[name] | {"instance", "job"}, expression


@pytest.mark.parametrize("expression", [e for e in expressions() if not e.startswith("label_values")])
def test_expressions_are_what_prometheus_reads(expression: str) -> None:
    promql_parser.parse(expression.replace("$__rate_interval", "5m"))


def test_counters_are_asked_for_their_rate() -> None:
    for expression in expressions():
        for name in _NAME.findall(expression):
            if name.endswith("_total"):
                assert re.search(rf"(?:rate|increase)\({name}\b", expression), expression


def test_every_alert_is_explained_and_says_what_is_wrong() -> None:
    alerts: Any = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    explained = DOCUMENT.partition("## What to do")[2]
    assert {rule["alert"] for rule in rules} == set(re.findall(r"\bDepeche[A-Z]\w+", explained))
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in rules)


def test_prometheus_is_told_of_the_alerts_that_are_there() -> None:
    configuration = yaml.safe_load((FOLDER / "prometheus.yaml").read_text(encoding="utf-8"))
    assert all((FOLDER / name).exists() for name in configuration["rule_files"])
    assert configuration["scrape_configs"][0]["job_name"] == "depeche"


def test_panels_lie_side_by_side() -> None:
    dashboard = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    cells: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        own = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not own & cells, panel["title"]
        assert at["x"] + at["w"] <= 24
        cells |= own
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
