"""Addresses quote what they are given, and leave placeholders for routes."""

from __future__ import annotations

from featurelens.jobs import addresses


def test_names_are_one_segment() -> None:
    name = "timm:resnet18.a1@sha256-0123456789ab"
    assert addresses.layers(name) == f"/v1/models/{name}/layers"
    assert addresses.layer("m", "a/b?c:{") == "/v1/models/m/layers/a%2Fb%3Fc%3A%7B"


def test_templates() -> None:
    assert addresses.unit("{model}", "{layer}", "{n}") == "/v1/models/{model}/layers/{layer}/units/{n}"


def test_queries() -> None:
    assert addresses.visualizations_of("m", "a b", 3) == "/v1/visualizations?model=m&layer=a+b&channel=3"
    assert addresses.with_query("/x", {"a": None, "b": False, "c": 0}) == "/x?b=false&c=0"
    assert addresses.with_query("/x", {"a": None}) == "/x"
