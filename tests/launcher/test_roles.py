"""Which processes are started for what the operator wants."""

from __future__ import annotations

from pathlib import Path

import pytest

from featurelens.jobs.settings import Settings
from featurelens.launcher import roles


@pytest.mark.parametrize(
    ("driver", "chosen", "expected"),
    [
        (False, {}, 8 + 1),
        (True, {}, 24 + 1),
        (True, {"device": "cpu"}, 8 + 1),
        (False, {"device": "cuda:1"}, 24 + 1),
        (True, {"slots": 3, "sweep_slots": 0}, 3),
        (False, {"slots": 3, "sweep_slots": 5}, 3 + 1),
    ],
)
def test_as_many_slots_as_suit_the_device(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, driver: bool, chosen: dict[str, object], expected: int
) -> None:
    file = tmp_path / "driver"
    if driver:
        file.touch()
    monkeypatch.setattr(roles, "_DRIVER", file)
    options = Settings(state=tmp_path).model_copy(update=chosen)
    found = roles.slots(options, "redis://localhost:1", None)
    assert len(found) == len({role.name for role in found}) == expected
