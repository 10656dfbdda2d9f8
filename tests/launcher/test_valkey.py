"""The embedded server's configuration: for its owner's eyes, written anew at every start."""

from __future__ import annotations

import stat
from pathlib import Path

from featurelens.launcher.valkey import embedded


def test_configuration(tmp_path: Path) -> None:
    state = tmp_path / 'a "quoted" state'
    first, second = embedded(state, None), embedded(state, None)
    (path,) = (state / "valkey").iterdir()
    lines = path.read_text().splitlines()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f'dir "{tmp_path}/a \\"quoted\\" state/valkey"' in lines
    password = next(line.removeprefix("requirepass ") for line in lines if line.startswith("requirepass "))
    assert password in second.url
    assert password not in first.url, "no password is used twice"
