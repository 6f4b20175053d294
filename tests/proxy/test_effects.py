"""Each effect on real sockets: what the client gets, what the PMS got, what the ledger says."""

from __future__ import annotations

import threading

import httpx
import pytest

from pms_drill import clock
from pms_drill.faults.catalogue import all_faults
from pms_drill.faults.lifecycle import injected
from pms_drill.faults.probe import Came
from tests.proxy.scripted_upstream import Peer, answering

POST = b"POST /api/bookings HTTP/1.1\r\nHost: hotel.test\r\nContent-Length: 4\r\n\r\nbook"
GET = b"GET /api/hotels HTTP/1.1\r\nHost: hotel.test\r\n\r\n"
BOOKING = b'{"booking":{"id":7}}'
STORED = b"HTTP/1.1 200 OK\r\nX-Id: 7\r\nContent-Length: %d\r\n\r\n%s" % (len(BOOKING), BOOKING)


def prefix(text: str = "Warning: ") -> dict:
    return {"kind": "mutate_body", "change": {"how": "prefix", "text": text}}


def test_status_is_answered_without_the_pms_on_a_connection_that_goes_on(net) -> None:
    wanted = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nslow"
    net.rule({"kind": "status", "status": 429, "headers": [["Retry-After", "3"]], "body": "slow"})
    client = net.client()
    client.send(POST + POST)
    assert client.expect(2 * len(wanted)) == wanted * 2
    assert net.upstream.peers == []
    for entry in net.written(2):
        assert (entry.status, entry.pms_status, entry.forwarded, entry.copies) == (429, None, None, 0)
        assert (entry.rule, entry.effect, entry.request_body) == ("rule-0", "status", "book")
        assert entry.delivered is not None


@pytest.mark.parametrize(
    ("line", "header", "end"),
    [("HTTP/1.1", "Connection: close", "closed"), ("HTTP/1.0", "X: y", "closed"), ("HTTP/1.1", "X: y", None)],
    ids=["close", "1.0", "keep-alive"],
)
def test_an_answer_of_our_own_ends_the_connection_when_that_was_asked_for(net, line: str, header: str, end) -> None:
    net.rule({"kind": "status", "status": 500})
    client = net.client()
    client.send(f"GET /api/hotels {line}\r\nHost: hotel.test\r\n{header}\r\n\r\n".encode())
    client.until(b"\r\n\r\n")
    if end:
        assert b"Connection: close" in client.rest()
    assert client.end == end


def test_slow_close_is_proved_and_healed_through_both_proxies(place) -> None:
    fault = all_faults(timeout=1.0, retry_after=1)["slow_close"]
    with injected(fault, place):
        pass


