"""The frozen contract of the agent's API, with the paths that a profile gives its operations."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml

from pms_drill.profile import EndpointsPart

CONTRACT = Path(__file__).resolve().parents[2] / "contracts" / "agent_api" / "openapi.yaml"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@functools.cache
def frozen() -> dict[str, Any]:
    """The contract as it is written. Do not change what you get."""
    document: dict[str, Any] = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    return document


def at(endpoints: EndpointsPart) -> dict[str, Any]:
    """The contract with an agent's own paths in place of the runbook's."""
    ours = EndpointsPart()
    moved = {getattr(ours, name): getattr(endpoints, name) for name in EndpointsPart.model_fields}
    moved[f"{ours.reservations}/{{reservation_id}}"] = f"{endpoints.reservations}/{{reservation_id}}"
    return {**frozen(), "paths": {moved.get(path, path): item for path, item in frozen()["paths"].items()}}


def operations() -> list[str]:
    """Ids of the operations, in the order of the document."""
    items = frozen()["paths"].values()
    return [item[method]["operationId"] for item in items for method in _METHODS if method in item]


def takes_input(operation: str) -> bool:
    """Whether the operation has a body or parameters."""
    for item in frozen()["paths"].values():
        for method in _METHODS:
            if method in item and item[method]["operationId"] == operation:
                return bool(item[method].get("requestBody") or item[method].get("parameters"))
    raise KeyError(operation)


def request_fields(schema: str) -> dict[str, Any]:
    """Name -> schema of each field of a request body, references resolved.

    Args:
        schema: name below `components/schemas`.
    """
    schemas = frozen()["components"]["schemas"]

    def resolved(node: dict[str, Any]) -> dict[str, Any]:
        return schemas[node["$ref"].rpartition("/")[2]] if "$ref" in node else node

    return {name: resolved(node) for name, node in schemas[schema]["properties"].items()}
