"""What jobs of all kinds can be asked alike."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from PIL import Image

from featurelens.jobs.kinds import KINDS
from featurelens.jobs.kinds.base import Kind
from tests.support.photographs import encoded
from tests.support.problems import check
from tests.support.server import Server
from tests.support.wait import until

ALIKE = {"list", "show", "events", "token", "leave", "delete"}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.name))
def test_every_kind_has_them(server: Server, kind: Kind[Any]) -> None:
    example = kind.prefix + "0" * 64
    paths = server.api["paths"]
    (jobs,) = {
        path.removesuffix("/{key}")
        for path, methods in paths.items()
        for parameter in methods.get("get", {}).get("parameters", [])
        if path.endswith("/{key}") and example in parameter["schema"].get("examples", [])
    }
    names = {
        operation["operationId"].partition("-")[2].partition("_")[0]
        for path, methods in paths.items()
        for operation in methods.values()
        if path == jobs or path.startswith(f"{jobs}/")
    }
    assert ALIKE - names == set()


@pytest.fixture
def photo(client: httpx.Client) -> str:
    png = encoded(Image.effect_noise((40, 30), 60).convert("RGB"))
    answer = client.post("/v1/photos", content=png, headers={"Content-Type": "image/png"})
    return str(answer.json()["photo"])


def test_lists_by_layer_and_channel(client: httpx.Client, photo: str) -> None:
    """Of each kind its own, the newest first, by what it is about."""

    def asked(address: str, **about: Any) -> str:
        answer = client.post(f"/v1/{address}", json={"model": "tinynet", "photo": photo, **about})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["key"])

    def weights(layer: str, channel: int) -> str:
        address = f"/v1/models/tinynet/layers/{layer}/units/{channel}/filters"
        return str(client.get(address, headers={"Prefer": "wait=0"}).json()["key"])

    def listed(kind: str, **by: Any) -> list[str]:
        found = client.get(f"/v1/{kind}", params={"model": "tinynet", **by}).json()
        return [line["key"] for line in found[kind]]

    first, second, third = (asked("attributions", layer="conv2", channel=channel) for channel in (3, 4, 5))
    elsewhere = asked("attributions", layer="conv1", channel=3)
    maps = [asked("maps", layer=layer) for layer in ("conv1", "conv2")]
    filters = [weights("conv2", 3), weights("conv2", 4)]
    until(lambda: client.get("/v1/maps").json()["complete"] is True, 5)

    assert listed("attributions") == [elsewhere, third, second, first]
    assert listed("attributions", layer="conv2", channel=4) == [second]
    assert listed("attributions", channel=3) == [elsewhere, first]
    assert listed("maps") == maps[::-1]
    assert listed("maps", layer="conv1") == maps[:1]
    assert listed("filters", layer="conv2") == filters[::-1]
    assert listed("filters", channel=3, status="queued") == filters[:1]
    page = client.get("/v1/attributions", params={"layer": "conv2", "limit": 2}).json()
    following = client.get(page["next"]).json()
    assert [line["key"] for line in page["attributions"] + following["attributions"]] == [third, second, first]
    one = page["attributions"][0]
    assert {"layer": one["layer"], "channel": one["channel"], "photo": one["photo"]} == {
        "layer": "conv2",
        "channel": 5,
        "photo": photo,
    }
    check(client.get("/v1/maps", params={"cursor": "?"}), 422, "invalid-spec")
