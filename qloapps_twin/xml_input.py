"""Reads XML as QloApps gets it: a tree of names and texts, no entities from outside, no network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from qloapps_twin.answers import Problem, warning


@dataclass(slots=True)
class Node:
    """An element: its name, its own text, its child elements.

    Attributes:
        text: as it was sent, spaces included.
        attributes: whether it has any.
        cdata: whether the text came as CDATA, which PHP's way from XML to arrays drops.
    """

    name: str
    text: str = ""
    children: list[Node] = field(default_factory=list)
    cdata: bool = False
    attributes: bool = False

    def child(self, name: str) -> Node | None:
        """The first child of this name."""
        return next((child for child in self.children if child.name == name), None)

    def has(self, name: str) -> bool:
        """Whether there is a child of this name."""
        return self.child(name) is not None

    def text_of(self, name: str) -> str:
        """The text of the first child of this name as it was sent; `""` when there is none."""
        child = self.child(name)
        return child.text if child else ""

    def value(self) -> Any:
        """The element as PHP's way from XML to arrays gives it.

        A text, or an object by names in which a name that comes twice is a list. Nothing, only spaces, or CDATA are no
        text but a list with nothing in it.
        """
        if self.children:
            named: dict[str, list[Any]] = {}
            for child in self.children:
                named.setdefault(child.name, []).append(child.value())
            return {name: values[0] if len(values) == 1 else values for name, values in named.items()}
        return [] if self.cdata or not self.text.strip() else self.text


class BadXml(Exception):
    """The body is not XML. `line` and `text` are what the parser said."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.text = text
        self.line = line


def parse(body: bytes) -> Node:
    """Read a body; the prefix `xml=` of a form is dropped.

    Raises:
        BadXml: it cannot be parsed.
    """
    text = body.removeprefix(b"xml=")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True, strip_cdata=False
    )
    try:
        return _node(etree.fromstring(text, parser), marked=b"<![CDATA[" in text)
    except etree.XMLSyntaxError as error:
        raise BadXml(error.msg or "Document is empty", error.lineno or 1) from None


def _node(element: etree._Element, *, marked: bool) -> Node:
    children = [_node(child, marked=marked) for child in element if isinstance(child.tag, str)]
    text = (element.text or "") + "".join(child.tail or "" for child in element)
    cdata = marked and not children and b"<![CDATA[" in etree.tostring(element)
    return Node(etree.QName(element).localname, text, children, cdata, bool(element.attrib))


def parser_warnings(error: BadXml, body: bytes, call: str, line: int, file: str) -> list[Problem]:
    """The three PHP warnings that go with a parser error: what, which text, where in it."""
    reason = error.text.split(", line")[0]
    texts = body.decode("utf-8", "replace").splitlines() or [""]
    shown = texts[min(error.line, len(texts)) - 1]
    return [
        warning(f"{call}: Entity: line {error.line}: parser error : {reason}", line, file),
        warning(f"{call}: {shown}", line, file),
        warning(f"{call}: {' ' * len(shown)}^", line, file),
    ]
