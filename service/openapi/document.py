"""The OpenAPI document: FastAPI's, with the schema of problems, without what never happens, and as tools like it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from featurelens.service.openapi.callbacks import add_callbacks
from featurelens.service.openapi.headers import HEADERS
from featurelens.service.openapi.portable import make_portable
from featurelens.service.openapi.tags import TAGS
from featurelens.service.schemas.problem import Problem

_JSON = "application/json"

CONTACT = {"name": "Featurelens", "url": "https://github.com/featurelens/featurelens"}
LICENSE = {"name": "MIT", "identifier": "MIT"}


def document(app: FastAPI) -> dict[str, Any]:
    """Made once for each app."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=TAGS,
            servers=[{"url": "/"}],
            contact=CONTACT,
            license_info=LICENSE,
            separate_input_output_schemas=False,
        )
        _add_components(made)
        _say_what_is_open(made)
        _remove_defaults(made)
        make_portable(made)
        add_callbacks(made)
        _restore_nulls(made, app)
        app.openapi_schema = made
    return app.openapi_schema


def _add_components(made: dict[str, Any]) -> None:
    """What answers refer to by name."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    made["components"]["schemas"] |= {**schema.pop("$defs", {}), "Problem": schema}
    made["components"]["headers"] = HEADERS


def _say_what_is_open(made: dict[str, Any]) -> None:
    for methods in made["paths"].values():
        for operation in methods.values():
            operation.setdefault("security", [])


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
