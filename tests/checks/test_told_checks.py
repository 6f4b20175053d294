"""Every field that is told: each one told otherwise, alone, fails under the property that reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import bookings, told
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.history import Kind
from pms_drill.evidence.journal import Event
from tests.checks.literal import held, look, operations, outage, wall

ALL = [
    told.stay_is_repeated,
    told.guest_is_repeated,
    told.availability_fits_together,
    told.reservation_fits_together,
    told.one_reservation_one_id,
    told.total_is_the_pmss,
    told.errors_are_problems,
    told.reference_is_kept,
]
STAY = {"hotel_id": 2, "check_in": "2027-03-02", "check_out": "2027-03-04", "room_type": 2}
MONEY = {"amount": "2000.00", "currency": "PLN"}


def altered(kind: Kind, place: int, header: dict[str, object] | None = None, **changes: object):
    """The outage in which the answer number `place` of a kind has other fields; None leaves one out."""
    ops = operations()
    number = [position for position, op in enumerate(ops) if op.kind is kind][place]
    body = {**ops[number].body, **changes}
    kept = {name: value for name, value in body.items() if value is not MISSING}
    ops[number] = replace(ops[number], body=kept, **(header or {}))
    return outage(operations=ops)


MISSING = object()
#: The place of an answer among those of its kind: by the PMS, the mock, the last answer; confirmed, pending.
BY_PMS, BY_MOCK, STALE, CONFIRMED, PENDING, LATER = 0, 8, 9, 0, 1, 3


@pytest.mark.parametrize("check", ALL)
def test_a_good_outage_passes(check):
    verdict = check(outage())
    assert verdict.outcome is Outcome.PASSED, verdict.why


@pytest.mark.parametrize("check", ALL)
def test_without_guests_nothing_is_known(check):
    assert check(outage(operations=[], ledger=[], bookings=[])).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("check", [told.total_is_the_pmss, told.reference_is_kept])
def test_without_a_final_read_nothing_is_known(check):
    assert check(outage(bookings=None)).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("place", [BY_PMS, BY_MOCK, STALE])
@pytest.mark.parametrize("field", STAY)
@pytest.mark.parametrize("how", ["other", "null", "missing"])
def test_an_answer_about_another_stay_fails(place, field, how):
    value = {"other": STAY[field], "null": None, "missing": MISSING}[how]
    found = told.stay_is_repeated(altered(Kind.AVAILABILITY, place, **{field: value}))
    assert found.outcome is Outcome.FAILED
    assert field in found.seen["answers"]


@pytest.mark.parametrize(("kind", "place"), [*[(Kind.RESERVATION, n) for n in (0, 1)], (Kind.LOOKUP, 0)])
@pytest.mark.parametrize("field", [*STAY, "guest_name", "email"])
def test_an_answer_about_another_guest_or_stay_fails(kind, place, field):
    value = STAY.get(field, "Other Name")
    assert told.guest_is_repeated(altered(kind, place, **{field: value})).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("place", "changes"),
    [
        (BY_PMS, {"available": False}),
        (BY_PMS, {"available": MISSING}),
        (BY_PMS, {"rooms_left": 0}),
        (BY_PMS, {"rooms_left": None}),
        (BY_PMS, {"rooms_left": True}),
        (BY_PMS, {"total": None}),
        (BY_PMS, {"total": MISSING}),
        (BY_PMS, {"total": {"amount": 3075, "currency": "PLN"}}),
        (BY_PMS, {"total": {"amount": "3075.00"}}),
        (BY_PMS, {"binding": False}),
        (BY_PMS, {"source": "cache"}),
        (BY_PMS, {"as_of": wall(5.0)}),
        (BY_PMS, {"as_of": "2027-01-15T08:00:00"}),
        (BY_MOCK, {"available": False}),
        (BY_MOCK, {"rooms_left": 4}),
        (BY_MOCK, {"rooms_left": MISSING}),
        (BY_MOCK, {"total": MONEY}),
        (BY_MOCK, {"total": MISSING}),
        (BY_MOCK, {"binding": True}),
        (BY_MOCK, {"as_of": wall(0.2)}),
        (STALE, {"available": False}),
        (STALE, {"binding": True}),
        (STALE, {"as_of": wall(9.0)}),
    ],
)
def test_an_availability_answer_that_contradicts_itself_fails(place, changes):
    found = told.availability_fits_together(altered(Kind.AVAILABILITY, place, **changes))
    assert found.outcome is Outcome.FAILED


@pytest.mark.parametrize("header", [{"status": 202}, {"media": "text/html"}])
def test_an_availability_answer_of_another_status_or_media_type_fails(header):
    assert told.availability_fits_together(altered(Kind.AVAILABILITY, 0, header)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("kind", "place", "changes"),
    [
        (Kind.RESERVATION, CONFIRMED, {"source": "outbox"}),
        (Kind.RESERVATION, CONFIRMED, {"reason": "sold_out"}),
        (Kind.RESERVATION, CONFIRMED, {"reason": MISSING}),
        (Kind.RESERVATION, CONFIRMED, {"pms_booking_id": None}),
        (Kind.RESERVATION, CONFIRMED, {"total": None}),
        (Kind.RESERVATION, CONFIRMED, {"status": "pending"}),
        (Kind.RESERVATION, PENDING, {"source": "pms"}),
        (Kind.RESERVATION, PENDING, {"reason": "sold_out"}),
        (Kind.RESERVATION, PENDING, {"pms_booking_id": 7}),
        (Kind.RESERVATION, PENDING, {"total": MONEY}),
        (Kind.RESERVATION, PENDING, {"total": MISSING}),
        (Kind.RESERVATION, PENDING, {"status": "rejected", "reason": "sold_out"}),
        (Kind.LOOKUP, 0, {"status": MISSING}),
        (Kind.LOOKUP, 0, {"status": "lost"}),
        (Kind.LOOKUP, 0, {"status": "rejected"}),
        (Kind.LOOKUP, 0, {"status": "rejected", "reason": "bad luck"}),
        (Kind.LOOKUP, LATER, {"source": "outbox"}),
    ],
)
def test_a_reservation_that_contradicts_itself_fails(kind, place, changes):
    assert told.reservation_fits_together(altered(kind, place, **changes)).outcome is Outcome.FAILED


def test_a_rejected_reservation_with_its_reason_fits_together():
    rejected = look(10.95, "bob", "rejected", created=3.25, reason="sold_out")
    evidence = outage(operations=[*operations(), rejected])
    assert told.reservation_fits_together(evidence).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("kind", "place", "header", "changes"),
    [
        (Kind.RESERVATION, PENDING, {}, {"reservation_id": "id-other"}),
        (Kind.RESERVATION, PENDING, {}, {"reservation_id": MISSING}),
        (Kind.LOOKUP, 0, {}, {"reservation_id": "id-other"}),
        (Kind.RESERVATION, PENDING, {"location": ""}, {}),
        (Kind.RESERVATION, PENDING, {"location": "/api/v1/pms/reservations/id-other"}, {}),
        (Kind.RESERVATION, PENDING, {}, {"created_at": wall(9.25)}),
        (Kind.LOOKUP, 0, {}, {"created_at": wall(3.5)}),
        (Kind.LOOKUP, 0, {}, {"created_at": None}),
    ],
)
def test_a_reservation_with_two_ids_or_times_fails(kind, place, header, changes):
    found = told.one_reservation_one_id(altered(kind, place, header, **changes))
    assert found.outcome is Outcome.FAILED


def test_a_time_of_creation_that_all_answers_tell_wrongly_fails():
    ops = [replace(op, body=op.body | {"created_at": wall(60.0)}) if "created_at" in op.body else op
           for op in operations()]  # fmt: skip
    assert told.one_reservation_one_id(outage(operations=ops)).outcome is Outcome.FAILED


@pytest.mark.parametrize(("kind", "place"), [(Kind.RESERVATION, CONFIRMED), (Kind.LOOKUP, LATER)])
def test_a_total_without_tax_fails(kind, place):
    found = told.total_is_the_pmss(altered(kind, place, total=MONEY))
    assert found.outcome is Outcome.FAILED
    assert "2000.00" in found.seen["pms"]
    assert "2460.00 PLN" in found.seen["pms"]


@pytest.mark.parametrize(
    ("header", "changes"),
    [
        ({"media": "application/json"}, {}),
        ({}, {"type": "Not A Slug"}),
        ({}, {"title": MISSING}),
        ({}, {"detail": " "}),
        ({}, {"status": 500}),
    ],
)
def test_a_refusal_that_is_no_problem_fails(header, changes):
    assert told.errors_are_problems(altered(Kind.AVAILABILITY, 2, header, **changes)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "changed",
    [
        [held(11, "ada", source="shop"), held(12, "bob"), held(13, "cat")],
        [held(11, "ada", source="id-bob"), held(12, "bob"), held(13, "cat")],
    ],
    ids=["of the shop", "of another guest"],
)
def test_a_booking_with_another_reference_fails(changed):
    assert told.reference_is_kept(outage(bookings=changed)).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"first_name": "Test", "last_name": "Ada"},
        {"first_name": "Adá"},
        {"last_name": ""},
        {"check_out": "2027-03-04"},
        {"check_in": "2027-02-28"},
        {"room_type": 2},
        {"hotel_id": 2},
        {"lines": 2},
    ],
    ids=str,
)
def test_a_booking_with_another_column_is_mangled(changes):
    found = bookings.none_mangled(outage(bookings=[held(11, "ada", **changes), held(12, "bob"), held(13, "cat")]))
    assert found.outcome is Outcome.FAILED
    assert next(iter(changes)) in found.seen["columns"]


@pytest.mark.parametrize(("name", "outcome"), [("midnight", Outcome.PASSED), ("hang", Outcome.FAILED)])
def test_time_of_creation_by_a_clock_that_a_fault_had_moved_is_not_compared(name: str, outcome: Outcome) -> None:
    """Another fault at the same moment excuses nothing, and neither does a clock that was moved at another time."""
    ops = [replace(op, body=op.body | {"created_at": wall(600.0)}) if "created_at" in op.body else op
           for op in operations()]  # fmt: skip
    around = [Event(-100.0, "fault", name, "arming"), Event(100.0, "fault", name, "healed")]
    assert told.one_reservation_one_id(outage(operations=ops, events=around)).outcome is outcome
    assert told.one_reservation_one_id(outage(operations=ops, events=around[:1])).outcome is outcome
    before = [around[0], replace(around[1], at=-50.0)]
    assert told.one_reservation_one_id(outage(operations=ops, events=before)).outcome is Outcome.FAILED
