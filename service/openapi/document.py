"""The OpenAPI document: FastAPI's, with the schema of problems, and without what never happens."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from featurelens.service.schemas.problem import Problem

_JSON = "application/json"


def document(app: FastAPI) -> dict[str, Any]:
    """Made once for each app."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        _add_problems(made)
        _remove_defaults(made)
        _restore_nulls(made, app)
        app.openapi_schema = made
    return app.openapi_schema


def _add_problems(made: dict[str, Any]) -> None:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    made["components"]["schemas"] |= {**schema.pop("$defs", {}), "Problem": schema}


def _remove_defaults(made: dict[str, Any]) -> None:
    """FastAPI adds its own 422 to whatever has a parameter; those that can happen are declared as problems."""
    for unused in ("HTTPValidationError", "ValidationError"):
        made["components"]["schemas"].pop(unused, None)
    for methods in made["paths"].values():
        for operation in methods.values():
            answers = operation["responses"]
            if _JSON in answers.get("422", {}).get("content", {}):
                del answers["422"]


def _restore_nulls(made: dict[str, Any], app: FastAPI) -> None:
    """FastAPI drops every null of the document, also those inside examples."""
    for route in iter_route_contexts(app.routes):
        for method in made["paths"].get(route.path_format, {}).keys() & {one.lower() for one in route.methods or ()}:
            answers = made["paths"][route.path_format][method]["responses"]
            for status, declared in route.responses.items():
                example = declared.get("content", {}).get(_JSON, {}).get("example")
                if example is not None:
                    answers[str(status)]["content"][_JSON]["example"] = example
