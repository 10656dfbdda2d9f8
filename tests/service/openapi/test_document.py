"""The OpenAPI document: its links lead somewhere, its examples are whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from openapi_spec_validator import validate

from featurelens.service.openapi import samples
from tests.support.server import Server


def operations(document: dict[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Path and operation by operationId."""
    return {
        operation["operationId"]: (path, operation)
        for path, methods in document["paths"].items()
        for operation in methods.values()
    }


def test_it_is_a_document_as_the_standard_has_it(server: Server) -> None:
    """Its schemas too, with examples and defaults that they accept."""
    validate(server.api)


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


def schemas(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object below `tree`, examples apart."""
    if isinstance(tree, dict):
        yield tree
        for name, value in tree.items():
            if name not in {"example", "examples"}:
                yield from schemas(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from schemas(value)


def test_what_generators_and_linters_stumble_over_is_not_there(server: Server) -> None:
    """Seen with openapi-python-client, openapi-typescript, Spectral and Redocly; the first runs in tests/e2e."""
    document = server.api
    assert document["openapi"].startswith("3.1."), "itemSchema and the like came with 3.2"
    names = document["components"]["schemas"]
    assert not [name for name in names if name.endswith(("-Input", "-Output"))]
    for part in schemas(document):
        assert "itemSchema" not in part
        assert part.get("type") != "array" or "items" in part
        assert not ("properties" in part and "anyOf" in part)
        assert "properties" in part or not isinstance(part.get("default"), dict)
    for one in names.values():
        kind = one.get("properties", {}).get("type", {})
        assert "const" not in kind or "type" in one["required"]
    tags = {tag["name"] for tag in document["tags"]}
    for _, operation in operations(document).values():
        assert set(operation["tags"]) <= tags
        assert "security" in operation
        for parameter in operation.get("parameters", []):
            assert {"type": "null"} not in parameter["schema"].get("anyOf", [])
            assert parameter["in"] != "header" or parameter["schema"]["type"] == "string"
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                assert all(isinstance(value, str) for value in link["parameters"].values())


def test_headers_are_declared(server: Server) -> None:
    known = operations(server.api)

    def declared(name: str, status: int) -> set[str]:
        return set(known[name][1]["responses"][str(status)].get("headers", {}))

    for kind in ("visualizations", "activations", "maps", "attributions", "scans"):
        assert declared(f"{kind}-ask", 202) >= {"Location", "Retry-After", "RateLimit", "Preference-Applied"}
        assert declared(f"{kind}-ask", 200) >= {"Location", "Cache-Status", "RateLimit"}
        assert declared(f"{kind}-ask", 429) >= {"Retry-After", "RateLimit"}
        assert "Retry-After" in declared(f"{kind}-show", 200)
    assert "ETag" in declared("visualizations-image", 200) & declared("visualizations-image", 304)
    assert "WWW-Authenticate" in declared("models-list_models", 401)
    used = {
        header["$ref"]
        for part in schemas(server.api)
        for header in part.get("headers", {}).values()
        if "$ref" in header
    }
    assert used == {f"#/components/headers/{name}" for name in server.api["components"]["headers"]}
