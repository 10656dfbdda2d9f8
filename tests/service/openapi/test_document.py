"""The OpenAPI document: its links lead somewhere, its examples are whole."""

from __future__ import annotations

import re
from typing import Any

from featurelens.service.openapi import samples
from tests.support.server import Server


def operations(document: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Path and operation by operationId."""
    return {
        operation["operationId"]: (path, operation)
        for path, methods in document["paths"].items()
        for operation in methods.values()
    }


def test_links_lead_to_operations_and_fill_their_paths(server: Server) -> None:
    known = operations(server.api)
    links = [
        link
        for _, operation in known.values()
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert len(links) > 50
    for link in links:
        path, _ = known[link["operationId"]]
        assert set(re.findall(r"\{(\w+)\}", path)) == set(link["parameters"])


def test_examples_keep_their_nulls(server: Server) -> None:
    _, operation = operations(server.api)["visualizations-list_visualizations"]
    example = operation["responses"]["200"]["content"]["application/json"]["example"]
    assert example == samples.VISUALIZATIONS.model_dump(mode="json")
    assert example["next"] is None
