"""A client that a generator has made of the OpenAPI document: every operation is in it, and it gets a picture."""

from __future__ import annotations

import io
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.stack import Stack

PACKAGE = "generated_featurelens"
SETTINGS = """
post_hooks: []
content_type_overrides:
  image/png: application/octet-stream
  image/webp: application/octet-stream
  image/jpeg: application/octet-stream
  application/vnd.apache.parquet: application/octet-stream
  text/event-stream: text/plain
"""
GENERATE = "import sys; from openapi_python_client.cli import app; app(['generate', *sys.argv[1:]])"


@pytest.fixture
def generated(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the package is, which can be imported. Any warning of the generator is one too many."""
    settings, place = tmp_path / "settings.yaml", tmp_path / PACKAGE
    settings.write_text(SETTINGS)
    address = f"{stack.http.base_url}/openapi.json"
    options = ["--url", address, "--output-path", str(place), "--meta", "none", "--config", str(settings)]
    command = [sys.executable, "-c", GENERATE, *options, "--fail-on-warning"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-4000:]
    assert "arning" not in done.stdout
    monkeypatch.syspath_prepend(tmp_path)
    return place


def test_it_gets_a_picture(stack: Stack, generated: Path) -> None:
    document = stack.http.get("/openapi.json").json()
    operations = {
        operation["operationId"].replace("-", "_")
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    assert {path.stem for path in generated.glob("api/*/*.py")} - {"__init__"} == operations

    def module(name: str) -> Any:
        return import_module(f"{PACKAGE}.{name}")

    api, models = "api.visualizations.visualizations_", module("models")
    spec = models.VisualizationSpec(model="patternnet", layer="logits", channel=5, steps=8, size=64)
    with module("client").Client(base_url=str(stack.http.base_url), timeout=30) as client:
        asked = module(f"{api}ask").sync(client=client, body=spec, prefer="wait=20")
        assert asked.spec.channel == 5
        stack.finished(asked.links.self_)
        made = module(f"{api}show").sync(asked.key, client=client)
        assert (made.status, made.numbers.steps) == ("succeeded", 8)
        image = module(f"{api}image").sync(asked.key, client=client)
        assert Image.open(io.BytesIO(image.payload.read())).size == (64, 64)
        wrong = module(f"{api}ask").sync(client=client, body=models.VisualizationSpec(unit="patternnet/nothing:1"))
        assert wrong.type_.endswith("unknown-layer")
