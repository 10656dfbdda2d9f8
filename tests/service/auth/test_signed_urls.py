"""A token opens one picture for a while, and nothing else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.service.auth.api_keys import ApiKeys
from tests.support.authorization import bearer
from tests.support.problems import check
from tests.support.server import Server
from tests.support.visualizations import BODY, KEY, URL, put


@pytest.fixture
def token(guarded: Server, api_keys: ApiKeys) -> str:
    """For `KEY`, made by somebody who may only look."""
    answer = guarded.client.get(f"{URL}/{KEY}/token", headers=bearer(api_keys.create("read")))
    assert answer.headers["cache-control"] == "no-store"
    return str(answer.json()["token"])


def test_a_token_opens_one_picture_in_a_browser(
    guarded: Server, api_keys: ApiKeys, token: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(FileStore(Settings(state=tmp_path).results_folder))
    assert guarded.client.get(f"{URL}/{KEY}/events?token={token}").text.count("event: succeeded") == 1
    picture = guarded.client.get(f"{URL}/{KEY}/image?token={token}")
    assert picture.status_code == 200
    assert picture.headers["cache-control"] == "private, max-age=31536000, immutable"
    check(guarded.client.get(f"{URL}/{KEY}/preview?token={token}"), 404, "not-found")
    assert guarded.client.post(URL, json=BODY, headers=bearer(api_keys.create("render"))).status_code == 200
    assert token not in caplog.text
    assert stat.S_IMODE(Settings(state=tmp_path).token_secret.stat().st_mode) == 0o600


def test_a_token_opens_nothing_else(guarded: Server, token: str) -> None:
    for path in (f"{URL}/{KEY}", f"{URL}/{KEY}/token", URL, "/v1/models", f"{URL}/fv1_{'0' * 64}/image"):
        check(guarded.client.get(path, params={"token": token}), 401, "not-authenticated")
    check(guarded.client.delete(f"{URL}/{KEY}/image?token={token}"), 401, "not-authenticated")
    client, expires, signature = token.split(".")
    check(guarded.client.get("/v1/models/image", params={"token": token}), 401, "not-authenticated")
    forged = (f"{client}.{int(expires) + 9}.{signature}", f"other.{expires}.{signature}", token[:-1])
    for other in ("", "x", "é.1.é", *forged):
        check(guarded.client.get(f"{URL}/{KEY}/image", params={"token": other}), 401, "not-authenticated")


def test_a_token_ends(guarded: Server, api_keys: ApiKeys, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the time, and with the key that it was made with."""
    image = f"{URL}/{KEY}/image?token={token}"
    assert guarded.client.get(image).status_code == 404, "let in, and there is no picture"
    with monkeypatch.context() as later:
        later.setattr("featurelens.service.auth.signed_urls.time.time", lambda: int(token.split(".")[1]))
        check(guarded.client.get(image), 401, "not-authenticated")
    assert api_keys.revoke(token.split(".")[0])
    check(guarded.client.get(image), 401, "not-authenticated")
