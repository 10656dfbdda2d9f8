"""Kinds of jobs: told apart by their keys, complete in every room."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from featurelens.jobs.kinds import KINDS, kind_of, with_spec
from featurelens.jobs.kinds.base import KEY_PATTERN, QUEUES, Kind
from featurelens.jobs.spec.visualization import VisualizationSpec


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
class TestEach:
    def test_is_known_by_its_keys(self, kind: Kind[Any]) -> None:
        key = kind.prefix + "0" * 64
        assert KEY_PATTERN.fullmatch(key)
        assert kind_of(key) is kind

    def test_has_its_place_in_every_room(self, kind: Kind[Any]) -> None:
        """By name alone: these rooms must not be imported here."""
        for room in ("jobs.spec", "jobs.kinds", "worker.renderer.kinds", "service.schemas"):
            assert importlib.util.find_spec(f"featurelens.{room}.{kind.name}"), room

    def test_waits_in_a_queue_that_slots_look_at(self, kind: Kind[Any]) -> None:
        assert kind.queue in QUEUES


def test_no_two_are_alike() -> None:
    for what in ("name", "prefix", "spec"):
        assert len({getattr(kind, what) for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("key", ["", "fv1_", "fv2_" + "0" * 64, "fv1_" + "0" * 63, "fv1_" + "0" * 65, "../" + "0" * 65])
def test_no_key(key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        kind_of(key)


def test_a_spec_is_read_as_its_key_says() -> None:
    spec = VisualizationSpec(model="m", layer="l", channel=0)
    fields = {"key": "fv1_" + "0" * 64, "spec": spec.model_dump(mode="json"), "other": 1}
    assert with_spec(fields) == {**fields, "spec": spec}
    with pytest.raises(ValueError, match="photo"):
        with_spec({**fields, "key": "fa1_" + "0" * 64})
