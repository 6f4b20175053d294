"""Each HTTP fault of the catalogue through Toxiproxy and the fault proxy: proved, as described, and gone."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime

import httpx
import pytest

from pms_drill import clock
from pms_drill.checks.verdict import Unproven
from pms_drill.faults import catalogue, lifecycle
from pms_drill.faults.http_rules import HttpRule, Match
from pms_drill.faults.lifecycle import Fault, Heal, Place, injected
from tests.proxy.conftest import BOOKING, Net

TIMEOUT_S = 0.3


def book(place: Place, **options: object) -> httpx.Response:
    return httpx.post(f"http://{place.proxy.listen}/api/bookings", timeout=TIMEOUT_S, trust_env=False, **options)


def requests_at(net: Net) -> int:
    return sum(received.count(b"POST /api/") for received in net.upstream.received())


def gives(status: int) -> Callable[[Place], None]:
    def check(place: Place) -> None:
        assert book(place).status_code == status

    return check


def fails(error: type[Exception]) -> Callable[[Place], None]:
    def check(place: Place) -> None:
        with pytest.raises(error):
            book(place)

    return check


def gives_body(holds: Callable[[bytes], bool]) -> Callable[[Place], None]:
    def check(place: Place) -> None:
        answer = book(place)
        assert answer.status_code == 200
        assert holds(answer.content)

    return check


def asked_for_rooms_gives(status: int) -> Callable[[Place], None]:
    def check(place: Place) -> None:
        answer = httpx.post(f"http://{place.proxy.listen}/api/hotel_ari", timeout=TIMEOUT_S, trust_env=False)
        assert answer.status_code == status

    return check


SEEN: dict[str, Callable[[Place], None]] = {
    "unauthorized": gives(401),
    "forbidden": gives(403),
    "rate_limited": gives(429),
    "rate_limited_until": gives(429),
    "question_refused": asked_for_rooms_gives(400),
    "booking_refused": gives(400),
    "ingress_404": gives(404),
    "bad_request_page": gives(400),
    "maintenance_page": gives(503),
    "login_page": gives_body(lambda body: b"Sign in" in body),
    "method_not_allowed": gives(405),
    "rate_limited_silently": gives(429),
    "empty_200": gives_body(lambda body: body == b""),
    "bad_gateway": gives(502),
    "unavailable": gives(503),
    "gateway_timeout": gives(504),
    "redirected": gives(302),
    "first_fail": gives(500),
    "late_duplicate": gives_body(lambda body: body == BOOKING),
    "pms_gone": fails(httpx.RemoteProtocolError),
    "cut_in_body": fails(httpx.RemoteProtocolError),
    "byte_order_mark": gives_body(lambda body: body.decode("utf-8-sig") == BOOKING.decode()),
    "field_twice": gives_body(lambda body: body == b'{"booking": {"id": 7, "total": "120.00", "id": null}}'),
    "page_200": gives_body(lambda body: body.startswith(b"<!DOCTYPE html>")),
    "huge_200": gives_body(lambda body: len(body) == 2_000_000),
    "other_booking": gives_body(lambda body: json.loads(body)["booking"]["source"] == "somebody else"),
    "other_stay": asked_for_rooms_gives(200),
    "server_error": gives(500),
    "garbage_200": gives_body(lambda body: b"Fatal error" in body),
    "answer_lost": fails(httpx.TransportError),
    "answer_withheld": fails(httpx.ReadTimeout),
    "request_dropped": fails(httpx.TransportError),
    "late_request": fails(httpx.ReadTimeout),
    "duplicated_request": gives_body(lambda body: body == BOOKING),
    "stored_but_500": gives(500),
    "stored_but_502": gives(502),
    "stored_but_504": gives(504),
    "stored_but_404": gives(404),
    "slow_answers": fails(httpx.ReadTimeout),
    "truncated_json": gives_body(lambda body: body == BOOKING[:20]),
    "warning_first": gives_body(lambda body: body.endswith(BOOKING) and body.startswith(b"<br />")),
    "wrong_charset": gives_body(lambda body: body.decode("utf-16") == BOOKING.decode()),
    "field_missing": gives_body(lambda body: json.loads(body) == {"booking": {"total": "120.00"}}),
    "wrong_type": gives_body(lambda body: json.loads(body)["booking"]["id"] == {}),
}
FAULTS = [
    fault
    for fault in [*catalogue.http_faults(3), *catalogue.midway_faults(TIMEOUT_S), *catalogue.mangled_faults()]
    if fault.name != "some_fail"  # has a test of its own
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_client_sees_and_pms_did_what_the_catalogue_says(net: Net, place: Place, fault: Fault) -> None:
    with injected(fault, place):
        assert net.upstream.peers == [], "a proof reached the PMS"
        SEEN[fault.name](place)
        assert net.control.acted(fault.name) == 1
        copies = 2 if fault.name == "duplicated_request" else int(bool(fault.pms_did_the_work))
        [entry] = net.entries_with(lambda entry: not entry.probe and entry.copies == copies)
        assert entry.pms_status in (200, None)
    # behind the heal and this booking nothing of the first one is on its way any more
    assert net.control.rules() == []
    assert book(place).content == BOOKING
    assert requests_at(net) == copies + 1


@pytest.mark.parametrize(
    "name", sorted(fault.name for fault in catalogue.midway_faults(TIMEOUT_S) if fault.name != "pms_gone")
)
def test_fault_for_bookings_leaves_other_requests_alone(net: Net, place: Place, name: str) -> None:
    fault = next(fault for fault in catalogue.midway_faults(TIMEOUT_S) if fault.name == name)
    with injected(fault, place):
        other = httpx.get(f"http://{place.proxy.listen}/api/bookings", timeout=TIMEOUT_S, trust_env=False)
        assert other.content == BOOKING
        assert net.control.acted(name) == 0


def test_all_faults_have_names_of_their_own() -> None:
    every = [fault.name for faults in catalogue.chapters(catalogue.Scale(1, 3)).values() for fault in faults]
    assert sorted(catalogue.all_faults(1, 3)) == sorted(every)
    assert len(set(every)) == len(every) > 50


def test_half_dead_pms_fails_the_same_requests_for_the_same_seed(net: Net, place: Place) -> None:
    def fates(seed: int) -> list[int]:
        with injected(catalogue.some_fail(0.5, seed=seed), place):
            return [book(place).status_code for _ in range(20)]

    assert fates(1) == fates(1)
    assert set(fates(1)) == {200, 500}
    assert fates(1) != fates(2)


@pytest.mark.parametrize("heal", [Heal.CUT, Heal.RESUME])
def test_late_request_is_dropped_by_a_cut_and_delivered_by_a_resume(net: Net, place: Place, heal: Heal) -> None:
    with injected(catalogue.late_request(60, heal=heal), place), pytest.raises(httpx.ReadTimeout):
        book(place)
    delivered = 1 if heal is Heal.RESUME else 0
    [entry] = net.entries_with(lambda entry: not entry.probe and entry.note != "")
    assert (entry.copies, requests_at(net)) == (delivered, delivered)


def test_slow_answer_is_delivered_at_once_when_its_client_waits_for_a_resume(net: Net, place: Place) -> None:
    told: list[bytes] = []

    def wait() -> None:
        told.append(httpx.post(f"http://{place.proxy.listen}/api/bookings", timeout=10, trust_env=False).content)

    client = threading.Thread(target=wait)
    with injected(catalogue.slow_answers(60, catalogue.BOOKING, heal=Heal.RESUME), place):
        client.start()
        net.entries_with(lambda entry: entry.answered is not None and not entry.probe)
    client.join(5)
    assert told == [BOOKING]


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_comes_in_both_forms(net: Net, place: Place, as_date: bool) -> None:
    with injected(catalogue.rate_limited(7, as_date=as_date), place):
        wait = book(place).headers["Retry-After"]
    seconds = (parsedate_to_datetime(wait) - clock.utc()).total_seconds() if as_date else float(wait)
    assert 5 < seconds <= 7


MATCHES = {
    "write": Match(method="POST", path="/api/bookings"),
    "read": Match(method="GET", path="/api/hotels"),
    "any method": Match(path="/api/hotels"),
    "pattern": Match(path_glob="/api/bookings/*"),
    "pattern from the front": Match(path_glob="*/rooms"),
    "method only": Match(method="DELETE"),
    "third only": Match(nth=(3,)),
    "few of them": Match(share=0.001, seed=1),
    "head": Match(method="HEAD", path="/api"),
}


@pytest.mark.parametrize("match", MATCHES.values(), ids=MATCHES)
def test_every_match_has_a_probe_that_the_pms_never_sees(net: Net, place: Place, match: Match) -> None:
    with injected(catalogue.server_error(match), place):
        pass
    assert net.upstream.peers == []
    assert all(entry.probe for entry in net.control.ledger())


def test_misspelt_effect_is_unproven(net: Net, place: Place) -> None:
    fault = replace(catalogue.answer_lost(), action=HttpRule("x", lambda: {"kind": "drop_answer", "hwo": "reset"}))
    with pytest.raises(Unproven, match="hwo"), injected(fault, place):
        pytest.fail("the block must not run")


def test_rule_that_acts_elsewhere_is_unproven(net: Net, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "PROOF_LIMIT_S", 0.2)
    elsewhere = HttpRule("x", lambda: {"kind": "status", "status": 500}, Match(path="/api/boookings"))
    with pytest.raises(Unproven), injected(replace(catalogue.stored_but(500), action=elsewhere), place):
        pytest.fail("the block must not run")
    assert net.control.rules() == []
