"""The checks of bookings: pass, fail with the history that proves it, unknown when there is nothing to judge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import bookings
from pms_drill.checks.attempts import attempts, early_repeats
from pms_drill.checks.verdict import Outcome
from tests.checks.literal import (
    LINES,
    ORDERS,
    booked,
    call,
    expectation,
    gone,
    held,
    ledger,
    look,
    operations,
    outage,
    reserve,
)

ALL = [
    bookings.none_lost,
    bookings.none_duplicated,
    bookings.no_phantom,
    bookings.none_mangled,
    bookings.pending_ones_end,
    bookings.confirmed_only_when_held,
    bookings.no_orphan,
]
GOOD = [held(11, "ada"), held(12, "bob"), held(13, "cat")]


def also(*told, **changes):
    return outage(operations=[*operations(), *told], **changes)


@pytest.mark.parametrize("check", ALL)
def test_a_good_outage_passes(check):
    verdict = check(outage())
    assert verdict.outcome is Outcome.PASSED, verdict.why


@pytest.mark.parametrize("check", ALL)
def test_without_a_final_read_or_without_guests_nothing_is_known(check):
    assert check(outage(bookings=None)).outcome is Outcome.UNKNOWN
    assert check(outage(operations=[], ledger=[], bookings=[])).outcome is Outcome.UNKNOWN


def test_bookings_of_others_are_told_and_not_counted():
    evidence = outage(bookings=[*GOOD, held(90, "zoe"), held(91, "zoe"), held(92, "yan", room_type=4)])
    for check in ALL:
        found = check(evidence)
        assert found.outcome is Outcome.PASSED, found.why
        assert found.seen["pms"].endswith("; 3 bookings of others")


def test_a_lost_booking_is_shown_with_its_history():
    found = bookings.none_lost(outage(bookings=[*GOOD[1:], gone(11, "ada")]))
    assert found.outcome is Outcome.FAILED
    assert found.seen["history"].startswith("1 lost: ada@run.example: 0.40 s reservation -> 201 confirmed #11;")


def test_without_any_confirmation_nothing_can_be_lost():
    evidence = outage(operations=[reserve(3.3, "bob", "open", status=202)], bookings=[])
    assert bookings.none_lost(evidence).outcome is Outcome.UNKNOWN


def test_two_rooms_of_one_guest_fail():
    found = bookings.none_duplicated(outage(bookings=[*GOOD, held(14, "cat")]))
    assert found.outcome is Outcome.FAILED
    assert "1 duplicated: cat@run.example" in found.seen["history"]


def test_a_surplus_that_the_agent_cancelled_passes_when_nothing_was_repeated():
    found = bookings.none_duplicated(outage(bookings=[*GOOD, gone(14, "cat")]))
    assert found.outcome is Outcome.PASSED
    assert "1 late-duplicate" in found.seen["pms"]


@pytest.mark.parametrize("final", [[*GOOD, gone(14, "cat")], None], ids=["surplus cancelled", "not read"])
def test_a_booking_that_is_repeated_at_once_fails_although_the_surplus_is_cancelled_later(final):
    calls = [e for e in ledger() if e.received < 8.0] + [booked(8.11, "cat"), booked(8.62, "cat")]
    found = bookings.none_duplicated(outage(ledger=calls, bookings=final))
    assert found.outcome is Outcome.FAILED
    assert "8.11 s POST /api/bookings, 8.62 s POST /api/bookings, 0.51 s apart instead of 1.5 s" in found.seen["ledger"]


def test_a_repetition_is_not_judged_where_requests_come_late():
    evidence = outage(ledger=[*ledger(), booked(8.62, "cat")], expectation=expectation(delays_requests=True))
    assert bookings.none_duplicated(evidence).outcome is Outcome.PASSED


def test_no_booking_held_is_unknown_for_duplicates():
    assert bookings.none_duplicated(outage(bookings=[])).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("entries", "needed"),
    [
        ([booked(1.0, "ada", 500), booked(2.6, "ada")], []),
        ([booked(1.0, "ada", 500), booked(2.3, "ada")], [1.5]),
        ([booked(1.0, "ada", 200), booked(2.3, "ada")], [1.5]),
        ([booked(1.0, "ada", None), booked(2.3, "ada")], [1.5]),
        ([booked(1.0, "ada", 403), booked(1.1, "ada")], []),
        ([booked(1.0, "ada", 403, delivered=None), booked(1.1, "ada")], [1.5]),
        ([booked(1.0, "ada", 500), booked(2.6, "ada", 500), booked(4.2, "ada")], [3.0]),
        ([booked(1.0, "ada", 500), booked(2.6, "ada", 500), booked(5.7, "ada")], []),
        ([booked(1.0, "ada", 500), booked(1.1, "bob")], []),
    ],
    ids=["settled", "too soon", "answer lost", "cut", "refused", "refusal lost", "not doubled", "doubled", "others"],
)
def test_only_an_unknown_booking_must_settle_and_each_further_one_twice_as_long(entries, needed):
    found = early_repeats(attempts(entries, {"ada@run.example", "bob@run.example"}), settle=1.5)
    assert [repeat.needed for repeat in found] == needed


def test_booking_requests_are_attributed_by_the_address_in_their_body():
    xml = call(2.0, "/shop/api/bookings/", request_body="<email><![CDATA[Ada@Run.example]]></email>", method="POST")
    other = [booked(1.0, "zoe"), call(1.5, LINES), call(3.0, request_body="ada@run.example")]
    assert attempts([*other, xml], {"ada@run.example"}) == {"ada@run.example": [xml]}


def test_a_room_after_a_refusal_is_a_phantom():
    found = bookings.no_phantom(also(reserve(7.5, "dan", "recovered", status=409), bookings=[*GOOD, held(14, "dan")]))
    assert found.outcome is Outcome.FAILED
    assert "1 phantom: dan@run.example" in found.seen["history"]


def test_a_room_of_a_guest_who_only_asked_is_a_phantom():
    assert bookings.no_phantom(outage(bookings=[*GOOD, held(14, "old")])).outcome is Outcome.FAILED


def test_another_room_type_is_mangled():
    found = bookings.none_mangled(outage(bookings=[held(11, "ada", room_type=2), *GOOD[1:]]))
    assert found.outcome is Outcome.FAILED
    assert "room type 2" in found.seen["history"]


def test_no_booking_held_is_unknown_for_mangled_ones():
    assert bookings.none_mangled(outage(bookings=[gone(11, "ada")])).outcome is Outcome.UNKNOWN


def ending(state, at, *final, order=None):
    told = [op for op in operations() if op.guest.email != "cat@run.example"]
    told += [reserve(8.1, "cat", "strike", status=202), look(at, "cat", state, order=order)]
    return outage(operations=told, bookings=[*GOOD[:2], *final])


@pytest.mark.parametrize("state", ["rejected", "expired"])
def test_a_pending_one_that_ends_without_a_room_is_not_held(state):
    assert bookings.pending_ones_end(ending(state, 10.0)).outcome is Outcome.PASSED
    assert bookings.pending_ones_end(ending(state, 10.0, held(13, "cat"))).outcome is Outcome.FAILED


def test_a_pending_one_that_is_confirmed_is_held():
    assert bookings.pending_ones_end(ending("confirmed", 10.0, held(13, "cat"), order=13)).outcome is Outcome.PASSED
    assert bookings.pending_ones_end(ending("confirmed", 10.0, order=13)).outcome is Outcome.FAILED


@pytest.mark.parametrize("state", ["pending", "unresolved"])
def test_a_pending_one_fails_only_after_the_time_that_it_may_take(state):
    # Two attempts (8.11, 10.0): 10.0 + 2 x 1.5 settle + 1 wait + 0.5 probe + 2 x 2 x 0.5 queue + 0.4 rounds + 0.25.
    due = 10.0 + 3.0 + 1.0 + 0.5 + 2.0 + 0.4 + 0.25
    assert bookings.pending_ones_end(ending(state, due - 0.1)).outcome is Outcome.UNKNOWN
    found = bookings.pending_ones_end(ending(state, due + 0.1))
    assert found.outcome is Outcome.FAILED
    assert "due at 17.05 s" in found.seen["history"]


def test_a_pending_one_that_nobody_looked_up_is_unknown():
    told = [op for op in operations() if op.guest.email != "cat@run.example" or op.status == 202]
    assert bookings.pending_ones_end(outage(operations=told)).outcome is Outcome.UNKNOWN


def test_a_pending_one_that_the_agent_forgot_fails():
    forgotten = replace(look(9.0, "cat", "pending"), status=404, body={})
    told = [op for op in operations() if op.guest.email != "cat@run.example" or op.status == 202]
    assert bookings.pending_ones_end(outage(operations=[*told, forgotten])).outcome is Outcome.FAILED


def test_no_pending_one_is_unknown():
    assert bookings.pending_ones_end(outage(operations=operations()[:3])).outcome is Outcome.UNKNOWN


def test_a_confirmation_without_a_booking_request_fails():
    invented = reserve(3.3, "dan", "open", order=99)
    found = bookings.confirmed_only_when_held(also(invented, bookings=[*GOOD, held(99, "dan")]))
    assert found.outcome is Outcome.FAILED
    assert "confirmed without a booking request: dan@run.example: 3.20 s" in found.seen["history"]


def test_a_confirmation_before_the_booking_request_fails_although_it_follows():
    early = reserve(3.3, "dan", "open", order=99)
    evidence = also(early, ledger=[*ledger(), booked(7.0, "dan")], bookings=[*GOOD, held(99, "dan")])
    assert bookings.confirmed_only_when_held(evidence).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("more", "outcome"),
    [([], Outcome.FAILED), ([call(8.31, ORDERS, 500)], Outcome.FAILED), ([call(8.31, ORDERS)], Outcome.PASSED)],
    ids=["no read", "failed read", "read back"],
)
def test_a_confirmation_after_a_failed_booking_request_needs_a_read_of_the_pms(more, outcome):
    told = reserve(8.3, "dan", "strike", order=99)
    calls = [*ledger(), booked(8.301, "dan", 500), *more]
    evidence = also(told, ledger=calls, bookings=[*GOOD, held(99, "dan")])
    assert bookings.confirmed_only_when_held(evidence).outcome is outcome


def test_an_invented_number_fails():
    told = reserve(8.3, "dan", "strike", order=4711)
    evidence = also(told, ledger=[*ledger(), booked(8.301, "dan")], bookings=[*GOOD, held(99, "dan")])
    found = bookings.confirmed_only_when_held(evidence)
    assert found.outcome is Outcome.FAILED
    assert "a number it does not know" in found.seen["history"]


@pytest.mark.parametrize("calls", [[], [booked(0.505, "")]], ids=["no ledger", "not attributed"])
def test_confirmations_without_a_witness_are_unknown(calls):
    assert bookings.confirmed_only_when_held(outage(ledger=calls)).outcome is Outcome.UNKNOWN


def test_an_error_told_while_a_room_is_held_fails():
    told = reserve(8.3, "dan", "strike", status=502, type="pms-unavailable")
    found = bookings.no_orphan(also(told, bookings=[*GOOD, held(99, "dan")]))
    assert found.outcome is Outcome.FAILED
    assert "1 orphan: dan@run.example" in found.seen["history"]


def test_guests_who_met_the_fault_and_were_confirmed_are_no_orphans():
    met = [reserve(8.2, "cat", "strike", order=13)]
    assert bookings.no_orphan(outage(operations=[*operations()[:3], *met])).outcome is Outcome.PASSED


def test_only_good_answers_say_nothing_about_orphans():
    assert bookings.no_orphan(outage(operations=operations()[:3])).outcome is Outcome.UNKNOWN
