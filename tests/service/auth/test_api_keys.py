"""Keys are made, found and kept as digests."""

from __future__ import annotations

import stat
from pathlib import Path

from featurelens.jobs.settings import Settings
from featurelens.service.auth.api_keys import ApiKeys


def test_only_digests_are_kept(api_keys: ApiKeys, tmp_path: Path) -> None:
    key = api_keys.create("render", "somebody")
    path = Settings(state=tmp_path).keys_file
    assert key.split("_", 2)[2] not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = api_keys.find(key)
    assert found is not None
    assert (found.scope, found.note) == ("render", "somebody")
    assert api_keys.find(key[:-1]) is None
    assert api_keys.find(key.replace("fl_", "xx_")) is None
