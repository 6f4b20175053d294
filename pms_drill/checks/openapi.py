"""Does one OpenAPI document contain another: is what an agent offers at least what the contract freezes?

Pure: two parsed documents in, differences out. An agent may offer more (operations, statuses, fields); it may
demand nothing more of its callers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pms_drill.checks.verdict import Verdict, judge, unknown

Node = Mapping[str, Any]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_LOWER, _UPPER = ("minimum", "minLength", "minItems"), ("maximum", "maxLength", "maxItems")
_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


def contains(contract: Node, offered: Node) -> Verdict:
    """Judge that `offered` contains `contract`.

    Args:
        contract: the frozen document.
        offered: what the agent publishes.

    Returns:
        PASSED, FAILED with each difference, or UNKNOWN when the contract has no operation at all.
    """
    operations = list(_operations(contract))
    claimed = f"the agent's document contains the {len(operations)} operations of the contract"
    if not operations:
        return unknown(claimed, contract="has no operation")
    found = differences(contract, offered)
    return judge(not found, claimed, document="; ".join(found) if found else "contains them all")


def differences(contract: Node, offered: Node) -> list[str]:
    """Everything of `contract` that `offered` lacks or says otherwise, one sentence each."""
    available = {(_shape(path), method): operation for path, method, operation in _operations(offered)}
    found: list[str] = []
    for path, method, wanted in _operations(contract):
        name = f"{method.upper()} {path}"
        operation = available.get((_shape(path), method))
        if operation is None:
            found.append(f"{name}: the operation is missing")
            continue
        found += _parameters(name, contract, wanted, offered, operation)
        found += _request(name, contract, wanted, offered, operation)
        found += _responses(name, contract, wanted, offered, operation)
    return found


def _operations(document: Node) -> Iterator[tuple[str, str, Node]]:
    for path, item in document.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                shared = item.get("parameters", [])
                operation = dict(item[method])
                operation["parameters"] = [*shared, *operation.get("parameters", [])]
                yield path, method, operation


def _shape(path: str) -> str:
    """The path without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def _parameters(name: str, contract: Node, wanted: Node, offered: Node, operation: Node) -> Iterator[str]:
    def keyed(document: Node, parameters: list[Node]) -> dict[tuple[str, str], Node]:
        resolved = [_resolve(document, parameter) for parameter in parameters]
        return {(each["in"], each["name"].lower()): each for each in resolved if each["in"] != "path"}

    has = keyed(offered, operation["parameters"])
    knows = keyed(contract, wanted["parameters"])
    for key, parameter in knows.items():
        if key not in has:
            yield f"{name}: the {key[0]} parameter {parameter['name']} is missing"
            continue
        where = f"{name}: the {key[0]} parameter {parameter['name']}"
        yield from _limits(
            where, contract, parameter.get("schema", {}), offered, has[key].get("schema", {}), request=True
        )
    for key, parameter in has.items():
        needed = parameter.get("required", False)
        if needed and not knows.get(key, {}).get("required", False):
            yield f"{name}: the {key[0]} parameter {parameter['name']} is demanded"


def _request(name: str, contract: Node, wanted: Node, offered: Node, operation: Node) -> Iterator[str]:
    expected = _resolve(contract, wanted.get("requestBody", {})).get("content", {})
    content = _resolve(offered, operation.get("requestBody", {})).get("content", {})
    for media_type, body in expected.items():
        if media_type not in content:
            yield f"{name}: a request of type {media_type} is not taken"
            continue
        theirs = _flat(offered, content[media_type].get("schema", {}))
        ours = _flat(contract, body.get("schema", {}))
        for field in sorted(set(theirs.get("required", [])) - set(ours.get("required", []))):
            yield f"{name}: the request field {field} is demanded"
        for field in sorted(set(ours.get("required", [])) - set(theirs.get("required", []))):
            yield f"{name}: the request field {field} is not demanded"
        for field, schema in ours.get("properties", {}).items():
            if field not in theirs.get("properties", {}):
                yield f"{name}: the request field {field} is missing"
                continue
            where, other = f"{name}: the request field {field}", theirs["properties"][field]
            is_, needs = types(offered, other), types(contract, schema)
            if is_ != needs:
                yield f"{where} is {_said(is_)}, not {_said(needs)}"
            else:
                yield from _limits(where, contract, schema, offered, other, request=True)


def _responses(name: str, contract: Node, wanted: Node, offered: Node, operation: Node) -> Iterator[str]:
    given = {str(status): each for status, each in operation.get("responses", {}).items()}
    for status, response in wanted.get("responses", {}).items():
        where = f"{name} {status}"
        if str(status) not in given:
            yield f"{where}: the status is missing"
            continue
        content = _resolve(offered, given[str(status)]).get("content", {})
        for media_type, body in _resolve(contract, response).get("content", {}).items():
            if media_type not in content:
                yield f"{where}: the content type {media_type} is missing"
                continue
            theirs = content[media_type].get("schema", {})
            yield from _fields(where, contract, body.get("schema", {}), offered, theirs)


def _fields(where: str, contract: Node, wanted: Node, offered: Node, given: Node) -> Iterator[str]:
    ours, theirs = _flat(contract, wanted), _flat(offered, given)
    for field in sorted(set(ours.get("required", [])) - set(theirs.get("required", []))):
        yield f"{where}: the field {field} is not promised"
    for field, schema in ours.get("properties", {}).items():
        if field not in theirs.get("properties", {}):
            yield f"{where}: the field {field} is missing"
            continue
        other = theirs["properties"][field]
        is_, may_be = types(offered, other), types(contract, schema)
        if may_be and (not is_ or not is_ <= may_be):
            yield f"{where}: the field {field} is {_said(is_)}, not {_said(may_be)}"
        else:
            yield from _limits(f"{where}: the field {field}", contract, schema, offered, other, request=False)
            yield from _fields(f"{where} {field}", contract, schema, offered, other)


