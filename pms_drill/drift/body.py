"""Bodies of answers as plain trees: JSON as it is, XML as objects of lists, anything else as text."""

from __future__ import annotations

import json
from typing import Any

from lxml import etree

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


def tree(body: bytes, content_type: str) -> Any:
    """The body as objects, lists and scalars.

    An element of XML is an object: "@name" for its attributes, and a list per name of its children; one without
    children and attributes is its text.

    Returns:
        None for no body; the text for what is neither JSON nor XML, or says that it is and is not.
    """
    if not body:
        return None
    text = body.decode("utf-8", "replace")
    try:
        if content_type == "application/json":
            return json.loads(text)
        if content_type == "text/xml":
            root = etree.fromstring(body, _PARSER)
            return {_local(root.tag): _element(root)}
    except (ValueError, etree.XMLSyntaxError):
        return text
    return text


def value_at(node: Any, path: str) -> Any:
    """The value at a path such as "booking.rooms.0.id".

    Raises:
        LookupError: there is none.
    """
    for step in path.split("."):
        if isinstance(node, list):
            node = node[int(step)]
        elif isinstance(node, dict):
            node = node[step]
        else:
            raise LookupError(path)
    return node


def _element(element: etree._Element) -> Any:
    told: dict[str, Any] = {f"@{_local(name)}": str(value) for name, value in element.attrib.items()}
    for child in element:
        if isinstance(child.tag, str):
            told.setdefault(_local(child.tag), []).append(_element(child))
    text = (element.text or "").strip()
    if not told:
        return text
    return told | ({"text": text} if text else {})


def _local(name: Any) -> str:
    return str(name).rpartition("}")[2]
