"""Which processes are started for what the operator wants."""

from __future__ import annotations

from pathlib import Path

import pytest

from featurelens.jobs.settings import Settings
from featurelens.launcher import roles
from featurelens.launcher.roles import RendererPlace


@pytest.mark.parametrize(
    ("device", "chosen", "expected"),
    [
        ("auto", {}, 8 + 1),
        ("cuda:0", {}, 24 + 1),
        ("cpu", {}, 8 + 1),
        ("cuda:1", {"slots": 3, "sweep_slots": 0}, 3),
        ("auto", {"slots": 3, "sweep_slots": 5}, 3 + 1),
    ],
)
def test_as_many_slots_as_suit_the_device(
    tmp_path: Path, device: str, chosen: dict[str, object], expected: int
) -> None:
    options = Settings(state=tmp_path).model_copy(update=chosen)
    found = roles.slots(options, "redis://localhost:1", RendererPlace("a", 0, device, 1), None)
    assert len(found) == len({role.name for role in found}) == expected


def test_renderers_of_one_worker_share_nothing_that_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    places = [RendererPlace("a", number, "cpu", 2) for number in range(2)]
    for told in ("renderer_socket", "temporary_folder", "renderer_id"):
        assert len({getattr(place.settings, told) for place in places}) == 2
    names = [roles.renderer("redis://localhost:1", place, None).name for place in places]
    assert names == ["renderer 0", "renderer 1"]
    assert int(places[0].environment["OMP_NUM_THREADS"]) >= 1


def test_one_alone_has_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert "OMP_NUM_THREADS" not in RendererPlace("a", 0, "auto", 1).environment
