"""Reservations, row by row of the table of outcomes, and the rules of writing."""

from __future__ import annotations

import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.agent.scripted_pms import (
    Act,
    Order,
    ScriptedPms,
    answers,
    cut,
    drip,
    hang,
    late,
    refuses,
    reset,
    works_then,
)
from tests.agent.support import (
    KEY,
    PATIENT,
    RESERVATIONS,
    RunningAgent,
    StartAgent,
    day,
    eventually,
    guest,
    problem,
)

DEADLINE = 1.0
NO_FAILOVER = {"PMS_FAILOVER": "off"}
#: The worker sleeps through the test, so that only the guest's own request is at work.
NO_WORKER = {"PMS_OUTBOX_INTERVAL": "600"}


def test_a_booking_is_confirmed_when_the_pms_holds_it(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    begin = datetime.now(UTC).replace(microsecond=0)
    answer = patient_agent.book()
    assert answer.status_code == 201, answer.text
    body = answer.json()
    [order] = pms.live
    created = datetime.strptime(body["created_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert begin <= created <= datetime.now(UTC)
    assert body == {
        "reservation_id": body["reservation_id"],
        "status": "confirmed",
        "reason": None,
        "pms_booking_id": order.id,
        "source": "pms",
        "hotel_id": 1,
        **guest(),
        "total": {"amount": "2460.00", "currency": "PLN"},
        "created_at": body["created_at"],
    }
    assert answer.headers["location"].endswith(f"{RESERVATIONS}/{body['reservation_id']}")
    assert patient_agent.client.get(answer.headers["location"]).json() == body
    assert (order.check_in, order.check_out, order.room_type) == (day(30), day(32), 1)
    assert pms.count("booking") == 1


def test_the_key_travels_as_basic_user_name(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    patient_agent.book()
    expected = httpx.BasicAuth(KEY, "")._auth_header
    assert {call.authorization for call in pms.calls} == {expected}


def test_each_booking_carries_a_reference_of_its_own(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    for _ in range(3):
        assert patient_agent.book().status_code == 201
    assert len({order.source for order in pms.orders}) == 3


def test_only_what_the_key_may_do_is_called(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.next("booking", works_then(reset))
    patient_agent.book()
    assert pms.count("other") == 0


def test_sold_out_is_409(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    patient_agent.ask()
    pms.sold_out = True
    answer = patient_agent.book()
    assert answer.status_code == 409
    problem(answer)
    assert patient_agent.metric("pms_api_calls_total", operation="reservation", status="success") == 1
    assert patient_agent.pms()["pending"] == 0


@pytest.mark.parametrize(
    ("act", "status", "slug"),
    [
        (refuses("Requested room(s) not available."), 409, None),
        (refuses("Requested room(s) not available"), 409, None),
        (refuses("Invalid room type in the request"), 404, None),
        (refuses("Please provide a valid id_property."), 404, None),
        (refuses("Invalid payment type."), 502, "pms-refused"),
    ],
    ids=["sold out", "sold out without full stop", "room type", "hotel", "other"],
)
def test_refusals_of_the_pms(
    patient_agent: RunningAgent, pms: ScriptedPms, act: Act, status: int, slug: str | None
) -> None:
    pms.next("booking", act)
    answer = patient_agent.book()
    assert answer.status_code == status, answer.text
    assert slug in (None, problem(answer)["type"])
    assert pms.count("booking") == 1
    assert patient_agent.pms()["pending"] == 0
    assert patient_agent.metric("pms_api_calls_total", operation="reservation", status="success") == 1


@pytest.mark.parametrize("status", [401, 403, 405])
@pytest.mark.parametrize("failover", ["mock", "off"])
def test_a_refused_key_is_a_certain_failure(
    start_agent: StartAgent, pms: ScriptedPms, status: int, failover: str
) -> None:
    agent = start_agent(PMS_FAILOVER=failover, PMS_CURRENCY="PLN", **PATIENT, **NO_WORKER)
    pms.next("booking", answers(status))
    answer = agent.book()
    if failover == "mock":
        assert answer.status_code == 202
        assert agent.pms()["pending"] == 1
    else:
        assert answer.status_code == 502
        assert problem(answer)["type"] == "pms-auth"
        assert agent.pms()["pending"] == 0
    assert agent.pms()["status"] == "auth_failed"
    assert pms.count("booking") == 1
    assert pms.count("orders") == 0


@pytest.mark.parametrize("failover", ["mock", "off"])
def test_a_pms_that_cannot_be_reached_is_a_certain_failure(
    start_agent: StartAgent, pms: ScriptedPms, failover: str
) -> None:
    agent = start_agent(PMS_FAILOVER=failover, **PATIENT, **NO_WORKER)
    pms.down()
    answer = agent.book()
    assert answer.status_code == (202 if failover == "mock" else 502), answer.text
    assert agent.pms()["pending"] == (1 if failover == "mock" else 0)
    if failover == "mock":
        body = answer.json()
        assert (body["status"], body["source"], body["pms_booking_id"], body["total"]) == (
            "pending",
            "outbox",
            None,
            None,
        )
        assert answer.headers["location"].endswith(body["reservation_id"])
        assert agent.metric("pms_failover_answers_total", operation="reservation", source="outbox") == 1


DOUBTFUL: dict[str, Act] = {
    "reset": reset,
    "cut": cut,
    "hang": hang,
    "drip": drip,
    "500": answers(500),
    "503": answers(503),
    "200 Fatal error": answers(200, "Fatal error"),
    "200 and nothing": answers(200),
    "200 and an infinite id": answers(200, '{"booking": {"id": Infinity}}', "application/json"),
    "200 about another booking": answers(
        200,
        json.dumps(
            {
                "booking": {
                    "id": 1,
                    "source": "other",
                    "associations": {
                        "room_types": [{"id_room_type": 1, "checkin_date": day(30), "checkout_date": day(32)}]
                    },
                }
            }
        ),
        "application/json",
    ),
    "302": answers(302, headers={"Location": "/"}),
    "400 unable": refuses("Unable to create booking"),
    "400 of a web server": answers(400, "<html>"),
    "404 of a gateway": answers(404),
    "408 of a gateway": answers(408),
    "409 with errors": refuses("conflict", 409),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_in_doubt_and_done_is_confirmed_by_reading_back(
    patient_agent: RunningAgent, pms: ScriptedPms, name: str
) -> None:
    pms.next("booking", works_then(DOUBTFUL[name]))
    answer = patient_agent.book()
    assert answer.status_code == 201, answer.text
    assert answer.json()["pms_booking_id"] == pms.orders[0].id
    assert answer.json()["total"] == {"amount": "2460.00", "currency": "PLN"}
    assert pms.count("booking") == 1


@pytest.mark.parametrize("name", DOUBTFUL)
@pytest.mark.parametrize("failover", ["mock", "off"])
def test_in_doubt_and_nothing_found_is_pending_whatever_failover_says(
    start_agent: StartAgent, pms: ScriptedPms, name: str, failover: str
) -> None:
    agent = start_agent(PMS_FAILOVER=failover, PMS_CURRENCY="PLN", **PATIENT, **NO_WORKER)
    pms.next("booking", DOUBTFUL[name])
    answer = agent.book()
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "pending"
    assert pms.count("booking") == 1
    assert pms.count("orders") >= 1
    assert agent.pms()["pending"] == 1


def test_in_doubt_and_no_answer_to_the_read_back_is_pending(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(**PATIENT, **NO_WORKER)
    pms.next("booking", works_then(reset))
    pms.always("orders", answers(500))
    answer = agent.book()
    assert answer.status_code == 202
    assert agent.metric("pms_api_calls_total", operation="readback", status="error") >= 1


def test_an_order_without_room_lines_counts_as_nothing_found(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CURRENCY="PLN", **PATIENT, **NO_WORKER)

    async def order_only(request: object, work: object) -> object:
        work()  # type: ignore[operator]
        pms.orders[-1].without_lines = True
        return await answers(500)(request, work)  # type: ignore[arg-type]

    pms.next("booking", order_only)  # type: ignore[arg-type]
    assert agent.book().status_code == 202


@pytest.mark.parametrize("told", ["200", "500"])
@pytest.mark.parametrize("flag", ["cancelled", "back_order"])
def test_a_silent_cancellation_is_sold_out(patient_agent: RunningAgent, pms: ScriptedPms, told: str, flag: str) -> None:
    """QloApps answers 200 to the losers of a race and cancels them in the same request."""

    async def lose(request: object, work: object) -> object:
        answer = work()  # type: ignore[operator]
        setattr(pms.orders[-1], flag, True)
        return answer if told == "200" else await answers(500)(request, work)  # type: ignore[arg-type]

    pms.next("booking", lose)  # type: ignore[arg-type]
    answer = patient_agent.book()
    assert answer.status_code == 409, answer.text
    assert pms.count("booking") == 1


def test_a_foreign_booking_for_the_same_guest_and_stay_is_not_ours(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CURRENCY="PLN", **PATIENT, **NO_WORKER)
    wish = guest()
    who = {"firstname": "Ada", "lastname": "Lovelace", "email": wish["email"]}
    pms.orders.append(Order(9, "127.0.0.1", 1, 1, wish["check_in"], wish["check_out"], who))
    pms.next("booking", reset)
    assert agent.book().status_code == 202


def test_the_answer_comes_within_twice_the_deadline(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(**PATIENT, **NO_WORKER)
    pms.next("availability", late(0.8 * DEADLINE))
    pms.always("booking", hang)
    pms.always("orders", hang)
    begin = time.monotonic()
    answer = agent.book()
    assert answer.status_code == 202, answer.text
    assert time.monotonic() - begin < 2 * DEADLINE + 1.0


# -- currency


def test_without_a_currency_the_pms_is_asked_first_and_once(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    patient_agent.book()
    patient_agent.book()
    operations = [call.operation for call in pms.calls if call.operation != "probe"]
    assert operations[:2] == ["availability", "booking"]
    assert pms.count("availability") == 1
    assert {json.loads(call.body)["booking"]["currency"] for call in pms.of("booking")} == {"PLN"}


def test_a_configured_currency_is_used_without_asking(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CURRENCY="EUR")
    agent.book()
    assert pms.count("availability") == 0
    assert json.loads(pms.of("booking")[0].body)["booking"]["currency"] == "EUR"


def test_a_failed_question_for_the_currency_is_a_certain_failure(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(**NO_FAILOVER, **PATIENT)
    pms.always("availability", hang)
    assert agent.book().status_code == 504
    assert pms.count("booking") == 0
    assert agent.pms()["pending"] == 0


# -- while the breaker is not closed


def open_breaker(agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.next("availability", *[answers(500)] * 5)
    for _ in range(5):
        agent.ask(room_type=3)
    assert agent.pms()["status"] == "down"


def test_open_takes_reservations_into_the_outbox(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60")
    open_breaker(agent, pms)
    answer = agent.book()
    assert answer.status_code == 202
    assert agent.metric("pms_circuit_breaker_rejections_total", operation="reservation") == 1
    assert agent.metric("pms_reservations_pending") == 1
    assert pms.count("booking") == 0


def test_open_without_failover_is_503_and_leaves_nothing(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60", **NO_FAILOVER)
    open_breaker(agent, pms)
    answer = agent.book()
    assert answer.status_code == 503
    problem(answer)
    assert 50 <= int(answer.headers["retry-after"]) <= 60
    assert agent.pms()["pending"] == 0
    assert agent.metric("pms_circuit_breaker_rejections_total", operation="reservation") == 1


def test_a_full_outbox_is_503(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60", PMS_PENDING_MAX="2")
    open_breaker(agent, pms)
    assert [agent.book().status_code for _ in range(3)] == [202, 202, 503]
    problem(agent.book())
    assert agent.pms()["pending"] == 2


def test_the_mock_adapter_never_confirms_and_the_pms_carries_out_later(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(known_up=False, PMS_TYPE="mock")
    answer = agent.book()
    assert answer.status_code == 202
    assert pms.calls == []
    agent.restart(PMS_TYPE="qloapps")
    body = agent.becomes(answer.json()["reservation_id"], "confirmed")
    assert [body["pms_booking_id"]] == [order.id for order in pms.live]


# -- guests


def test_a_guest_who_hangs_up_does_not_cancel_the_booking(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CURRENCY="PLN")
    pms.next("booking", late(0.6))
    with pytest.raises(httpx.ReadTimeout):
        agent.client.post(RESERVATIONS, json=guest(), headers={"Idempotency-Key": "k"}, timeout=0.2)
    eventually(lambda: pms.live)
    again = eventually(lambda: (got := agent.book(key="k")).status_code == 201 and got)
    assert again.json()["pms_booking_id"] == pms.live[0].id
    assert pms.count("booking") == 1
    assert agent.state() == "closed"
    assert agent.metric("pms_api_calls_total", operation="reservation", status="error") == 0


def test_bookings_of_one_hotel_leave_one_at_a_time(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CURRENCY="PLN", PMS_TIMEOUT="5")
    pms.always("booking", late(0.1))
    with ThreadPoolExecutor(8) as pool:
        answers_ = list(pool.map(lambda n: agent.book(email=f"guest{n}@example.com"), range(8)))
    assert [answer.status_code for answer in answers_] == [201] * 8
    assert pms.most_bookings_at_once == 1


def test_hotels_do_not_wait_for_each_other(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CURRENCY="PLN", PMS_TIMEOUT="5")
    pms.always("booking", late(0.5))
    with ThreadPoolExecutor(4) as pool:
        answers_ = list(pool.map(lambda n: agent.book(hotel_id=n), range(1, 5)))
    assert [answer.status_code for answer in answers_] == [201] * 4
    assert pms.most_bookings_at_once > 1


def test_after_an_unknown_outcome_the_hotel_waits_until_it_has_settled(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(PMS_CURRENCY="PLN", PMS_TIMEOUT="2", PMS_SETTLE="1.5", **PATIENT)
    pms.next("booking", reset)
    pms.always("orders", answers(500))
    assert agent.book().status_code == 202
    assert agent.book(email="bob@example.com").status_code == 201
    first, second = pms.of("booking")[:2]
    assert json.loads(second.body)["booking"]["associations"]["customer_detail"]["email"] == "bob@example.com"
    assert second.at - first.at >= 0.95 * 1.5


@pytest.mark.parametrize("failover", ["mock", "off"])
def test_a_guest_who_waited_twice_the_deadline_in_the_queue_is_told(
    start_agent: StartAgent, pms: ScriptedPms, failover: str
) -> None:
    agent = start_agent(PMS_FAILOVER=failover, PMS_CURRENCY="PLN", PMS_SETTLE="60", **PATIENT, **NO_WORKER)
    pms.next("booking", reset)
    assert agent.book().status_code == 202
    begin = time.monotonic()
    answer = agent.book(email="bob@example.com")
    assert answer.status_code == (202 if failover == "mock" else 503), answer.text
    assert time.monotonic() - begin >= 0.95 * 2 * DEADLINE
    assert agent.pms()["pending"] == (2 if failover == "mock" else 1)
    assert pms.count("booking") == 1


@pytest.mark.parametrize("failover", ["mock", "off"])
def test_a_guest_who_loses_patience_while_the_currency_is_asked_leaves_the_counts_whole(
    start_agent: StartAgent, pms: ScriptedPms, failover: str
) -> None:
    """Two others keep the turn for two deadlines; the third one's question is under way when its time is up."""
    agent = start_agent(PMS_FAILOVER=failover, **PATIENT, **NO_WORKER)
    pms.next("availability", hang, hang, late(0.8 * DEADLINE))
    with ThreadPoolExecutor(3) as pool:
        first = [pool.submit(agent.book, email=f"guest{n}@example.com") for n in range(2)]
        eventually(lambda: pms.count("availability"))
        asked = pms.of("availability")[0].at
        eventually(lambda: time.monotonic() > asked + 0.5 * DEADLINE)
        third = pool.submit(agent.book, email="third@example.com").result()
        assert {answer.result().status_code for answer in first} <= ({202} if failover == "mock" else {503, 504})
    assert third.status_code == (202 if failover == "mock" else 503), third.text
    eventually(lambda: agent.metric("pms_api_calls_total", operation="availability", status="success") == 1)
    assert agent.metric("pms_api_calls_total", operation="availability", status="error") == 2
    assert pms.count("availability") == 3
    if failover == "mock":
        agent.becomes(third.json()["reservation_id"], "confirmed")
        assert agent.pms()["pending"] == 2
    else:
        agent.ask()  # one more exchange: whatever would still be sent is sent by now
        assert agent.pms()["pending"] == 0
    assert pms.count("booking") == (1 if failover == "mock" else 0)


def test_what_expires_while_its_guest_waits_is_409(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CURRENCY="PLN", PMS_SETTLE="60", PMS_PENDING_TTL="1.2", **PATIENT)
    pms.next("booking", reset)
    assert agent.book().status_code == 202
    answer = agent.book(email="bob@example.com")
    assert answer.status_code == 409, answer.text
    assert pms.count("booking") == 1


def test_a_reservation_that_finds_the_breaker_open_is_one_rejection_of_reservation(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    """It opens while the second guest waits for the turn, and the currency is not known yet."""
    agent = start_agent(
        PMS_CIRCUIT_BREAKER_FAILURE_THRESHOLD="1", PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60", **NO_WORKER
    )
    pms.always("availability", hang)
    with ThreadPoolExecutor(2) as pool:
        assert {answer.status_code for answer in pool.map(lambda _: agent.book(), range(2))} == {202}
    assert pms.count("availability") == 1
    assert agent.metric("pms_circuit_breaker_rejections_total", operation="reservation") == 1
    assert agent.metric("pms_circuit_breaker_rejections_total", operation="availability") == 0


# -- write-ahead


def test_the_intent_is_on_disk_before_the_request_leaves(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CURRENCY="PLN")
    seen: list[bool] = []

    async def look(request: object, work: object) -> object:
        reference = json.loads(pms.calls[-1].body)["booking"]["source"]
        with sqlite3.connect(f"file:{agent.folder / 'outbox.sqlite'}?mode=ro", uri=True) as store:
            seen.append(any(reference in str(row) for row in store.execute("SELECT * FROM intent")))
        return work()  # type: ignore[operator]

    pms.next("booking", look)  # type: ignore[arg-type]
    assert agent.book().status_code == 201
    assert seen == [True]


def test_after_kill_9_an_unanswered_intent_is_pending_and_then_settled(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(PMS_CURRENCY="PLN", PMS_TIMEOUT="30", PMS_SETTLE="1")
    pms.next("booking", works_then(hang))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(agent.book, key="k")
        eventually(lambda: pms.live)
        agent.kill()
        with pytest.raises(httpx.TransportError):
            waiting.result()
    agent.restart(PMS_OUTBOX_INTERVAL="600", PMS_HEALTH_INTERVAL="600")
    again = agent.book(key="k")
    assert again.status_code == 202, again.text
    assert again.json()["status"] == "pending"
    agent.restart(PMS_OUTBOX_INTERVAL="0.1")
    body = agent.becomes(again.json()["reservation_id"], "confirmed")
    assert body["pms_booking_id"] == pms.live[0].id
    assert pms.count("booking") == 1


def test_the_hotel_still_waits_after_a_kill(start_agent: StartAgent, pms: ScriptedPms) -> None:
    """QloApps goes on with a request whose client died, so a restart does not free the hotel."""
    settle = 4.0
    agent = start_agent(PMS_CURRENCY="PLN", PMS_TIMEOUT="8", PMS_SETTLE=str(settle), **PATIENT, **NO_WORKER)
    pms.next("booking", hang)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(agent.book)
        eventually(lambda: pms.count("booking"))
        agent.kill()
        with pytest.raises(httpx.TransportError):
            waiting.result()
    agent.restart()
    assert agent.book(email="bob@example.com").status_code == 201
    first, second = pms.of("booking")[:2]
    assert second.at - first.at >= 0.95 * settle


# -- Idempotency-Key


def test_the_same_key_gives_the_same_reservation(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    first, second = (patient_agent.book(key="k") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert first.headers["location"] == second.headers["location"]
    assert pms.count("booking") == 1


def test_without_a_key_each_request_is_a_new_intent(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    first, second = (patient_agent.book() for _ in range(2))
    assert first.json()["reservation_id"] != second.json()["reservation_id"]
    assert len(pms.live) == 2


def test_the_same_key_with_another_body_is_422(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    patient_agent.book(key="k")
    answer = patient_agent.book(key="k", room_type=2)
    assert answer.status_code == 422
    problem(answer)
    assert pms.count("booking") == 1


def test_a_default_written_out_is_the_same_body_or_refused(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    patient_agent.book(key="k")
    assert patient_agent.book(key="k", hotel_id=1).status_code in {201, 422}
    assert pms.count("booking") == 1


def test_a_key_in_progress_is_409_with_retry_after(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CURRENCY="PLN", PMS_TIMEOUT="5")
    pms.next("booking", late(1.0))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(agent.book, key="k")
        eventually(lambda: pms.count("booking"))
        answer = agent.book(key="k")
        other = agent.book(key="k", room_type=2)
        assert first.result().status_code == 201
    assert answer.status_code == 409
    assert problem(answer)["type"] == "request-in-progress"
    assert int(answer.headers["retry-after"]) >= 1
    assert other.status_code == 422
    assert pms.count("booking") == 1


def test_a_stored_refusal_is_given_again(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    pms.sold_out = True
    first = patient_agent.book(key="k")
    pms.sold_out = False
    second = patient_agent.book(key="k")
    assert (first.status_code, second.status_code) == (409, 409)
    assert first.json() == second.json()
    assert pms.live == []


def test_a_key_survives_a_restart(agent: RunningAgent, pms: ScriptedPms) -> None:
    first = agent.book(key="k")
    agent.restart()
    second = agent.book(key="k")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert pms.count("booking") == 1


def test_answers_that_settle_nothing_free_the_key(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(**NO_FAILOVER, **PATIENT)
    pms.always("availability", answers(500))
    assert agent.book(key="k").status_code == 502
    pms.heal()
    assert agent.book(key="k", room_type=2).status_code == 201


def test_a_key_is_free_after_a_day(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    patient_agent.book(key="k")
    for hours, status in ((23.9, 422), (0.2, 201)):
        with sqlite3.connect(patient_agent.folder / "outbox.sqlite") as store:
            store.execute("UPDATE idempotency SET created_at = created_at - ?", (hours * 3600,))
        assert patient_agent.book(key="k", room_type=2).status_code == status
    assert pms.count("booking") == 2


def test_no_intent_is_on_disk_before_its_key(patient_agent: RunningAgent, pms: ScriptedPms) -> None:
    """A kill between the two must not leave a reservation that a repeated request with the key makes again."""
    with sqlite3.connect(patient_agent.folder / "outbox.sqlite") as store:
        store.execute(
            "CREATE TRIGGER full_disk BEFORE INSERT ON idempotency WHEN NEW.intent_id IS NOT NULL"
            " BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    answer = patient_agent.book(key="k")
    assert answer.status_code == 503
    problem(answer)
    with sqlite3.connect(patient_agent.folder / "outbox.sqlite") as store:
        assert store.execute("SELECT COUNT(*) FROM intent").fetchone() == (0,)
    assert pms.count("booking") == 0


# -- the same key on another day

#: Zones whose dates are never the same: 26 hours apart.
BEHIND, AHEAD = "Etc/GMT+12", "Pacific/Kiritimati"


def today_in(zone: str) -> int:
    """Today's date at the hotel, in days from UTC's."""
    return (datetime.now(ZoneInfo(zone)).date() - datetime.now(UTC).date()).days


def test_a_repeated_key_gets_its_answer_after_midnight_too(start_agent: StartAgent, pms: ScriptedPms) -> None:
    """The same request a day later: its stay began yesterday, but it was answered then."""
    agent = start_agent(HOTEL_TIMEZONE=BEHIND, **PATIENT)
    arrival = today_in(BEHIND)
    wish = {"check_in": day(arrival), "check_out": day(arrival + 1)}
    first = agent.book(key="k", **wish)
    assert first.status_code == 201
    pms.sold_out = True
    assert agent.book(key="sold out", **wish).status_code == 409
    agent.restart(HOTEL_TIMEZONE=AHEAD)
    again = agent.book(key="k", **wish)
    assert (again.status_code, again.json()) == (201, first.json())
    assert agent.book(key="sold out", **wish).status_code == 409
    assert pms.count("booking") == 2
    for new in (None, "fresh"):
        refused = agent.book(key=new, **wish)
        assert refused.status_code == 422, refused.text
        problem(refused)
    assert agent.book(key="k", **wish, room_type=2).status_code == 422


def test_a_key_whose_request_breaks_a_rule_of_the_day_stays_free(agent: RunningAgent) -> None:
    assert agent.book(key="k", check_in=day(-3), check_out=day(-2)).status_code == 422
    assert agent.book(key="k").status_code == 201