def _limits(where: str, contract: Node, wanted: Node, offered: Node, given: Node, *, request: bool) -> Iterator[str]:
    """Values, formats, bounds and items that differ: an agent may not take less, nor answer more.

    A format or a bound that an agent does not state contradicts nothing; values that it does not state may be any.
    Patterns say the same in many ways: they are left to the generated requests and answers.
    """
    ours, theirs = values(contract, wanted), values(offered, given)
    if request and theirs is not None and (ours is None or not ours <= theirs):
        yield f"{where} takes only {_listed(theirs)}, not {_listed(ours)}"
    elif not request and ours is not None and (theirs is None or not theirs <= ours):
        yield f"{where} may be {_listed(theirs)}, not only {_listed(ours)}"
    for name in ("format", *_LOWER, *_UPPER):
        is_, needs = _stated(offered, given, name), _stated(contract, wanted, name)
        if is_ is None or (needs is None and not request):
            continue
        if name == "format":
            wrong = is_ != needs
        else:
            tighter = needs is None or (is_ > needs if name in _LOWER else is_ < needs)
            wrong = tighter if request else (is_ < needs if name in _LOWER else is_ > needs)
        if wrong:
            yield f"{where} has {name} {is_}, not {'any' if needs is None else needs}"
    our_items, their_items = _stated(contract, wanted, "items"), _stated(offered, given, "items")
    if our_items is None and not (request and their_items is not None):
        return
    our_items, their_items = our_items or {}, their_items or {}
    is_, needs = types(offered, their_items), types(contract, our_items)
    if is_ != needs if request else needs and (not is_ or not is_ <= needs):
        yield f"{where} has items that are {_said(is_)}, not {_said(needs)}"
        return
    yield from _limits(f"{where}, its items", contract, our_items, offered, their_items, request=request)
    yield from _fields(f"{where}, its items", contract, our_items, offered, their_items)


def values(document: Node, schema: Node) -> frozenset[str] | None:
    """The values that a schema allows, as JSON; None when it lists none."""
    schema = _resolve(document, schema)
    found: list[frozenset[str]] = []
    if "const" in schema:
        found.append(frozenset({json.dumps(schema["const"])}))
    if "enum" in schema:
        found.append(frozenset(map(json.dumps, schema["enum"])))
    if schema.get("type") == "null":
        found.append(frozenset({"null"}))
    for word in ("anyOf", "oneOf"):
        each = [values(document, part) for part in schema.get(word, [])]
        if each and None not in each:
            found.append(frozenset().union(*(part for part in each if part is not None)))
    found += [part for each in schema.get("allOf", []) if (part := values(document, each)) is not None]
    return frozenset.intersection(*found) if found else None


def _stated(document: Node, schema: Node, name: str) -> Any:
    """What a schema says under a key, itself or in a part of it that is not for null only; None when nothing."""
    schema = _resolve(document, schema)
    if name in schema:
        return schema[name]
    parts = [part for word in ("allOf", "anyOf", "oneOf") for part in schema.get(word, [])]
    told = (_stated(document, part, name) for part in parts if types(document, part) != {"null"})
    return next((found for found in told if found is not None), None)


def types(document: Node, schema: Node) -> frozenset[str]:
    """JSON types that a schema allows; empty when it does not say."""
    schema = _resolve(document, schema)
    declared = schema.get("type")
    if declared is not None:
        return frozenset([declared] if isinstance(declared, str) else declared)
    if "const" in schema:
        return frozenset({_type_of(schema["const"])})
    if "enum" in schema:
        return frozenset(_type_of(value) for value in schema["enum"])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return frozenset().union(*(types(document, each) for each in schema[word]))
    for each in schema.get("allOf", []):
        if found := types(document, each):
            return found
    return frozenset({"object"}) if "properties" in schema else frozenset()


def _flat(document: Node, schema: Node) -> dict[str, Any]:
    """`required` and `properties` of an object, with `allOf` and the only non-null alternative."""
    schema = _resolve(document, schema)
    required = set(schema.get("required", []))
    properties: dict[str, Any] = dict(schema.get("properties", {}))
    alternatives = [
        each for word in ("anyOf", "oneOf") for each in schema.get(word, []) if types(document, each) != {"null"}
    ]
    inner = schema.get("allOf", []) + (alternatives if len(alternatives) == 1 else [])
    for part in inner:
        flat = _flat(document, part)
        required |= set(flat["required"])
        for field, each in flat["properties"].items():
            # A refinement ({status: {const: confirmed}}) narrows what was said first.
            properties[field] = {"allOf": [properties[field], each]} if field in properties else each
    return {"required": sorted(required), "properties": properties}


def _resolve(document: Node, node: Node) -> Node:
    """Follow a local `$ref`."""
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def _type_of(value: Any) -> str:
    return "null" if value is None else _JSON_TYPES[type(value)]


def _listed(found: frozenset[str] | None) -> str:
    return "anything" if found is None else " or ".join(sorted(found))


def _said(found: frozenset[str]) -> str:
    return " or ".join(sorted(found)) or "of no stated type"
