"""What a part is going to store is tried before it starts: one line says what is not taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from featurelens.jobs import disk
from featurelens.jobs.settings import Settings
from featurelens.jobs.store.open_store import AREAS, Area
from featurelens.launcher.claim import Refused, free_port
from featurelens.launcher.parts import WRITES, Parts
from featurelens.launcher.store import find_store
from tests.support.launched import launched

SAID: dict[Area, str] = {"results": "no results", "photos": "no photographs", "scans": "no unfinished scans"}


def test_somebody_writes_every_area() -> None:
    assert set(WRITES["all"]) == set(WRITES["service"]) | set(WRITES["worker"]) == set(AREAS)


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("parts", ["service", "worker", "all"])
def test_what_is_stored_is_tried_in_the_state_folder(tmp_path: Path, parts: Parts, area: Area) -> None:
    """A folder that another user made, or a disk that is read-only: root may write anything but into a file."""
    (tmp_path / area).write_text("no folder")
    options = Settings(state=tmp_path, redis_url="redis://127.0.0.1:1")
    if area in WRITES[parts]:
        with pytest.raises(Refused, match=f"{SAID[area]} can be put into the state folder {tmp_path} by this user"):
            find_store(options, parts)
    else:
        assert find_store(options, parts).id


@pytest.mark.parametrize(("parts", "area"), [("service", "photos"), ("worker", "scans")])
def test_what_is_stored_is_tried_where_it_is_shared(tmp_path: Path, parts: Parts, area: Area) -> None:
    """By whoever starts it, in one line."""
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / area).write_text("no folder")
    settings = {"FEATURELENS_RESULTS": str(shared), "REDIS_URL": "redis://127.0.0.1:1", "PORT": str(free_port())}
    answer = launched(tmp_path / "state", parts, **settings)
    assert (answer.returncode, answer.stdout) == (2, "")
    (line,) = answer.stderr.splitlines()
    assert f"{SAID[area]} can be put into FEATURELENS_RESULTS={shared}" in line


def test_a_full_disk_is_no_wrong_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has been made is shown, and nothing new accepted until there is room."""
    for said in disk.FULL:
        monkeypatch.setattr("featurelens.jobs.store.folder.Folder.takes", lambda _, said=said: said)
        assert find_store(Settings(state=tmp_path), "all").id


def test_a_trial_leaves_nothing_behind(tmp_path: Path) -> None:
    find_store(Settings(state=tmp_path), "all")
    assert {path.name for path in tmp_path.rglob("*")} == {*AREAS, "queue.id"}
