"""Who may do what, and how often."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from redis import Redis

from featurelens.jobs.queue.job_queue import JobQueue
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.file_store import FileStore
from featurelens.service import keys
from featurelens.service.auth.api_keys import SCOPES, ApiKeys, Scope
from tests.support.problems import check
from tests.support.server import Server
from tests.support.visualizations import BODY, KEY, URL, put

IMAGE = f"{URL}/fv1_{'0' * 64}/image"


@pytest.fixture
def guarded(broker: str, tmp_path: Path, client: httpx.Client) -> Iterator[Server]:
    """A service that asks for keys; `client` has filled the broker."""
    with Server(Settings(redis_url=broker, state=tmp_path, auth="on")) as server:
        yield server


@pytest.fixture
def api_keys(tmp_path: Path) -> ApiKeys:
    return ApiKeys(Settings(state=tmp_path).keys_file)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("sent", [None, "Bearer", "Bearer nonsense", "Bearer fl_00_11", "Basic YTpi"])
def test_without_a_key(guarded: Server, sent: str | None) -> None:
    answer = guarded.client.post(URL, json=BODY, headers={"Authorization": sent} if sent else {})
    check(answer, 401, "not-authenticated")
    assert answer.headers["www-authenticate"].startswith('Bearer realm="featurelens"')
    assert guarded.client.get("/livez").status_code == 200
    assert guarded.client.get("/openapi.json").status_code == 200


@pytest.mark.parametrize("scope", SCOPES)
def test_scopes(guarded: Server, api_keys: ApiKeys, scope: Scope) -> None:
    sent = bearer(api_keys.create(scope))
    assert guarded.client.get("/v1/models", headers=sent).status_code == 200
    post = guarded.client.post(URL, json=BODY, headers=sent)
    delete = guarded.client.delete(IMAGE, headers=sent)
    if scope == "read":
        check(post, 403, "not-allowed")
        assert 'scope="render"' in post.headers["www-authenticate"]
    else:
        assert post.status_code == 202
    if scope == "admin":
        check(delete, 404, "not-found")
    else:
        check(delete, 403, "not-allowed")


def test_revoked_at_once(guarded: Server, api_keys: ApiKeys) -> None:
    sent = bearer(api_keys.create("read"))
    assert guarded.client.get("/v1/models", headers=sent).status_code == 200
    assert api_keys.revoke(api_keys.all()[0].id)
    check(guarded.client.get("/v1/models", headers=sent), 401, "not-authenticated")


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


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(keys, "settings", lambda: Settings(state=tmp_path))
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


def test_quota(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, quota=3)) as server:
        answers = [server.client.post(URL, json=BODY) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
        assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
        check(answers[3], 429, "over-quota")
        assert answers[3].headers["ratelimit-policy"] == '"asks";q=3;w=60'
        assert 1 <= int(answers[3].headers["retry-after"]) <= 20
        assert server.client.get("/v1/models").status_code == 200
        assert server.client.delete(answers[0].headers["location"]).status_code == 200, "stopping is free"


def test_a_sweep_counts_its_pictures(broker: str, tmp_path: Path, client: httpx.Client, redis: Redis) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, quota=10)) as server:

        def sweep(channels: str) -> httpx.Response:
            return server.client.post("/v1/sweeps", json={"model": "tinynet", "layer": "conv2", "channels": channels})

        first = sweep("0-6")
        assert (first.status_code, first.headers["ratelimit"].split(";")[1]) == (202, "r=3")
        refused = sweep("7-11")
        assert "5 pictures count as 5, and 3 are left" in check(refused, 429, "over-quota")["detail"]
        assert 1 <= int(refused.headers["retry-after"]) <= 12
        never = sweep("0-10")
        assert "11 pictures" in check(never, 422, "too-expensive")["detail"]
        assert "retry-after" not in never.headers
        assert len(JobQueue(redis)) == 7, "refused whole"
        assert sweep("7-9").status_code == 202
        check(server.client.post(URL, json=BODY | {"seed": 9}), 429, "over-quota")
        check(server.client.post("/v1/photos", content=b"x", headers={"Content-Type": "image/png"}), 429, "over-quota")


def test_cors(broker: str, tmp_path: Path, client: httpx.Client) -> None:
    with Server(Settings(redis_url=broker, state=tmp_path, cors_origins="https://a.example, https://b.example")) as s:
        allowed = s.client.get("/v1/models", headers={"Origin": "https://b.example"})
        assert allowed.headers["access-control-allow-origin"] == "https://b.example"
        refused = s.client.get("/v1/nothing", headers={"Origin": "https://b.example"})
        assert refused.headers["access-control-allow-origin"] == "https://b.example", "pages may read refusals too"
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,prefer"}
        assert s.client.options(URL, headers={"Origin": "https://a.example", **asked}).status_code == 200
        assert s.client.options(URL, headers={"Origin": "https://c.example", **asked}).status_code == 400
        other = s.client.get("/v1/models", headers={"Origin": "https://c.example"})
        assert "access-control-allow-origin" not in other.headers
    assert (
        "access-control-allow-origin" not in client.get("/v1/models", headers={"Origin": "https://a.example"}).headers
    )
