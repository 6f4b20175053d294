"""Writing to generic resources, in XML only: customers and order histories. Anything else is not played, loudly."""

from __future__ import annotations

from qloapps_twin.answers import Crashed, NotPlayed, Problem, Refused, warning
from qloapps_twin.booking_wish import valid_email, valid_name
from qloapps_twin.fields import CUSTOMER, STATES, Row
from qloapps_twin.hotel import Customer, Hotel
from qloapps_twin.php import is_unsigned_int, to_int
from qloapps_twin.tables import Table
from qloapps_twin.xml_input import BadXml, Node, parse, parser_warnings

_FILE = "WebserviceRequest.php"
_STATES = {state[0] for state in STATES}
_REQUIRED = {
    "customers": ("passwd", "lastname", "firstname", "email"),
    "order_histories": ("id_order_state", "id_order"),
}
#: What a PUT of a customer may name; other columns are not kept.
_CHANGED = ("id", "passwd", "firstname", "lastname", "email", "phone")


def add_row(hotel: Hotel, table: Table, body: bytes, now: str) -> Row:
    """POST: the new row as QloApps answers it (what was not sent is empty or null).

    Raises:
        NotPlayed: another resource.
        Refused: 500 code 127 for what is not XML, 400 for a missing or invalid field.
        Crashed: a bare text for an order or a state that does not exist.
    """
    sent = _element(body, table)
    if table.name not in _REQUIRED:
        raise NotPlayed(f"POST {table.name}")
    _check_required(sent, table)
    return _add_customer(hotel, sent, now) if table.name == "customers" else _add_history(hotel, sent, now)


def change_row(hotel: Hotel, table: Table, argument: str, body: bytes) -> Row:
    """PUT: only customers can be changed here.

    Raises:
        NotPlayed: another resource, or a column that the twin does not keep.
        Refused: 404 code 92 for an unknown id, as add_row for a bad body.
    """
    sent = _element(body, table)
    key = to_int(sent.text_of("id") or argument)
    if key not in table.things(hotel):
        raise Refused(404, Problem(92, "Invalid ID"))
    if table.name != "customers":
        raise NotPlayed(f"PUT {table.name}")
    customer = hotel.customers[key]
    _check_required(sent, table)
    _check_customer(sent)
    others = [child.name for child in sent.children if child.name not in _CHANGED]
    if others or sent.text_of("email").casefold() != customer.email.casefold():
        raise NotPlayed(f"PUT customers with another {others[0] if others else 'email'}")
    for name in ("firstname", "lastname", "phone"):
        if sent.has(name):
            setattr(customer, name, sent.text_of(name))
    return table.show(hotel, customer)


def remove_rows(hotel: Hotel, table: Table, argument: str) -> None:
    """DELETE: only customers can be deleted here.

    Raises:
        NotPlayed: another resource; QloApps deletes orders, for example.
        Refused: 404 code 87 for ids that do not exist.
    """
    key = int(argument) if is_unsigned_int(argument) else 0
    if key not in table.things(hotel):
        told = Problem(87, f"Id(s) not exists: {argument or 0}")
        raise Refused(404, *([] if argument else [warning("Undefined array key 1", 1340, _FILE)]), told)
    if table.name != "customers":
        raise NotPlayed(f"DELETE {table.name}")
    customer = hotel.customers.pop(key)
    if hotel.customer_by_email.get(customer.email.casefold()) == key:
        del hotel.customer_by_email[customer.email.casefold()]


def _element(body: bytes, table: Table) -> Node:
    try:
        root = parse(body)
    except BadXml as error:
        text = body.decode("utf-8", "replace")
        told = parser_warnings(error, body, "SimpleXMLElement::__construct()", 1389, _FILE) if body else []
        reason = f"XML error : String could not be parsed as XML\nXML length : {len(body)}\nOriginal XML : {text}"
        raise Refused(500, *told, Problem(127, reason)) from None
    return root.child(table.one) or Node(table.one)


def _check_required(sent: Node, table: Table) -> None:
    for name in _REQUIRED[table.name]:
        if not sent.text_of(name):
            raise Refused(400, Problem(41, f'parameter "{name}" required'))


def _check_customer(sent: Node) -> None:
    for name, fine in (("lastname", valid_name), ("firstname", valid_name), ("email", valid_email)):
        if sent.has(name) and not fine(sent.text_of(name)):
            raise Refused(400, Problem(85, f'Validation error: "Property Customer->{name} is not valid"'))


def _add_customer(hotel: Hotel, sent: Node, now: str) -> Row:
    _check_customer(sent)
    phone = sent.text_of("phone")
    customer = Customer(
        hotel.take_id("customers"),
        sent.text_of("firstname"),
        sent.text_of("lastname"),
        sent.text_of("email"),
        phone,
        now,
    )
    hotel.add_customer(customer)
    told: Row = {name: sent.text_of(name) if sent.has(name) else None for name in CUSTOMER if name != "associations"}
    keys = {name: "" for name in ("id_default_group", "id_gender", "id_risk") if told[name] is None}
    hidden = {"secure_key": CUSTOMER["secure_key"], "passwd": CUSTOMER["passwd"]}
    added = {"id": str(customer.id), "id_lang": 1, "last_passwd_gen": now, "date_add": now, "date_upd": now}
    return told | keys | hidden | added | {"id_shop": 1, "id_shop_group": 1, "associations": {"groups": []}}


def _add_history(hotel: Hotel, sent: Node, now: str) -> Row:
    order, state = hotel.orders.get(to_int(sent.text_of("id_order"))), to_int(sent.text_of("id_order_state"))
    if order is None or state not in _STATES:
        raise Crashed(200, "Invalid new order status")
    entry = hotel.set_state(order, state, now)
    return {
        "id": str(entry.id),
        "id_employee": "",
        "id_order_state": entry.state,
        "id_order": str(entry.order_id),
        "date_add": entry.date_add,
    }
