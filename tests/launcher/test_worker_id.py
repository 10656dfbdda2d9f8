"""A worker has the same id after every start, and always one."""

from __future__ import annotations

from pathlib import Path

import pytest

from featurelens.launcher.worker_id import worker_id


def test_it_stays(tmp_path: Path) -> None:
    made = worker_id(tmp_path)
    assert len(made) == 8
    assert worker_id(tmp_path) == made
    assert worker_id(tmp_path / "other") != made


@pytest.mark.parametrize("torn", [b"", b"\0" * 8, b"12ab", b"../../..", b"\xff" * 8])
def test_what_is_none_is_replaced(tmp_path: Path, torn: bytes) -> None:
    """An empty one would be that of a renderer without an id, which all renderers of the worker would share."""
    (tmp_path / "worker.id").write_bytes(torn)
    made = worker_id(tmp_path)
    assert int(made, 16) >= 0
    assert worker_id(tmp_path) == made
