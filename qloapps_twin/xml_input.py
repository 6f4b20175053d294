"""Reads XML as QloApps gets it: a tree of names and texts, no entities from outside, no network."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from qloapps_twin.answers import Problem, warning


@dataclass(slots=True)
class Node:
    """An element: its name, its own text, its child elements."""

    name: str
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def child(self, name: str) -> Node | None:
        """The first child of this name."""
        return next((child for child in self.children if child.name == name), None)

    def has(self, name: str) -> bool:
        """Whether there is a child of this name."""
        return self.child(name) is not None

    def text_of(self, name: str) -> str:
        """The text of the first child of this name, without spaces around it; `""` when there is none."""
        child = self.child(name)
        return child.text if child else ""

    def find_all(self, *names: str) -> list[Node]:
        """All elements at this path of names."""
        found = [self]
        for name in names:
            found = [child for node in found for child in node.children if child.name == name]
        return found


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
    text = body.removeprefix(b"xml=").strip()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        return _node(etree.fromstring(text, parser))
    except etree.XMLSyntaxError as error:
        raise BadXml(error.msg or "Document is empty", error.lineno or 1) from None


def _node(element: etree._Element) -> Node:
    name = etree.QName(element).localname
    return Node(name, (element.text or "").strip(), [_node(child) for child in element])


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
