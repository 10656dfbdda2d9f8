"""The pages over HTTP: one document for all of them, files that are kept for ever, and a root that leads to them."""

from __future__ import annotations

import asyncio
import gzip
import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from featurelens.jobs.settings import Settings
from featurelens.launcher.greeting import greeting
from featurelens.service.endpoints.pages import PAGES, accepts_gzip
from featurelens.service.pages.files import MAIN, POLICY
from tests.support.problems import check
from tests.support.server import Server

STATIC = f"/ui/static/{PAGES.digest}"
FILE = PAGES.files[MAIN]


def fetch(client: httpx.Client, path: str, **headers: str) -> httpx.Response:
    """Asked for as plain as it goes: httpx would take gzip by itself."""
    return client.get(path, headers={"Accept-Encoding": "identity", **headers})


@pytest.mark.parametrize(
    "path",
    [
        *("/ui", "/ui/", "/ui/models", "/ui/models/patternnet/layers/conv5/units/7", "/ui/nowhere/at.all"),
        *(
            "/ui/models/bundled%3Apatternnet%40sha256-333ce1050aa7/layers/a%2Fb",
            "/ui/staticky",
            "/ui/?embed=1",
            "/ui/make?embed",
        ),
        "/ui/models/patternnet/layers/conv5/units/7?embed=1",
    ],
)
def test_one_document_for_every_page(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (200, PAGES.shell(""))
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    frames = "*" if "units/7?embed" in path else "'self'"
    assert answer.headers["content-security-policy"] == POLICY.format(frames)


def test_all_that_the_document_names_is_there(client: httpx.Client) -> None:
    for address in re.findall(r'(?:href|src)="([^"]+)"', client.get("/ui/").text):
        assert client.get(address).status_code == 200, address


def test_files_are_kept_for_ever(client: httpx.Client) -> None:
    answer = fetch(client, f"{STATIC}/{MAIN}")
    assert (answer.status_code, answer.content) == (200, FILE.body)
    assert answer.headers["content-type"].partition(";")[0] == "text/javascript"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("name", sorted(PAGES.files))
def test_every_file_is_served(client: httpx.Client, name: str) -> None:
    answer = fetch(client, f"{STATIC}/{name}")
    assert (answer.status_code, answer.content) == (200, PAGES.files[name].body)


def test_compressed_where_that_is_understood(client: httpx.Client) -> None:
    with client.stream("GET", f"{STATIC}/{MAIN}", headers={"Accept-Encoding": "br, gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(raw)
    assert gzip.decompress(raw) == FILE.body


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("br;q=1.0, *;q=0.1", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
        ("xgzip", False),
    ],
)
def test_who_takes_gzip(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


def test_who_has_it_is_told_so(client: httpx.Client) -> None:
    tag = fetch(client, f"{STATIC}/{MAIN}").headers["etag"]
    for sent in (tag, f'"x", {tag}', tag.removeprefix("W/")):
        answer = fetch(client, f"{STATIC}/{MAIN}", **{"If-None-Match": sent})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert answer.headers["cache-control"].endswith("immutable")
    assert fetch(client, f"{STATIC}/{MAIN}", **{"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        f"/ui/static/{'0' * 16}/{MAIN}",
        *(f"{STATIC}/{name}" for name in ("js/nothing.js", "", "shell.html", "vendor/VENDOR.json", "..%2Ffiles.py")),
    ],
)
def test_no_such_file(client: httpx.Client, path: str) -> None:
    """Of another version, or none of those that are served: never the document."""
    assert "reload" in check(client.get(path), 404, "not-found")["detail"]


@pytest.mark.parametrize("path", ["/", "/ui", "/ui/models", f"{STATIC}/{MAIN}"])
def test_head(client: httpx.Client, path: str) -> None:
    whole, bare = fetch(client, path), client.head(path, headers={"Accept-Encoding": "identity"})
    assert (bare.status_code, bare.content) == (whole.status_code, b"")
    for name in ("content-type", "content-length", "etag", "cache-control", "location", "content-security-policy"):
        assert bare.headers.get(name) == whole.headers.get(name), name


def test_the_root_leads_there(client: httpx.Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/ui/")
    assert client.get("/", follow_redirects=True).text == PAGES.shell("")


def test_what_the_launcher_prints_leads_there(client: httpx.Client, server: Server) -> None:
    url = urlsplit(server.url)
    lines = asyncio.run(greeting(str(url.hostname), url.port or 0, "1.0 s"))
    address = lines.split("ready at ")[1].split()[0]
    assert client.get(address, follow_redirects=True).text == PAGES.shell("")


def test_below_a_prefix(broker: str, tmp_path: Path) -> None:
    """Every address begins with it, also where a proxy in front has taken it off."""
    with Server(Settings(redis_url=broker, state=tmp_path, root_path="/below")) as server:
        for path in ("/", "/below/"):
            root = server.client.get(path)
            assert (root.status_code, root.headers["location"]) == (307, "/below/ui/")
        for path in ("/ui/models", "/below/ui/models"):
            page = server.client.get(path)
            assert page.text == PAGES.shell("/below")
        assert 'content="/below"' in page.text
        for address in re.findall(r'(?:href|src)="([^"]+)"', page.text):
            assert address.startswith("/below/")
            assert server.client.get(address).status_code == 200, address


def test_open_to_everybody_and_described_nowhere(server: Server) -> None:
    assert [path for path in server.api["paths"] if path.startswith("/ui") or path == "/"] == []
