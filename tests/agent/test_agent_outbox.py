"""The outbox worker: late arrivals, duplicates, silent cancellations, expiry."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.agent.scripted_pms import Act, ScriptedPms, answers, hang, refuses, reset, works_then
from tests.agent.support import PATIENT, RunningAgent, StartAgent, day, eventually

PLN = {"PMS_CURRENCY": "PLN"}


def pending(agent: RunningAgent, **wish: object) -> str:
    """Book, expect 202, give the id."""
    answer = agent.book(**wish)
    assert answer.status_code == 202, answer.text
    found: str = answer.json()["reservation_id"]
    return found


def gaps(pms: ScriptedPms, operation: str) -> list[float]:
    return [later.at - earlier.at for earlier, later in itertools.pairwise(pms.of(operation))]


def test_what_was_never_sent_is_booked_when_the_pms_is_back(agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.down()
    ids = [pending(agent, email=f"guest{n}@example.com") for n in range(3)]
    assert agent.metric("pms_reservations_pending") == 3
    pms.up()
    for reservation in ids:
        body = agent.becomes(reservation, "confirmed")
        assert body["source"] == "pms"
        assert body["total"] == {"amount": "2460.00", "currency": "PLN"}
    eventually(lambda: agent.metric("pms_reservations_pending") == 0)
    assert [order.guest["email"] for order in pms.orders] == [f"guest{n}@example.com" for n in range(3)]
    assert pms.most_bookings_at_once == 1


def test_the_worker_reads_back_before_it_books(agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.down()
    reservation = pending(agent)
    pms.up()
    agent.becomes(reservation, "confirmed")
    operations = [call.operation for call in pms.calls]
    assert operations.index("orders") < operations.index("booking")


def test_a_reservation_whose_guest_waits_is_not_the_workers(start_agent: StartAgent, pms: ScriptedPms) -> None:
    """The worker sees it as soon as it is written down; whoever books it, the guest must be told what came of it."""
    agent = start_agent(PMS_OUTBOX_INTERVAL="0.001", **PLN, **PATIENT)
    pms.next("booking", *[refuses("Invalid room type in the request")] * 60)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda n: agent.book(email=f"guest{n}@example.com").status_code, range(60)))
    assert Counter(told) == {404: 60}
    assert not pms.of("orders"), "the worker reads back before it books"


def test_the_worker_leaves_an_open_breaker_alone_and_counts_no_rejection(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60", PMS_OUTBOX_INTERVAL="0.02", **PLN)
    pms.next("availability", *[answers(500)] * 5)
    for _ in range(5):
        agent.ask()
    pending(agent)
    before = pms.count()
    # Fifty requests take longer than several rounds of the worker.
    for _ in range(50):
        agent.ask(room_type=2)
    assert pms.count() == before
    for operation in ("readback", "cancel"):
        assert agent.metric("pms_circuit_breaker_rejections_total", operation=operation) == 0
    assert agent.metric("pms_circuit_breaker_rejections_total", operation="reservation") == 1


def test_a_late_arrival_is_found_and_not_booked_again(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_SETTLE="1.5", **PLN, **PATIENT)
    pms.next("booking", pms.hold())
    reservation = pending(agent)
    pms.deliver()
    body = agent.becomes(reservation, "confirmed")
    assert body["pms_booking_id"] == pms.live[0].id
    assert pms.count("booking") == 1


def test_what_waits_for_a_blocked_hotel_does_not_keep_the_blocker_from_being_read_back(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    settle = 8.0
    agent = start_agent(PMS_SETTLE=str(settle), **PLN, **PATIENT)
    pms.next("booking", pms.hold())
    first = pending(agent, email="first@example.com")
    second = pending(agent, email="second@example.com")
    pms.deliver()
    for reservation in (first, second):
        agent.becomes(reservation, "confirmed")
    sent = pms.of("booking")
    assert sent[1].at - sent[0].at < 0.9 * settle
    assert len(sent) == len(pms.live) == 2


def test_nothing_is_repeated_before_it_has_settled(start_agent: StartAgent, pms: ScriptedPms) -> None:
    settle = 0.8
    agent = start_agent(PMS_SETTLE=str(settle), PMS_OUTBOX_INTERVAL="0.05", **PLN, **PATIENT)
    pms.next("booking", reset, reset, reset)
    reservation = pending(agent)
    agent.becomes(reservation, "confirmed", within=15)
    assert pms.count("booking") == 4
    first, second, third = gaps(pms, "booking")
    assert first >= 0.95 * settle
    assert second >= 0.95 * 2 * settle
    assert third >= 0.95 * 4 * settle
    assert len(pms.live) == 1


def test_a_late_duplicate_is_cancelled_and_the_told_one_kept(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_SETTLE="0.5", **PLN, **PATIENT)
    pms.next("booking", pms.hold())
    reservation = pending(agent)
    told = agent.becomes(reservation, "confirmed")["pms_booking_id"]
    pms.deliver()
    assert len(pms.live) == 2
    eventually(lambda: len(pms.live) == 1)
    assert pms.live[0].id == told
    assert agent.look_up(reservation)["pms_booking_id"] == told
    assert eventually(lambda: agent.metric("pms_duplicates_cancelled_total")) == 1
    assert agent.metric("pms_api_calls_total", operation="cancel", status="success") == 1
    assert pms.count("cancel") == 1


def test_of_two_bookings_of_which_none_was_told_the_lowest_is_kept(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_SETTLE="0.5", **PLN, **PATIENT)

    async def twice(request: object, work: object) -> object:
        work(), work()  # type: ignore[operator]
        pms.always("orders", answers(500))
        return await reset(request, work)  # type: ignore[arg-type]

    pms.next("booking", twice)  # type: ignore[arg-type]
    reservation = pending(agent)
    pms.heal()
    body = agent.becomes(reservation, "confirmed")
    lowest = min(order.id for order in pms.orders)
    assert body["pms_booking_id"] == lowest
    eventually(lambda: [order.id for order in pms.live] == [lowest])


def test_a_cancel_that_fails_is_tried_again(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_SETTLE="0.4", **PLN, **PATIENT)
    pms.next("booking", pms.hold())
    pms.next("cancel", answers(500))
    reservation = pending(agent)
    agent.becomes(reservation, "confirmed")
    pms.deliver()
    eventually(lambda: len(pms.live) == 1, within=15)
    assert agent.metric("pms_api_calls_total", operation="cancel", status="error") == 1
    assert eventually(lambda: agent.metric("pms_duplicates_cancelled_total")) == 1


def test_a_late_booking_of_a_rejected_reservation_is_cancelled(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_SETTLE="0.5", **PLN, **PATIENT)
    pms.next("booking", pms.hold())
    reservation = pending(agent)
    pms.sold_out = True
    body = agent.becomes(reservation, "rejected")
    assert body["reason"] == "sold_out"
    pms.sold_out = False
    pms.deliver()
    assert len(pms.live) == 1
    eventually(lambda: pms.live == [])
    assert agent.look_up(reservation)["status"] == "rejected"
    assert eventually(lambda: agent.metric("pms_duplicates_cancelled_total")) == 1


def test_a_silent_cancellation_found_after_202_rejects(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_SETTLE="5", **PLN, **PATIENT)
    pms.next("booking", pms.hold())
    reservation = pending(agent, key="k")
    pms.deliver(cancelled=True)
    body = agent.becomes(reservation, "rejected")
    assert body["reason"] == "sold_out"
    assert agent.book(key="k").status_code == 409
    assert pms.count("booking") == 1


def test_a_confirmed_one_found_cancelled_stays_confirmed_and_is_logged(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(PMS_SETTLE="0.5", **PLN, **PATIENT)
    pms.next("booking", works_then(reset))
    answer = agent.book()
    assert answer.status_code == 201
    reservation = answer.json()["reservation_id"]
    pms.orders[-1].cancelled = True
    eventually(
        lambda: any(
            reservation in line and "cancelled" in line and "confirmed" in line for line in agent.logs().splitlines()
        )
    )
    assert agent.look_up(reservation)["status"] == "confirmed"


def test_late_read_backs_grow_apart(start_agent: StartAgent, pms: ScriptedPms) -> None:
    settle = 0.4
    agent = start_agent(PMS_SETTLE=str(settle), PMS_OUTBOX_INTERVAL="0.02", **PLN, **PATIENT)
    pms.next("booking", works_then(reset))
    assert agent.book().status_code == 201
    booked = pms.of("booking")[0].at

    # The worker may have had the turn before the guest; then it looked once before it booked.
    def read_backs() -> list[float]:
        return [call.at - booked for call in pms.of("orders") if call.at > booked]

    eventually(lambda: len(read_backs()) == 5, within=15)
    late = read_backs()[1:]
    assert all(at >= 0.95 * settle * 2**n for n, at in enumerate(late))
    assert pms.count("booking") == 1


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (refuses("Requested room(s) not available."), "sold_out"),
        (refuses("Please provide a valid phone number."), "invalid"),
        (refuses("Invalid room type in the request"), "invalid"),
    ],
    ids=["sold out", "refused", "unknown room type"],
)
def test_a_pending_one_that_the_pms_refuses_is_rejected(
    start_agent: StartAgent, pms: ScriptedPms, act: Act, reason: str
) -> None:
    agent = start_agent(**PLN, **PATIENT)
    pms.down()
    reservation = pending(agent)
    pms.always("booking", act)
    pms.up()
    assert agent.becomes(reservation, "rejected")["reason"] == reason
    assert pms.count("booking") == 1


def test_the_oldest_goes_first(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_TYPE="mock", known_up=False)
    ids = [pending(agent, email=f"guest{n}@example.com") for n in range(5)]
    agent.restart(PMS_TYPE="qloapps")
    for reservation in ids:
        agent.becomes(reservation, "confirmed")
    emails = [
        json.loads(call.body)["booking"]["associations"]["customer_detail"]["email"] for call in pms.of("booking")
    ]
    assert emails == [f"guest{n}@example.com" for n in range(5)]


def test_guests_waiting_for_a_blocked_hotel_are_booked_once(start_agent: StartAgent, pms: ScriptedPms) -> None:
    """The guest's own request and the worker both wait for the turn; only one of them may book."""
    agent = start_agent(PMS_SETTLE="1", PMS_TIMEOUT="5", PMS_OUTBOX_INTERVAL="0.01", **PLN, **PATIENT)
    pms.next("booking", reset)
    first = pending(agent, email="first@example.com")
    with ThreadPoolExecutor(8) as pool:
        answers_ = list(pool.map(lambda n: agent.book(email=f"guest{n}@example.com"), range(8)))
    assert {answer.status_code for answer in answers_} <= {201, 202}
    for answer in answers_:
        agent.becomes(answer.json()["reservation_id"], "confirmed", within=20)
    agent.becomes(first, "confirmed")
    booked = Counter(order.guest["email"] for order in pms.orders)
    assert booked == Counter(["first@example.com", *(f"guest{n}@example.com" for n in range(8))])


