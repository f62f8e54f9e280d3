"""The document of the API, for programs and as a page for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, json, jsonify, render_template

from web.api.documents import PREFIX

blueprint = Blueprint("api_reference", __name__, url_prefix=PREFIX)

METHODS = ("get", "put", "post", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call as the page shows it. An example is a content type and a body."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Mapping[str, Any], ...]
    examples: tuple[tuple[str, str], ...]
    responses: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What an answer holds: a name and, for each field, its name, type and words."""

    name: str
    description: str
    fields: tuple[tuple[str, str, str], ...]


@blueprint.get("/openapi.json")
def document() -> Response:
    """The document of the API, the same for everybody."""
    return jsonify(described())


@blueprint.get("/docs")
def docs() -> str:
    """The same as a page."""
    api = described()
    return render_template(
        "api/docs.html",
        info=api["info"],
        operations=list(_operations(api)),
        models=list(_models(api)),
    )


def described() -> dict[str, Any]:
    """The document that the application writes of its routes."""
    written = json.dumps(getattr(current_app, "api_doc"), sort_keys=False)
    # The library breaks the lines of a docstring as a page would.
    found: dict[str, Any] = json.loads(written.replace("<br/>", " "))
    return found


def _operations(api: Mapping[str, Any]) -> Iterator[Operation]:
    for path, calls in sorted(api["paths"].items()):
        for method in METHODS:
            if call := calls.get(method):
                yield Operation(
                    name=call["operationId"],
                    method=method.upper(),
                    path=path,
                    summary=call["summary"],
                    description=call.get("description", "").strip(),
                    parameters=tuple(call.get("parameters", ())),
                    examples=tuple(_examples(call)),
                    responses=tuple(_responses(call)),
                )


def _examples(call: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, media in call.get("requestBody", {}).get("content", {}).items():
        if "example" in media:
            yield name, json.dumps(media["example"], indent=2, sort_keys=False)


def _responses(call: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Status, words and model of each answer."""
    for status, response in sorted(call["responses"].items()):
        media: dict[str, Any] = next(iter(response.get("content", {}).values()), {})
        yield status, response["description"], _named(media.get("schema", {}))


def _models(api: Mapping[str, Any]) -> Iterator[Model]:
    for name, schema in sorted(api["components"]["schemas"].items()):
        if "properties" in schema:
            fields = schema["properties"].items()
            yield Model(
                name=name,
                description=schema.get("description", ""),
                fields=tuple(
                    (field, _named(of), of.get("description", ""))
                    for field, of in fields
                ),
            )


def _named(schema: Mapping[str, Any]) -> str:
    """A type in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_named(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_named(schema.get('items', {}))}"
    return str(schema.get("type", ""))
