"""Both clients can do the same, are asked in the same way, and say so in the same words."""

from __future__ import annotations

import inspect

import pytest

from featurelens.client import AsyncClient, AsyncJob, AsyncSweep, Client, Job, Sweep
from featurelens.client.operations import KINDS, path_of
from featurelens.jobs import addresses
from featurelens.jobs.errors import NotFound
from featurelens.jobs.kinds import KINDS as ALL


def public(kind: type) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(method)
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


@pytest.mark.parametrize(("one", "other"), [(Client, AsyncClient), (Job, AsyncJob), (Sweep, AsyncSweep)])
def test_twins(one: type, other: type) -> None:
    mine, theirs = public(one), public(other)
    assert {name: list(sig.parameters.values()) for name, sig in mine.items()} == {
        name: list(sig.parameters.values()) for name, sig in theirs.items()
    }
    for name in mine:
        assert getattr(one, name).__doc__ == getattr(other, name).__doc__
        assert getattr(one, name).__doc__


def test_a_key_leads_to_its_job() -> None:
    """Of every kind of job that there is."""
    assert {kind.prefix[:2] for kind in ALL} == KINDS.keys()
    roots = {
        "visualization": addresses.visualization,
        "activations": addresses.activations,
        "maps": addresses.maps,
        "filters": addresses.filters,
        "attribution": addresses.attribution,
        "scan": addresses.scan,
        "comparison": addresses.comparison,
    }
    for kind in ALL:
        key = kind.prefix + "0" * 64
        assert path_of(key) == roots[kind.name](key)
    for nonsense in ("", "fv", "xx1_0", "../v1", "sweep_0"):
        with pytest.raises(NotFound):
            path_of(nonsense)
