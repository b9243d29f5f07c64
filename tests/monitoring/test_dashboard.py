"""What dashboard and alerts ask for is told by the shop; and the pages name what there is."""

import json
import re
from typing import Any

import httpx
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import ROOT, Shop, eventually
from tests.stack import selling

PANELS: list[dict[str, Any]] = json.loads((ROOT / "monitoring/grafana/dashboards/shop.json").read_text())["panels"]
GROUPS = yaml.safe_load((ROOT / "monitoring/alerts.yml").read_text())["groups"]
ASKED = {
    **{panel["title"]: [target["expr"] for target in panel["targets"]] for panel in PANELS},
    **{rule["alert"]: [rule["expr"]] for group in GROUPS for rule in group["rules"]},
}
# Told only where the server archives, or once Stripe has told something.
SOMETIMES = {"pgshop_archive_age_seconds", "pgshop_webhook_age_seconds"}


def named(expressions: list[str]) -> set[str]:
    """The metrics in what Prometheus is asked."""
    return set(re.findall(r"\b(?:pgshop|process)_\w+", " ".join(expressions)))


def test_every_metric_that_somebody_looks_at_is_told(shop: Shop) -> None:
    selling.sell(shop, selling.make_product(shop))
    wanted = set().union(*map(named, ASKED.values()))
    assert len(wanted) > 20

    def missing(wanted: set[str]) -> set[str]:
        text = httpx.get(shop.status["metrics_url"], timeout=30).text
        told = {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
        return wanted - told - SOMETIMES

    eventually(lambda: not missing(wanted), what=f"all of them, and not without {missing(wanted)}")
    assert missing(named(["rate(pgshop_nonsense[5m])"])) == {"pgshop_nonsense"}
    source = (ROOT / "workers/metrics.py").read_text()
    assert all(name.removeprefix("pgshop_") in source for name in SOMETIMES)


def test_every_panel_asks_the_provisioned_prometheus() -> None:
    source = yaml.safe_load((ROOT / "monitoring/grafana/datasources/prometheus.yml").read_text())["datasources"][0]
    assert {panel["datasource"]["uid"] for panel in PANELS} == {source["uid"]}
    assert len({panel["id"] for panel in PANELS}) == len({panel["title"] for panel in PANELS}) == len(PANELS)
    assert all(len(panel["description"]) > 20 for panel in PANELS), "what it means is behind its title"


def test_the_page_names_panels_that_there_are() -> None:
    page = (ROOT / "docs/how-to/read-the-dashboard.md").read_text().partition("## What to look at first")[2]
    called = re.findall(r"\*\*(.+?)\*\*", page.partition("\n## ")[0])
    assert len(called) >= 8
    assert [name for name in called if not any(title.startswith(name) for title in ASKED)] == []
