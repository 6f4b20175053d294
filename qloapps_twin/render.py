"""Turns plain values into QloApps' JSON and XML. Pure: the same value always gives the same text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qloapps_twin.answers import Problem
from qloapps_twin.fields import Row
from qloapps_twin.php import json_text

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<qloapps xmlns:xlink="http://www.w3.org/1999/xlink">\n'
_TAIL = "</qloapps>\n"
_ONE_OF = {
    "room_types": "room_type",
    "rooms": "room",
    "remarks": "remark",
    "services": "service",
    "facilities": "facility",
    "cart_rules": "cart_rule",
}
# fields that are keys of another resource, which XML links to
_LINKS = {
    "id_country": "countries",
    "id_lang": "languages",
    "id_hotel": "hotels",
    "id_product": "room_types",
    "id_order": "orders",
    "id_customer": "customers",
    "id_cart": "carts",
    "id_currency": "currencies",
    "id_default_group": "groups",
    "id_order_state": "order_states",
    "id_category_default": "categories",
    "id_tax_rules_group": "tax_rule_groups",
}
NOT_FILTERABLE = {
    "hotel": ("id_default_image",),
    "room_type": ("id_hotel", "adults", "children", "id_default_image", "position_in_category", "type"),
}
"""Fields that are computed and not columns."""


def errors_json(problems: Iterable[Problem]) -> str:
    """An error body in JSON."""
    return json_text({"errors": [{"code": one.code, "message": one.message} for one in problems]})


def errors_xml(problems: Iterable[Problem]) -> str:
    """An error body in XML."""
    entries = "".join(
        f"<error>\n<code>{_cdata(one.code)}</code>\n<message>{_cdata(one.message)}</message>\n</error>\n"
        for one in problems
    )
    return f"{_HEAD}<errors>\n{entries}</errors>\n{_TAIL}"


def list_json(many: str, rows: list[Row]) -> str:
    """A list in JSON: an object with one member, or a bare `[]` when it is empty."""
    return json_text({many: [_without_empty(row) for row in rows]} if rows else [])


def row_json(one: str, row: Row) -> str:
    """One element of a generic resource in JSON."""
    return json_text({one: _without_empty(row)})


def _without_empty(row: Row) -> Row:
    """JSON leaves associations without elements out, and `associations` when there are none at all."""
    if "associations" not in row:
        return row
    rest = {name: value for name, value in row.items() if name != "associations"}
    kept = {name: items for name, items in row["associations"].items() if items}
    return rest | {"associations": kept} if kept else rest


def root_xml(resources: dict[str, list[str]], base: str) -> str:
    """The list of resources, with the methods allowed for each."""
    return f'{_HEAD}<api shopName="Demo SSD">\n{"".join(_resource(*one, base) for one in resources.items())}</api>\n{_TAIL}'


def _resource(name: str, methods: list[str], base: str) -> str:
    flags = " ".join(
        f'{method}="{"true" if method.upper() in methods else "false"}"'
        for method in ("get", "put", "post", "delete", "head")
    )
    link = f'xlink:href="{base}/{name}'
    # bookings has a schema, but the list of resources does not link to it
    schemas = (
        ""
        if name == "bookings"
        else "".join(f'<schema {link}?schema={kind}" type="{kind}"/>\n' for kind in ("blank", "synopsis"))
    )
    return f'<{name} {link}" {flags}>\n<description {link}" {flags}>\n{name}</description>\n{schemas}</{name}>\n'


def list_xml(many: str, one: str, rows: list[Row], base: str, *, full: bool) -> str:
    """A list in XML: links, or whole elements when fields were asked for."""
    if full:
        entries = "".join(_row_xml(one, row, base) for row in rows)
    else:
        entries = "".join(f'<{one} id="{row["id"]}" xlink:href="{base}/{many}/{row["id"]}"/>\n' for row in rows)
    return f"{_HEAD}<{many}>\n{entries}</{many}>\n{_TAIL}"


def row_xml(one: str, row: Row, base: str) -> str:
    """One element of a generic resource in XML."""
    return f"{_HEAD}{_row_xml(one, row, base)}{_TAIL}"


def _row_xml(one: str, row: Row, base: str) -> str:
    images = f"{base}/images/{one}s/{row.get('id')}"
    fields = "".join(
        f"\t{_field_xml(name, value, base, NOT_FILTERABLE.get(one, ()), images)}\n"
        for name, value in row.items()
        if name != "associations"
    )
    links = ""
    if "associations" in row:
        inner = "".join(_association_xml(one, name, items, base, images) for name, items in row["associations"].items())
        links = f"<associations>\n{inner}</associations>\n"
    return f"<{one}>\n{fields}{links}</{one}>\n"


def _field_xml(name: str, value: Any, base: str, not_filterable: tuple[str, ...] = (), images: str = "") -> str:
    if isinstance(value, list):
        return f"<{name}>{languages_xml(value, base)}</{name}>"
    text = "" if value is None or value is False or value == "" else _cdata(value)
    link = images if name == "id_default_image" else f"{base}/{_LINKS[name]}" if name in _LINKS else ""
    href = f' xlink:href="{link}/{value}"' if link and text and str(value) != "0" else ""
    mark = ' notFilterable="true"' if name in not_filterable else ""
    return f"<{name}{href}{mark}>{text}</{name}>"


def languages_xml(values: list[dict[str, Any]], base: str) -> str:
    """A text in several languages."""
    return "".join(
        f'<language id="{one["id"]}" xlink:href="{base}/languages/{one["id"]}">{_cdata(one["value"])}</language>'
        for one in values
    )


def _association_xml(owner: str, name: str, items: list[dict[str, Any]], base: str, images: str) -> str:
    one = name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")
    if (owner, name) == ("hotel", "room_types"):
        one = name  # the one association whose elements are named like the list
    head = f'<{name} nodeType="{one}" api="{name}"'
    if not items:
        return f"{head}/>\n"
    link = images if name == "images" else f"{base}/{name}"
    entries = "".join(
        f'\t<{one} xlink:href="{link}/{item["id"]}">\n'
        + "".join(f"\t{_field_xml(key, value, '')}\n" for key, value in item.items())
        + f"\t</{one}>\n"
        for item in items
    )
    return f"{head}>\n{entries}</{name}>\n"


def tree_xml(value: dict[str, Any]) -> str:
    """A booking in XML: the tree of the JSON without indentation; an empty list is the text 0."""
    return f"{_HEAD}{_tree(value)}{_TAIL}"


def _tree(value: dict[str, Any]) -> str:
    return "".join(_tree_member(name, member) for name, member in value.items())


def _tree_member(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"<{name}>{_tree(value)}</{name}>"
    if isinstance(value, list):
        if not value:
            return f"<{name}>{_cdata(0)}</{name}>\n"
        one = _ONE_OF.get(name, name.rstrip("s"))
        return f"<{name}>{''.join(_tree_member(one, item) for item in value)}</{name}>"
    return f"<{name}>{_cdata(value)}</{name}>\n"


def _cdata(value: Any) -> str:
    return f"<![CDATA[{str(value).replace(']]>', ']]]]><![CDATA[>')}]]>"


def document(inner: str) -> str:
    """A whole XML answer around its content."""
    return f"{_HEAD}{inner}{_TAIL}"


def element(name: str, value: Any, attributes: str = "") -> str:
    """One line with a value."""
    return f"<{name}{attributes}>{_cdata(value)}</{name}>\n"
