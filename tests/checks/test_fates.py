"""One literal history per class, and the near misses that must not be one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks.fates import Class, classify
from pms_drill.evidence.history import Ending
from tests.checks.literal import ask, gone, held, look, reserve

ERROR = {"status": 502, "type": "pms-unavailable"}
NO_ROOM = {"status": 409, "type": "sold-out"}


def fate(history, bookings=()):
    """The classes of the only guest."""
    (only,) = classify(history, bookings)
    return only.classes


def test_a_confirmed_reservation_that_the_pms_holds_is_held():
    assert fate([reserve(1, "ada", order=11)], [held(11, "ada")]) == {Class.HELD}


def test_acknowledged_and_not_in_the_pms_is_lost():
    assert fate([reserve(1, "ada", order=11)]) == {Class.LOST}


def test_acknowledged_and_cancelled_at_the_end_is_lost():
    assert fate([reserve(1, "ada", order=11)], [gone(11, "ada")]) == {Class.LOST}


def test_confirmed_by_a_later_lookup_and_not_in_the_pms_is_lost():
    history = [reserve(1, "ada", status=202), look(2, "ada", "confirmed", order=11)]
    assert fate(history) == {Class.LOST}


def test_pending_and_not_in_the_pms_is_not_lost():
    assert fate([reserve(1, "ada", status=202)]) == {Class.PENDING}


def test_two_live_bookings_of_one_guest_are_duplicated():
    assert fate([reserve(1, "ada", order=11)], [held(11, "ada"), held(12, "ada")]) == {Class.HELD, Class.DUPLICATED}


def test_two_live_rooms_in_one_booking_are_duplicated():
    found = fate([reserve(1, "ada", order=11)], [held(11, "ada", live_lines=2, lines=2)])
    assert found == {Class.HELD, Class.DUPLICATED}


def test_a_surplus_that_was_cancelled_is_a_late_duplicate_and_not_duplicated():
    found = fate([reserve(1, "ada", order=11)], [held(11, "ada"), gone(12, "ada")])
    assert found == {Class.HELD, Class.LATE_DUPLICATE}


def test_bookings_of_two_guests_with_the_same_stay_are_not_duplicated():
    history = [reserve(1, "ada", order=11), reserve(2, "bob", order=12)]
    assert [f.classes for f in classify(history, [held(11, "ada"), held(12, "bob")])] == [{Class.HELD}, {Class.HELD}]


def test_a_booking_of_a_guest_who_only_asked_is_a_phantom():
    assert fate([ask(1, "ada")], [held(11, "ada")]) == {Class.PHANTOM}


@pytest.mark.parametrize(
    "told",
    [NO_ROOM, {"status": 422}, {"status": 404}, {"status": 503, "type": "breaker-open"}],
    ids=["sold out", "bad input", "unknown", "breaker"],
)
def test_a_booking_after_a_certain_refusal_is_a_phantom(told):
    assert fate([reserve(1, "ada", **told)], [held(11, "ada")]) == {Class.PHANTOM}
    assert fate([reserve(1, "ada", **told)]) == {Class.ABSENT}


@pytest.mark.parametrize("state", ["rejected", "expired"])
def test_a_booking_of_a_reservation_that_ended_without_one_is_a_phantom(state):
    history = [reserve(1, "ada", status=202), look(2, "ada", state)]
    assert fate(history, [held(11, "ada")]) == {Class.PHANTOM}
    assert fate(history, [gone(11, "ada")]) == {Class.ABSENT}


def test_confirmed_and_then_rejected_while_held_is_a_phantom_too():
    history = [reserve(1, "ada", order=11), look(2, "ada", "rejected")]
    assert Class.PHANTOM in fate(history, [held(11, "ada")])


def test_a_booking_of_nobody_in_the_history_is_foreign():
    ours, foreign = classify([reserve(1, "ada", order=11)], [held(11, "ada"), held(12, "zoe"), held(13, "zoe")])
    assert ours.classes == {Class.HELD}
    assert foreign.classes == {Class.FOREIGN}
    assert foreign.token == "zoe@run.example"


def test_an_error_told_and_a_booking_is_an_orphan():
    assert fate([reserve(1, "ada", **ERROR)], [held(11, "ada")]) == {Class.ORPHAN}
    assert fate([reserve(1, "ada", **ERROR)]) == {Class.ABSENT}


def test_no_answer_and_a_booking_is_recovered_and_no_orphan():
    assert fate([reserve(1, "ada", status=None)], [held(11, "ada")]) == {Class.RECOVERED}


def test_pending_then_confirmed_and_held_is_recovered():
    history = [reserve(1, "ada", status=202), look(2, "ada", "pending"), look(3, "ada", "confirmed", order=11)]
    assert fate(history, [held(11, "ada")]) == {Class.RECOVERED}


def test_pending_last_is_pending_whether_held_or_not():
    history = [reserve(1, "ada", status=202), look(2, "ada", "pending")]
    assert fate(history) == {Class.PENDING}
    assert fate(history, [held(11, "ada")]) == {Class.PENDING}


def test_left_to_a_person_is_unresolved():
    assert fate([reserve(1, "ada", status=202), look(2, "ada", "unresolved")]) == {Class.UNRESOLVED}


def test_confirmed_by_the_mock_is_mock_acked_and_lost():
    assert fate([reserve(1, "ada", order=11, source="mock")]) == {Class.MOCK_ACKED, Class.LOST}


@pytest.mark.parametrize("told", [4711, None])
def test_a_number_that_the_pms_does_not_know_is_mock_acked_although_a_room_is_held_later(told):
    assert fate([reserve(1, "ada", order=told)], [held(11, "ada")]) == {Class.MOCK_ACKED, Class.HELD}


@pytest.mark.parametrize(
    "changes", [{"check_in": "2027-03-02"}, {"check_out": "2027-03-04"}, {"room_type": 2}], ids=str
)
def test_held_for_another_stay_is_mangled(changes):
    assert fate([reserve(1, "ada", order=11)], [held(11, "ada", **changes)]) == {Class.HELD, Class.MANGLED}


def test_a_cancelled_booking_for_another_stay_is_not_mangled():
    found = fate([reserve(1, "ada", order=11)], [held(11, "ada"), held(12, "ada", room_type=2, live_lines=0)])
    assert found == {Class.HELD, Class.LATE_DUPLICATE}


def test_told_under_the_number_of_the_cancelled_one_is_mangled():
    found = fate([reserve(1, "ada", order=12)], [held(11, "ada"), gone(12, "ada")])
    assert found == {Class.HELD, Class.LATE_DUPLICATE, Class.MANGLED}


def test_addresses_are_the_same_whatever_their_case():
    assert fate([reserve(1, "ada", order=11)], [held(11, "ada", email="Ada@Run.example")]) == {Class.HELD}


def test_two_reservations_of_one_guest_cannot_be_told_apart():
    with pytest.raises(ValueError, match=r"ada@run\.example made more than one"):
        classify([reserve(1, "ada", order=11), reserve(2, "ada", order=12)], [])


def test_a_lookup_without_an_answer_is_no_last_word():
    history = [reserve(1, "ada", status=202), look(2, "ada", "confirmed", order=11)]
    failed = look(3, "ada", "pending")
    history.append(type(failed)(failed.guest, failed.kind, failed.phase, 3, 4, None, {}, error="ReadTimeout"))
    assert fate(history, [held(11, "ada")]) == {Class.RECOVERED}


def test_the_story_is_the_smallest_piece_of_history():
    history = [ask(1, "ada"), reserve(2, "ada", status=202)]
    history += [look(3, "ada", "pending"), look(4, "ada", "confirmed", order=11), look(5, "ada", "confirmed", order=11)]
    (found,) = classify(history, [gone(11, "ada")])
    assert found.story == (
        "ada@run.example: 1.00 s reservation -> 202 pending; 3.00 s lookup -> 200 confirmed #11; "
        "4.00 s lookup -> 200 confirmed #11; PMS: #11 not live 2027-03-01 to 2027-03-03 room type 1"
    )


def test_the_story_of_nobody_says_so():
    (found,) = classify([], [held(11, "zoe", live_lines=2)])
    assert found.story.startswith("zoe@run.example: no reservation; PMS: #11 2 rooms")


@pytest.mark.parametrize(
    ("told", "ending"),
    [
        ({"order": 1}, Ending.OK),
        ({"status": 202}, Ending.INFO),
        ({"status": None}, Ending.INFO),
        ({"status": 500}, Ending.INFO),
        ({"status": 503}, Ending.INFO),
        ({"status": 409, "type": "request-in-progress"}, Ending.INFO),
        (NO_ROOM, Ending.FAIL),
        ({"status": 503, "type": "breaker-open"}, Ending.FAIL),
        ({"status": 503, "type": "outbox-full"}, Ending.FAIL),
        ({"status": 503, "type": "outbox-unusable"}, Ending.FAIL),
        ({"status": 503, "type": "pms-busy"}, Ending.FAIL),
    ],
    ids=str,
)
def test_an_operation_is_unknown_when_in_doubt(told, ending):
    assert reserve(1, "ada", **told).ending is ending


def keyed(operation, key="k"):
    return replace(operation, key=key)


def test_a_request_repeated_with_its_key_is_one_reservation():
    history = [keyed(reserve(1, "ada", status=None)), keyed(reserve(2, "ada", order=11))]
    assert fate(history, [held(11, "ada")]) == {Class.RECOVERED}


def test_a_request_repeated_with_another_key_cannot_be_told_apart():
    with pytest.raises(ValueError, match="made more than one"):
        classify([keyed(reserve(1, "ada", order=11)), keyed(reserve(2, "ada", order=12), "other")], [])


def test_under_way_is_no_word_about_the_reservation():
    history = [keyed(reserve(1, "ada", status=409, type="request-in-progress"))]
    assert fate(history, [held(11, "ada")]) == {Class.RECOVERED}
    assert fate([keyed(reserve(0.5, "ada", status=202)), *history]) == {Class.PENDING}


def test_confirmed_and_then_refused_for_the_same_key_while_held_is_a_phantom():
    history = [keyed(reserve(1, "ada", order=11)), keyed(reserve(2, "ada", **NO_ROOM))]
    assert Class.PHANTOM in fate(history, [held(11, "ada")])
