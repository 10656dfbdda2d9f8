"""What the doctor says of installations that are well, and that are not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from featurelens.cli.app import main
from featurelens.cli.checkups.store import store
from featurelens.cli.failures import DONE, FAILED
from featurelens.jobs.settings import settings
from tests.support.server import Server


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FEATURELENS_STATE", str(tmp_path / "state"))
    for name in ("FEATURELENS_URL", "REDIS_URL", "FEATURELENS_MODELS", "FEATURELENS_RESULTS"):
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


def said(capsys: pytest.CaptureFixture[str], status: int) -> dict[str, list[tuple[str, str]]]:
    """Level and text, by area."""
    assert main(["doctor", "--json"]) == status
    found: dict[str, list[tuple[str, str]]] = {}
    for one in json.loads(capsys.readouterr().out):
        found.setdefault(one["area"], []).append((one["level"], one["text"]))
    return found


def test_all_is_well(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = said(capsys, DONE)
    assert found.keys() == {"installed", "device", "queue", "state", "store", "networks", "service"}
    assert {level for findings in found.values() for level, _ in findings} <= {"ok", "note"}
    assert str(tmp_path / "state") in found["state"][0][1]
    assert not (tmp_path / "state").exists()  # it only looks


def test_a_queue(
    capsys: pytest.CaptureFixture[str], redis: Redis, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", broker)
    version, *_, emptiness = said(capsys, DONE)["queue"]
    assert version[1].startswith(("Valkey ", "Redis "))
    assert emptiness == ("ok", "empty")
    redis.set("featurelens:x", 1)
    assert said(capsys, DONE)["queue"][-1] == ("ok", "nothing in it but ours")
    redis.set("somebody:else", 1)
    level, text = said(capsys, DONE)["queue"][-1]
    assert (level, "somebody:else" in text) == ("note", True)
    redis.config_set("maxmemory-policy", "allkeys-lru")
    redis.config_set("maxmemory", 1 << 30)
    try:
        told = said(capsys, FAILED)["queue"]
    finally:
        redis.config_set("maxmemory", 0)
        redis.config_set("maxmemory-policy", "noeviction")
    assert any(level == "WRONG" and "noeviction" in text for level, text in told)


def test_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURELENS_RESULTS", str(tmp_path / "shared"))
    (missing,) = store()
    assert (missing.level, "there is no folder" in missing.text) == ("WRONG", True)
    (tmp_path / "shared").mkdir()
    (there,) = store()
    assert there.level == "ok"
    assert str(tmp_path / "shared") in there.text
    assert list(store()) == [there], "the same store"


def test_what_is_wrong(
    capsys: pytest.CaptureFixture[str], service: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    (models / "broken").mkdir(parents=True)
    (models / "broken" / "model.json").write_text("{")
    monkeypatch.setenv("FEATURELENS_MODELS", str(models))
    monkeypatch.setenv("FEATURELENS_MIN_FREE_BYTES", str(1 << 60))
    monkeypatch.setenv("FEATURELENS_DEVICE", "cuda:99")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("FEATURELENS_URL", service.url)
    found = said(capsys, FAILED)
    wrong = {area: [text for level, text in findings if level == "WRONG"] for area, findings in found.items()}
    assert "cuda:99" in wrong["device"][0]
    assert "REDIS_URL" in wrong["queue"][0]
    assert "nothing is accepted" in wrong["state"][0]
    assert "broken is left out" in wrong["networks"][0]
    monkeypatch.setenv("PORT", "many")
    settings.cache_clear()
    assert "PORT" in said(capsys, FAILED)["state"][0][1]
