"""``python -m featurelens.service.keys``: keys made, listed and revoked by the operator."""

from __future__ import annotations

from pathlib import Path

import pytest

from featurelens.jobs.settings import Settings
from featurelens.service import keys
from featurelens.service.auth.api_keys import ApiKeys


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(keys, "settings_of", lambda _: Settings(state=tmp_path))
    assert keys.main(["create", "--scope", "render", "--note", "mine"]) == 0
    key = capsys.readouterr().out.strip()
    assert keys.main(["list"]) == 0
    listed = capsys.readouterr().out
    assert "render" in listed
    assert "mine" in listed
    assert key not in listed
    assert keys.main(["revoke", listed.split()[0]]) == 0
    assert keys.main(["revoke", listed.split()[0]]) == 1
    assert ApiKeys(Settings(state=tmp_path).keys_file).find(key) is None


def test_a_file_that_services_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FEATURELENS_KEYS", str(tmp_path / "shared.json"))
    monkeypatch.setattr(keys, "settings_of", lambda _: Settings(state=tmp_path / "one"))
    assert keys.main(["create", "--scope", "read"]) == 0
    key = capsys.readouterr().out.strip()
    assert ApiKeys(Settings(state=tmp_path / "other").keys_file).find(key) is not None
    assert (tmp_path / "shared.json").exists()
