"""A store that is silent is waited for, as long as somebody waits for what is made."""

from __future__ import annotations

import pytest

from featurelens.jobs.errors import NotStored, StoreUnavailable
from featurelens.worker.slot import patience
from featurelens.worker.slot.patience import answered_at_last


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSE", 0.0)


class Silent:
    """Answers after so many times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self) -> str:
        if self.left:
            self.left -= 1
            raise StoreUnavailable("silent")
        return "answer"


def test_as_often_as_need_be_with_a_sign_of_life_each_time() -> None:
    lives: list[int] = []
    assert answered_at_last(Silent(90), lambda: lives.append(1)) == "answer"
    assert len(lives) == 90


def test_no_longer_than_somebody_waits() -> None:
    def gone() -> None:
        raise KeyError("nobody")

    with pytest.raises(KeyError):
        answered_at_last(Silent(2), gone)


def test_what_is_refused_is_not_asked_again() -> None:
    def refused() -> None:
        raise NotStored("no")

    with pytest.raises(NotStored):
        answered_at_last(refused, lambda: None)
