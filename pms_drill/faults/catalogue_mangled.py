"""The faults where the PMS does the work and its answer, status unchanged, cannot be read. By default bookings only."""

from __future__ import annotations

from pms_drill.faults import symptoms
from pms_drill.faults.catalogue_midway import BOOKING
from pms_drill.faults.http_rules import Effect, HttpRule, Match
from pms_drill.faults.lifecycle import Fault
from pms_drill.faults.owed import Owed, Runs, in_flight, opens
from pms_drill.faults.proofs import (
    Proof,
    body_begins,
    body_holds,
    body_longer_than,
    broken_off,
    json_field,
    repeated,
    shortened,
)
from pms_drill.faults.scale import Scale
from pms_drill.faults.story import Story

TITLE = "Bodies: the work is done and the answer cannot be read"

_WARNING = "<br />\n<b>Warning</b>:  Undefined array key in <b>index.php</b> on line <b>1</b><br />\n"
_PAGE = "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>We will be back soon.</body></html>"
#: Far above any answer of the PMS, and quick to send on loopback.
_HUGE = 2_000_000
#: What is owed where the row of a fault says nothing else.
_IDLE = in_flight("bad_answer", runs=Runs.WEEKLY)
#: Where a lenient parser may read the answer, and a strict one may not: both are right.
_EITHER = in_flight(runs=Runs.WEEKLY)
_METRICS = '`kind="bad_answer"`; no dashboard of statuses shows it.'


def faults(scale: Scale) -> list[Fault]:  # noqa: ARG001 - bodies do not depend on it
    """All of this kind."""
    return [
        truncated_json(),
        cut_in_body(),
        warning_first(),
        wrong_charset(),
        byte_order_mark(),
        field_missing("booking.id"),
        wrong_type("booking.id", "object"),
        field_twice("booking.id", "null"),
        page_200(),
        huge_200(),
        other_booking(),
        other_stay(),
    ]


def truncated_json(match: Match = BOOKING, *, keep: int = 20) -> Fault:
    """A piece of the body is missing and its length is told correctly: nothing but the JSON shows it."""
    return _mangled(
        "truncated_json",
        f"answers end after {keep} bytes, with the correct length",
        {"how": "truncate", "keep": keep, "length": "correct"},
        shortened(keep),
        match,
        "Not the same as `cut_in_body`: HTTP is in order here, only the JSON is not. Some parsers repair it.",
        "A database column that is too short.",
        in_flight("bad_answer"),
    )


def cut_in_body(match: Match = BOOKING, *, keep: int = 20) -> Fault:
    """The body breaks off: fewer bytes than promised, then the connection ends."""
    return Fault(
        name="cut_in_body",
        cause="D",
        tells=f"answers break off after {keep} bytes of their body, their length promises more",
        client_sees="connection closed inside the body of an answer",
        pms_did_the_work=True,
        owes=in_flight("lost", runs=Runs.WEEKLY),
        symptom=symptoms.BROKEN_OFF,
        action=HttpRule(
            "cut_in_body",
            lambda: {"kind": "mutate_body", "change": {"how": "truncate", "keep": keep, "length": "original"}},
            match,
        ),
        proof=broken_off(),
        probe=match.probe(),
        story=Story(
            how="The fault proxy sends the head with the full length, a piece of the body, and closes.",
            metrics='`kind="lost"`.',
            trap="The status 200 has arrived, and code that acts on the status before the body is complete has acted "
            "already. Toxiproxy can do it too (`limit_data`), but it counts over all exchanges of a connection, so "
            "which request it hits depends on the ones before.",
            example="The PMS is restarted while it answers.",
        ),
    )


def warning_first(match: Match = BOOKING) -> Fault:
    """A PHP warning stands in front of the JSON."""
    return _mangled(
        "warning_first",
        "a PHP warning stands in front of the JSON",
        {"how": "prefix", "text": _WARNING},
        body_begins(_WARNING.encode()),
        match,
        "The booking *is* in the text behind the warning; who cuts it out by hand relies on luck.",
        "A PHP update with warnings shown.",
        in_flight("bad_answer"),
    )


def wrong_charset(match: Match = BOOKING) -> Fault:
    """The body is UTF-16, the headers do not say so."""
    return _mangled(
        "wrong_charset",
        "answers are UTF-16 and do not say so",
        {"how": "recode", "charset": "utf-16"},
        body_begins("p".encode("utf-16")),
        match,
        "Python's `json.loads` of *bytes* guesses UTF-16 and reads it; of text it does not. So two agents may differ "
        "here, and both are right if the booking is.",
        "A proxy that converts.",
        _EITHER,
    )


def byte_order_mark(match: Match = BOOKING) -> Fault:
    """A byte order mark stands in front of the JSON."""
    return _mangled(
        "byte_order_mark",
        "a byte order mark stands in front of the JSON",
        {"how": "recode", "charset": "utf-8-sig"},
        body_begins("p".encode("utf-8-sig")),
        match,
        "Three invisible bytes: the answer looks perfect in every log. Some parsers skip them, others refuse.",
        "A PHP file saved by an editor that adds the mark.",
        _EITHER,
    )


