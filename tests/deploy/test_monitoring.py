"""Rules, their tests and the dashboard watch what there is, and what several services tell alike counts once."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from featurelens.jobs.queue import liveness, stats
from featurelens.jobs.settings import Settings
from featurelens.service.dependencies import Dependencies
from featurelens.service.metrics import SHARED, exposition
from tests.support.paths import ROOT
from tests.support.programs import found, needs
from tests.support.stats import RENDERER

PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES: list[dict[str, Any]] = yaml.safe_load((PROMETHEUS / "rules.yml").read_text())["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "dashboard.json").read_text())
PROMTOOL = found("promtool")
ALERTS = re.findall(
    r"^\| ([\w ]+) \| `?(?:featurelens|increase|rate|sum|histogram)",
    (ROOT / "docs" / "operations.md").read_text(),
    re.M,
)
_PART = re.compile(r"_(bucket|count|sum)$")


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in RULES)
    yield from (target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ()))


def test_every_alert_of_the_page_is_a_rule() -> None:
    assert len(ALERTS) > 10
    assert sorted(rule["alert"] for rule in RULES) == sorted(name.title().replace(" ", "") for name in ALERTS)


@pytest.fixture
def told(broker: str, redis: Redis, tmp_path: Path) -> str:
    """All metrics of a system in which a renderer has begun."""
    stats.count_start(redis)
    liveness.beat(redis)
    stats.publish_renderer(redis, RENDERER)
    return exposition(Dependencies.of(Settings(redis_url=broker, state=tmp_path))).decode()


@pytest.fixture
def shown(told: str) -> dict[str, str]:
    """Their types by name."""
    return dict(re.findall(r"^# TYPE (\w+) (\w+)$", told, re.MULTILINE))


def test_every_metric_exists(shown: dict[str, str]) -> None:
    for expression in expressions():
        names = re.findall(r"(?:featurelens|process)_\w+", re.sub(r"\{[^}]*\}", "", expression))
        assert names, expression
        for name in names:
            assert name in shown or shown.get(_PART.sub("", name)) == "histogram", name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_what_must_increase_is_there_before_it_does(told: str, rule: dict[str, Any]) -> None:
    """A counter that begins at one has not increased: its first event would pass unseen."""
    for name, labels in re.findall(r"increase\((\w+)(?:\{([^}]*)\})?", rule["expr"]):
        wanted = re.findall(r'(\w+)(=~?)"([^"]*)"', labels)
        there = [
            all(re.fullmatch(value, sample.labels[label]) for label, _, value in wanted)
            for family in text_string_to_metric_families(told)
            for sample in family.samples
            if sample.name == name
        ]
        assert any(there), name


def test_what_is_shared_is_never_added_up() -> None:
    """Each of these is an argument of `max`, with nothing that adds in between."""
    for expression in expressions():
        for name in SHARED:
            for use in re.finditer(rf"featurelens_{name}(_bucket|_count|_sum)?\b", expression):
                before = expression[: use.start()]
                assert before.rfind("max") > before.rfind("sum"), expression


def test_what_is_shared_is_there(shown: dict[str, str]) -> None:
    assert {f"featurelens_{name}" for name in SHARED} <= shown.keys()


@needs(PROMTOOL, "prometheus")
@pytest.mark.parametrize("arguments", [("check", "rules", "rules.yml"), ("test", "rules", "rules_test.yml")])
def test_promtool(arguments: tuple[str, ...]) -> None:
    done = _promtool(PROMETHEUS, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


@needs(PROMTOOL, "prometheus")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_rule_is_tested(tmp_path: Path, rule: dict[str, Any]) -> None:
    """With any one of them turned to never, its tests fail."""
    text = (PROMETHEUS / "rules.yml").read_text()
    never = yaml.safe_load(text)
    broken = next(one for one in never["groups"][0]["rules"] if one["alert"] == rule["alert"])
    broken["expr"] = "vector(1) == 2"
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(never))
    shutil.copy(PROMETHEUS / "rules_test.yml", tmp_path)
    assert _promtool(tmp_path, "test", "rules", "rules_test.yml").returncode != 0


def _promtool(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run([PROMTOOL, *arguments], cwd=folder, capture_output=True, text=True, check=False)
