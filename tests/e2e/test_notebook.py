"""The notebook in examples/, run from its first cell to its last."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support.paths import ROOT
from tests.support.stack import Stack

NOTEBOOK = ROOT / "examples" / "client.ipynb"


def outputs(notebook: Any) -> list[list[Any]]:
    """Of each cell of code."""
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


def test_it_runs(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURELENS_URL", f"http://127.0.0.1:{stack.port}")
    shutil.copy(NOTEBOOK, tmp_path)
    notebook = nbformat.read(tmp_path / NOTEBOOK.name, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = outputs(notebook)
    assert not [output for cell in shown for output in cell if output.output_type == "error"]
    pictures = [output.data["image/png"] for cell in shown for output in cell if "image/png" in output.get("data", {})]
    assert len(pictures) == 4  # a picture, its opposite, a sheet, and one that was not waited for
    assert all(base64.b64decode(picture).startswith(b"\x89PNG") for picture in pictures)
    assert (tmp_path / "rings.png").exists()


def test_it_is_kept_without_what_it_printed() -> None:
    """So that a change of it is a change of what it says."""
    assert not any(outputs(nbformat.read(NOTEBOOK, as_version=4)))  # type: ignore[no-untyped-call]