def field_missing(field: str, match: Match = BOOKING) -> Fault:
    """The JSON lacks a field. `field`: names with dots, "booking.id"."""
    return _mangled(
        "field_missing",
        f"answers lack the field {field}",
        {"how": "drop_field", "field": field},
        json_field(field, "missing"),
        match,
        '`answer.get("id")` makes `None` of it, and the guest gets a confirmation without a number.',
        "An update of the PMS that renames a field.",
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
        "PHP turns an empty object into `[]` and numbers into strings by itself; the rarer type is met in production.",
        "PHP's `json_encode` of an empty array.",
    )


def field_twice(field: str, to: str, match: Match = BOOKING) -> Fault:
    """The JSON has a field twice, with different values.

    Args:
        field: names with dots, "booking.id".
        to: type of the second value.
        match: which requests.
    """
    return _mangled(
        "field_twice",
        f"answers have the field {field} twice, the second one is of type {to}",
        {"how": "repeat_field", "field": field, "to": to},
        repeated(field.rpartition(".")[2]),
        match,
        "Which of the two counts is left open by the standard (RFC 8259, 4): Python takes the last, others the first, "
        "and a proxy that checks the body may see another value than the agent.",
        "Modules that print JSON by hand.",
    )


def page_200(match: Match = BOOKING) -> Fault:
    """A page for people, as a maintenance plug-in shows it, with status 200."""
    return _replaced(
        "page_200",
        "answers are an HTML page with status 200",
        _PAGE,
        body_holds(b"back soon"),
        match,
        "The PMS has done the work; `garbage_200` looks the same and there it has not.",
        "A maintenance page in front of the PMS.",
    )


def huge_200(match: Match = BOOKING) -> Fault:
    """An answer of two million bytes that is no JSON."""
    return _replaced(
        "huge_200",
        f"answers are {_HUGE:,} bytes long and no JSON",
        "[" * _HUGE,
        body_longer_than(_HUGE - 1),
        match,
        "The body consists of opening brackets: a recursive parser falls over its own depth (`RecursionError`, which "
        "is no `ValueError`), and a client without a limit keeps all of it.",
        "A debug mode that prints the session.",
    )


def other_booking(match: Match = BOOKING) -> Fault:
    """A well-formed answer about something else."""
    return _replaced(
        "other_booking",
        "answers are well-formed and tell of another booking",
        '{"booking":{"id":"1","id_property":"1","currency":"PLN","booking_status":"1","payment_status":"1",'
        '"source":"somebody else","booking_date":"2020-01-01 00:00:00","associations":{"room_types":[]}}}',
        body_holds(b"somebody else"),
        match,
        "Every check of format passes. Only who compares the answer with the question notices.",
        "A cache on the way that ignores the body of a POST.",
    )


def other_stay() -> Fault:
    """A well-formed answer to a question that somebody else asked."""
    return _replaced(
        "other_stay",
        "questions are answered for another hotel and other dates",
        '{"hotel_ari":{"id_hotel":"9","date_from":"2020-01-01","date_to":"2020-01-02","currency":"PLN",'
        '"total_rooms":9,"total_available_rooms":9,"room_types":[{"id_room_type":1,"total_price_with_tax":1},'
        '{"id_room_type":2,"total_price_with_tax":1},{"id_room_type":3,"total_price_with_tax":1},'
        '{"id_room_type":4,"total_price_with_tax":1}]}}',
        body_holds(b"2020-01-02"),
        Match(method="POST", path="/api/hotel_ari"),
        "Rooms, price and currency are all there. Who does not compare hotel and dates with the question sells them.",
        "A cache on the way that ignores the body of a POST.",
        opens("bad_answer", experiment="what_counts"),
    )


def _mangled(
    name: str,
    tells: str,
    change: Effect,
    proof: Proof,
    match: Match,
    trap: str,
    example: str,
    owes: Owed = _IDLE,
) -> Fault:
    how = "The fault proxy takes the PMS's answer, changes its body and passes it on."
    return _unreadable(name, tells, {"kind": "mutate_body", "change": change}, proof, match, how, trap, example, owes)


def _replaced(
    name: str, tells: str, body: str, proof: Proof, match: Match, trap: str, example: str, owes: Owed = _IDLE
) -> Fault:
    how = "The fault proxy takes the PMS's answer and gives it another body; the status stays."
    return _unreadable(name, tells, {"kind": "replace_body", "body": body}, proof, match, how, trap, example, owes)


def _unreadable(
    name: str, tells: str, effect: Effect, proof: Proof, match: Match, how: str, trap: str, example: str, owes: Owed
) -> Fault:
    return Fault(
        name=name,
        cause="A",
        tells=tells,
        client_sees="status 200 with a body that is not as agreed",
        pms_did_the_work=True,
        owes=owes,
        symptom=symptoms.UNREADABLE,
        action=HttpRule(name, lambda: effect, match),
        proof=proof,
        probe=match.probe(),
        story=Story(how=how, metrics=_METRICS, trap=trap, example=example),
    )
