"""What follows from the settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from featurelens.jobs.settings import Settings


@pytest.mark.parametrize(
    ("host", "auth", "required"),
    [
        ("127.0.0.1", "auto", False),
        ("::1", "auto", False),
        ("localhost", "auto", False),
        ("0.0.0.0", "auto", True),
        ("192.0.2.1", "auto", True),
        ("somewhere.example", "auto", True),
        ("0.0.0.0", "off", False),
        ("127.0.0.1", "on", True),
    ],
)
def test_when_keys_are_asked_for(host: str, auth: str, required: bool) -> None:
    settings = Settings.model_validate({"host": host, "auth": auth})
    assert settings.auth_required is required


@pytest.mark.parametrize(
    ("said", "prefix"), [("", ""), ("/", ""), ("/vision", "/vision"), ("/a/b.c/", "/a/b.c"), ("/v12", "/v12")]
)
def test_a_prefix(said: str, prefix: str) -> None:
    assert Settings(root_path=said).root_path == prefix


@pytest.mark.parametrize("said", ["vision", "//evil.example", "/a b", "/a//b", "/v1", "/v1/x", "https://a.example"])
def test_no_prefix(said: str) -> None:
    with pytest.raises(ValidationError, match="no path such as /vision"):
        Settings(root_path=said)


@pytest.mark.parametrize("name", ["FEATURELENS_TRUSTED_PROXIES", "FORWARDED_ALLOW_IPS"])
def test_proxies_under_either_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is what uvicorn and gunicorn call it."""
    monkeypatch.setenv(name, "127.0.0.1,10.0.0.0/8")
    assert Settings().proxies == ("127.0.0.1", "10.0.0.0/8")
    monkeypatch.setenv(name, "*")
    assert Settings().proxies == ("*",)
    monkeypatch.setenv(name, "proxy.internal")
    with pytest.raises(ValidationError, match="neither an address nor a network"):
        Settings()


def test_where_things_are_stored(tmp_path: Path) -> None:
    alone, shared = Settings(state=tmp_path), Settings(state=tmp_path, results="/mnt/shared")
    assert alone.results_folder == tmp_path / "results"
    assert alone.photos_folder == tmp_path / "photos"
    assert alone.thumbnails_folder == tmp_path / "cache" / "thumbnails"
    assert shared.results_folder == Path("/mnt/shared/results")
    assert shared.photos_folder == Path("/mnt/shared/photos")
    assert shared.thumbnails_folder == Path("/mnt/shared/thumbnails")
    bucket = Settings(state=tmp_path, results="s3://bucket/prefix")
    assert (alone.bucket, shared.bucket, bucket.bucket) == (None, None, "s3://bucket/prefix")
    assert bucket.thumbnails_folder == alone.thumbnails_folder
    assert Settings(results="").results is None


@pytest.mark.parametrize("said", ["shared", "./shared", "s3://", "s3:/x", "https://a.example"])
def test_no_store(said: str) -> None:
    with pytest.raises(ValidationError, match="neither a bucket"):
        Settings(results=said)
