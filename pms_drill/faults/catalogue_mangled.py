"""The faults where the PMS does the work and its answer, status unchanged, cannot be read. By default bookings only."""

from __future__ import annotations

from typing import Any

from pms_drill.faults.catalogue_midway import BOOKING
from pms_drill.faults.http_rules import HttpRule, Match
from pms_drill.faults.lifecycle import Fault
from pms_drill.faults.proofs import Proof, body_begins, json_field, shortened

_WARNING = "<br />\n<b>Warning</b>:  Undefined array key in <b>index.php</b> on line <b>1</b><br />\n"


def truncated_json(match: Match = BOOKING, *, keep: int = 20) -> Fault:
    """A piece of the body is missing and its length is told correctly: nothing but the JSON shows it."""
    return _mangled(
        "truncated_json",
        f"answers end after {keep} bytes, with the correct length",
        {"how": "truncate", "keep": keep, "length": "correct"},
        shortened(keep),
        match,
    )


def warning_first(match: Match = BOOKING) -> Fault:
    """A PHP warning stands in front of the JSON."""
    return _mangled(
        "warning_first",
        "a PHP warning stands in front of the JSON",
        {"how": "prefix", "text": _WARNING},
        body_begins(_WARNING.encode()),
        match,
    )


def wrong_charset(match: Match = BOOKING) -> Fault:
    """The body is UTF-16, the headers do not say so."""
    return _mangled(
        "wrong_charset",
        "answers are UTF-16 and do not say so",
        {"how": "recode", "charset": "utf-16"},
        body_begins("p".encode("utf-16")),
        match,
    )


def field_missing(field: str, match: Match = BOOKING) -> Fault:
    """The JSON lacks a field. `field`: names with dots, "booking.id"."""
    return _mangled(
        "field_missing",
        f"answers lack the field {field}",
        {"how": "drop_field", "field": field},
        json_field(field, "missing"),
        match,
    )


def wrong_type(field: str, to: str, match: Match = BOOKING) -> Fault:
    """A field of the JSON has another type.

    Args:
        field: names with dots, "booking.id".
        to: string, number, boolean, null, list or object.
        match: which requests.
    """
    return _mangled(
        "wrong_type",
        f"in answers the field {field} is of type {to}",
        {"how": "set_field", "field": field, "to": to},
        json_field(field, to),
        match,
    )


def _mangled(name: str, tells: str, change: dict[str, Any], proof: Proof, match: Match) -> Fault:
    return Fault(
        name=name,
        cause="A",
        tells=tells,
        client_sees="status 200 with a body that is not as agreed",
        pms_did_the_work=True,
        action=HttpRule(name, lambda: {"kind": "mutate_body", "change": change}, match),
        proof=proof,
        probe=match.probe(),
    )