def test_the_worker_does_not_book_what_a_guest_is_still_being_served_for(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    """The worker sees the written-ahead intent at once, possibly before the guest's own request has its turn."""
    agent = start_agent(PMS_OUTBOX_INTERVAL="0.001", PMS_TIMEOUT="5", **PLN)
    for n in range(40):
        assert agent.book(key=f"key-{n}").status_code == 201
    assert set(Counter(order.source for order in pms.orders).values()) == {1}
    assert len(pms.live) == 40


# -- expiry


def test_what_was_never_sent_expires(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_PENDING_TTL="1.5", **PLN)
    pms.down()
    reservation = pending(agent, key="k")
    assert agent.becomes(reservation, "expired")["reason"] is None
    eventually(lambda: agent.metric("pms_reservations_pending") == 0)
    assert agent.book(key="k").status_code == 409


def test_what_was_sent_expires_only_after_a_read_back(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_PENDING_TTL="2.5", PMS_SETTLE="60", **PLN, **PATIENT)
    pms.next("booking", hang)
    reservation = pending(agent)
    before = pms.count("orders")
    agent.becomes(reservation, "expired")
    assert pms.count("orders") > before
    assert pms.count("booking") == 1


def test_what_was_sent_and_cannot_be_read_back_is_unresolved(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_PENDING_TTL="2.5", PMS_SETTLE="60", **PLN, **PATIENT)
    pms.next("booking", hang)
    pms.always("orders", answers(500))
    reservation = pending(agent, key="k")
    agent.becomes(reservation, "unresolved")
    assert agent.book(key="k").status_code == 202
    eventually(lambda: agent.metric("pms_reservations_pending") == 0)


def test_a_stay_that_begins_today_at_the_hotel_stays_pending(start_agent: StartAgent, pms: ScriptedPms) -> None:
    """The stay begins today in a zone that is ahead; restarted in one that is behind by a day, it goes on."""
    agent = start_agent(PMS_TYPE="mock", known_up=False, HOTEL_TIMEZONE="Pacific/Kiritimati")
    # At most one of these is "today" in that zone, whose date is UTC's or the next one.
    booked = [
        answer
        for offset in (0, 1)
        if (answer := agent.book(check_in=day(offset), check_out=day(offset + 1))).status_code == 202
    ]
    assert booked, "no stay could be booked"
    agent.restart(PMS_TYPE="mock", HOTEL_TIMEZONE="Etc/GMT+12")
    for answer in booked:
        assert agent.look_up(answer.json()["reservation_id"])["status"] == "pending"


def test_the_outbox_survives_kill_9_while_the_pms_is_down(agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.down()
    ids = [pending(agent) for _ in range(3)]
    agent.kill()
    agent.restart()
    assert agent.metric("pms_reservations_pending") == 3
    pms.up()
    for reservation in ids:
        agent.becomes(reservation, "confirmed")
    assert len(pms.live) == 3