def test_status_for_a_client_that_waits_for_100_ends_the_connection(net) -> None:
    net.rule({"kind": "status", "status": 503})
    client = net.client()
    client.send(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
    assert b"Connection: close" in client.rest()


def test_rule_acts_per_request_on_a_pooled_connection(net) -> None:
    net.rule({"kind": "status", "status": 500}, nth=[2])
    net.upstream.script = answering(STORED, STORED)
    with httpx.Client(trust_env=False) as client:
        assert [client.get(f"{net.url}/a").status_code for _ in range(3)] == [200, 500, 200]
    assert {entry.connection for entry in net.written(3)} == {1}


@pytest.mark.parametrize("before", ["forwarding", "answering"])
def test_delay_lies_where_it_was_asked_for(net, before: str) -> None:
    net.rule({"kind": "delay", "seconds": 0.15, "before": before})
    assert net.ask(POST, answering(STORED, requests_end=b"book"), len(STORED)) == STORED
    [entry] = net.written(1)
    waits = {"forwarding": entry.forwarded - entry.received, "answering": entry.delivered - entry.answered}
    assert waits.pop(before) >= 0.15
    assert all(wait < 0.15 for wait in waits.values())


def test_a_late_request_reaches_a_pms_that_has_ended_the_idle_connection_meanwhile(net) -> None:
    """As Apache does after 5 s."""
    held, ended = threading.Event(), threading.Event()

    def ends_its_first_connection(peer: Peer) -> None:
        peer.until(b"\r\n\r\n")
        peer.send(STORED)
        if net.upstream.peers[0] is peer:
            held.wait(5)
            peer.close()
            ended.set()
        else:
            peer.rest()

    net.upstream.script = ends_its_first_connection
    net.rule({"kind": "delay", "seconds": 600, "before": "forwarding"}, nth=[2])
    client = net.client()
    client.send(GET)
    assert client.expect(len(STORED)) == STORED
    client.send(POST)
    net.entries(2)
    held.set()
    assert ended.wait(5)
    net.control.rules()  # the proxy has been round its loop, so that it knows
    net.control.remove_rule("rule-0", stalled="resume")
    assert client.expect(2 * len(STORED)) == STORED * 2
    assert net.upstream.received() == [GET, POST]
    assert [entry.note for entry in net.written(2)] == ["", ""]


@pytest.mark.parametrize(("how", "end"), [("reset", "reset"), ("close", "closed")])
def test_dropped_request_never_reaches_the_pms(net, how: str, end: str) -> None:
    net.rule({"kind": "drop_request", "how": how})
    client = net.client()
    client.send(POST)
    assert (client.rest(), client.end) == (b"", end)
    [entry] = net.written(1)
    assert (entry.forwarded, entry.status, entry.copies, entry.effect) == (None, None, 0, "drop_request")
    assert net.upstream.peers == []


@pytest.mark.parametrize(("how", "end"), [("reset", "reset"), ("close", "closed")])
def test_dropped_answer_leaves_the_pms_with_the_work_done(net, how: str, end: str) -> None:
    net.rule({"kind": "drop_answer", "how": how})
    net.upstream.script = answering(STORED, requests_end=b"book")
    client = net.client()
    client.send(POST)
    assert (client.rest(), client.end) == (b"", end)
    [entry] = net.written(1)
    assert (entry.pms_status, entry.status, entry.delivered, entry.copies) == (200, None, None, 1)
    assert net.upstream.received() == [POST]


@pytest.mark.parametrize("kind", ["drop_request", "drop_answer"])
def test_hanging_exchange_is_in_the_ledger_while_it_hangs_and_ends_with_the_rule(net, kind: str) -> None:
    rule = net.rule({"kind": kind, "how": "hang"})
    net.upstream.script = answering(STORED, requests_end=b"book")
    client = net.client()
    client.send(POST)
    [entry] = net.entries(
        1, lambda entry: entry.rule == rule and (kind == "drop_request" or entry.answered is not None)
    )
    assert net.ledger_file.read_text() == ""
    assert entry.delivered is None
    net.control.remove_rule(rule)
    assert client.rest() == b""
    assert net.written(1)[0].note == "cut while it hung"


def test_hanging_exchange_ends_when_its_client_leaves(net) -> None:
    net.rule({"kind": "drop_answer", "how": "hang"})
    net.upstream.script = answering(STORED, requests_end=b"book")
    client = net.client()
    client.send(POST)
    net.entries(1, lambda entry: entry.answered is not None)
    client.close()
    assert net.written(1)[0].note == "downstream gone"


@pytest.mark.parametrize("before", ["forwarding", "answering"])
def test_held_exchange_is_cut_with_its_rule(net, before: str) -> None:
    rule = net.rule({"kind": "delay", "seconds": 60.0, "before": before})
    net.upstream.script = answering(STORED, requests_end=b"book")
    client = net.client()
    client.send(POST)
    net.entries(1, lambda entry: before == "forwarding" or entry.answered is not None)
    net.control.remove_rule(rule)
    assert client.rest() == b""
    [entry] = net.written(1)
    assert entry.note == "cut while it was held back"
    assert entry.copies == (0 if before == "forwarding" else 1)


@pytest.mark.parametrize("before", ["forwarding", "answering"])
def test_held_exchange_goes_on_at_once_when_its_rule_is_removed_to_resume(net, before: str) -> None:
    rule = net.rule({"kind": "delay", "seconds": 60.0, "before": before})
    net.upstream.script = answering(STORED, requests_end=b"book")
    client = net.client()
    client.send(POST)
    net.entries(1, lambda entry: before == "forwarding" or entry.answered is not None)
    net.control.remove_rule(rule, stalled="resume")
    assert client.expect(len(STORED)) == STORED


def test_duplicate_gives_the_pms_the_request_twice_and_the_client_the_first_answer(net) -> None:
    answers = iter([STORED, STORED.replace(b"7", b"8")])
    net.rule({"kind": "duplicate"})

    def script(peer: Peer) -> None:
        peer.until(b"book")
        peer.send(next(answers))
        peer.rest()

    assert net.ask(POST, script, len(STORED)) == STORED
    [entry] = net.written(1)
    assert net.upstream.received() == [POST, POST]
    assert (entry.copies, entry.note, entry.status) == (2, "", 200)


def test_second_copy_waits_for_its_gap_and_goes_out_although_the_client_left(net) -> None:
    net.rule({"kind": "duplicate", "gap": 0.2})
    net.ask(POST, answering(STORED, requests_end=b"book"), len(STORED))
    net.clients[0].close()
    begun = clock.now()
    [entry] = net.written(1)
    assert clock.now() - begun > 0.1
    assert net.upstream.received() == [POST, POST]
    assert entry.copies == 2


def test_replaced_answer_of_a_booking_that_was_stored(net) -> None:
    net.rule(
        {"kind": "replace_body", "status": 500, "body": "<h1>500</h1>", "headers": [["Content-Type", "text/html"]]}
    )
    wanted = (
        b"HTTP/1.1 500 Internal Server Error\r\nX-Id: 7\r\nContent-Type: text/html\r\n"
        b"Content-Length: 12\r\n\r\n<h1>500</h1>"
    )
    assert net.ask(POST, answering(STORED, requests_end=b"book"), len(wanted)) == wanted
    [entry] = net.written(1)
    assert (entry.status, entry.pms_status, entry.copies) == (500, 200, 1)


def test_mutated_answer_goes_on_the_same_connection(net) -> None:
    net.rule(prefix())
    net.upstream.script = answering(STORED, STORED)
    with httpx.Client(trust_env=False) as client:
        assert [client.get(net.url).text for _ in range(2)] == [f"Warning: {BOOKING.decode()}"] * 2
    assert net.control.acted("rule-0") == 2


def test_mutated_chunked_answer_is_framed_anew(net) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n0\r\n\r\n"
    net.rule(prefix("x"))
    wanted = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nx{}\n"
    assert net.ask(GET, answering(chunked), len(wanted)) == wanted


def test_truncation_with_the_wrong_length_ends_the_connection(net) -> None:
    net.rule({"kind": "mutate_body", "change": {"how": "truncate", "keep": 5, "length": "original"}})
    net.upstream.script = answering(STORED)
    client = net.client()
    client.send(GET)
    assert client.rest() == b"HTTP/1.1 200 OK\r\nX-Id: 7\r\nContent-Length: 20\r\n\r\n" + BOOKING[:5]


def test_rule_that_cannot_act_passes_the_answer_on_and_says_so(net) -> None:
    rule = net.rule({"kind": "mutate_body", "change": {"how": "drop_field", "field": "booking.price"}})
    assert net.ask(GET, answering(STORED), len(STORED)) == STORED
    [entry] = net.written(1)
    assert "could not act" in entry.note
    assert (entry.rule, entry.effect) == (None, None)
    assert net.control.counters(rule) == {"matched": 1, "acted": 0, "missed": 1, "probed": 0}


PROVED_BY_PROBE = {
    "status": ({"kind": "status", "status": 401}, lambda seen: seen.status == 401),
    "delay": ({"kind": "delay", "seconds": 0.12}, lambda seen: seen.waited >= 0.1),
    "delay before": ({"kind": "delay", "seconds": 0.12, "before": "forwarding"}, lambda seen: seen.waited >= 0.1),
    "drop request": ({"kind": "drop_request"}, lambda seen: seen.came is Came.RESET),
    "drop answer": ({"kind": "drop_answer", "how": "close"}, lambda seen: seen.came is Came.CLOSED),
    "hang": ({"kind": "drop_answer", "how": "hang"}, lambda seen: seen.came is Came.SILENT),
    "duplicate": ({"kind": "duplicate"}, lambda seen: seen.headers["x-drill-copies"] == "2"),
    "replace": (
        {"kind": "replace_body", "body": "x", "status": 500},
        lambda seen: (seen.status, seen.body) == (500, b"x"),
    ),
    "prefix": (prefix(), lambda seen: seen.body == b"Warning: pong"),
    "cut body": (
        {"kind": "mutate_body", "change": {"how": "truncate", "keep": 4, "length": "original"}},
        lambda seen: seen.came is Came.INCOMPLETE,
    ),
    "field": (
        {"kind": "mutate_body", "change": {"how": "set_field", "field": "booking.id", "to": "list"}},
        lambda seen: seen.body == b'{"booking": {"id": []}}',
    ),
}


@pytest.mark.parametrize(("effect", "shows"), PROVED_BY_PROBE.values(), ids=PROVED_BY_PROBE)
@pytest.mark.parametrize(
    ("match", "probe"),
    [
        ({}, ("GET", "/__drill__/ping")),
        ({"method": "POST", "path": "/api/bookings", "nth": [3]}, ("POST", "/api/bookings")),
        ({"method": "GET", "path": "/api/hotels"}, ("GET", "/__drill__/ping/api/hotels")),
    ],
    ids=["ping", "write", "read"],
)
def test_effect_is_proved_by_a_probe_that_the_pms_never_sees(net, effect, shows, match, probe) -> None:
    clean = net.probe(*probe)
    assert (clean.status, clean.body) == (200, b"pong")
    assert not shows(clean)
    rule = net.rule(effect, **match)
    assert shows(net.probe(*probe, patience=0.3))
    assert net.control.counters(rule) == {"matched": 0, "acted": 0, "missed": 0, "probed": 1}
    net.control.clear()
    assert not shows(net.probe(*probe))
    assert net.upstream.peers == []
    entries = net.written(3)
    assert all(entry.probe and entry.copies == 0 for entry in entries)
    assert [entry.rule for entry in entries] == [None, rule, None]


def test_probe_that_reads_another_path_is_forwarded_without_its_header(net) -> None:
    probe = b"GET /api/hotels HTTP/1.1\r\nHost: x\r\nx-drill-PROBE: token-of-this-test-run\r\nAccept: */*\r\n\r\n"
    assert net.ask(probe, answering(STORED), len(STORED)) == STORED
    assert net.upstream.received() == [b"GET /api/hotels HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"]
    [entry] = net.written(1)
    assert entry.probe
    assert "token-of-this-test-run" not in entry.model_dump_json()


@pytest.mark.parametrize("path", [b"/__drill__/ping", b"/api/bookings"])
def test_wrong_token_makes_an_ordinary_request(net, path: bytes) -> None:
    request = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nX-Drill-Probe: another-token\r\nContent-Length: 0\r\n\r\n"
    rule = net.rule({"kind": "status", "status": 500}, nth=[2])
    assert net.ask(request, answering(STORED), len(STORED)) == STORED
    assert net.upstream.received() == [request]
    assert not net.written(1)[0].probe
    assert net.control.counters(rule)["matched"] == 1


def test_probes_do_not_move_the_turn_of_a_rule(net) -> None:
    net.rule({"kind": "status", "status": 500}, nth=[2])
    net.upstream.script = answering(STORED, STORED)
    with httpx.Client(trust_env=False) as client:
        seen = []
        for _ in range(3):
            assert net.probe().status == 500
            seen.append(client.get(net.url).status_code)
    assert seen == [200, 500, 200]
