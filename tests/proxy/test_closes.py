"""How one side ends, the other side ends; the proxy invents no answer."""

from __future__ import annotations

import threading

import pytest

from tests.proxy.scripted_upstream import Peer, answering

GET = b"GET /api/hotels HTTP/1.1\r\nHost: hotel.test\r\n\r\n"
POST = b"POST /api/bookings HTTP/1.1\r\nHost: hotel.test\r\nContent-Length: 4\r\n\r\nbook"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("end", ["closed", "reset"])
def test_pms_that_ends_an_idle_connection_ends_it_for_the_client(net, end: str) -> None:
    def script(peer: Peer) -> None:
        peer.until(b"\r\n\r\n")
        peer.send(OK)
        peer.until(b"\r\n\r\n", 2)
        peer.send(OK)
        client.expect(2 * len(OK))
        peer.close() if end == "closed" else peer.reset()

    net.upstream.script = script
    client = net.client()
    client.send(GET)
    client.expect(len(OK))
    client.send(GET)
    net.upstream.finished()
    assert client.rest() == OK + OK
    assert client.end == end


@pytest.mark.parametrize("end", ["closed", "reset"])
def test_client_that_ends_an_idle_connection_ends_it_at_the_pms(net, end: str) -> None:
    net.upstream.script = answering(OK)
    client = net.client()
    client.send(GET)
    client.expect(len(OK))
    client.close() if end == "closed" else client.reset()
    net.upstream.finished()
    assert net.upstream.peers[0].end == end


@pytest.mark.parametrize("end", ["closed", "reset"])
def test_pms_that_dies_before_it_answers_gives_the_client_no_answer(net, end: str) -> None:
    def script(peer: Peer) -> None:
        peer.until(b"book")
        peer.close() if end == "closed" else peer.reset()

    net.upstream.script = script
    client = net.client()
    client.send(POST)
    assert client.rest() == b""
    assert client.end == end
    [entry] = net.written(1)
    assert entry.note == "upstream closed without an answer"
    assert entry.forwarded is not None
    assert (entry.answered, entry.delivered, entry.status, entry.copies) == (None, None, None, 1)


@pytest.mark.parametrize(
    "part", [b"HTTP/1.1 200 OK\r\nContent-", OK[:-1], b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"]
)
def test_pms_that_dies_inside_its_answer_leaves_the_client_with_the_part(net, part: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.until(b"book")
        peer.send(part)
        peer.close()

    net.upstream.script = script
    client = net.client()
    client.send(POST)
    assert client.rest() == part
    [entry] = net.written(1)
    assert "upstream closed inside the" in entry.note
    assert entry.delivered is None


def test_refused_by_the_pms_the_connection_closes_and_the_entry_says_so(net) -> None:
    net.upstream.refuse()
    client = net.client()
    client.send(POST)
    assert client.rest() == b""
    [entry] = net.written(1)
    assert entry.note.startswith("upstream refused")
    assert (entry.forwarded, entry.copies, entry.status) == (None, 0, None)


@pytest.mark.parametrize("end", ["closed", "reset"])
def test_complete_request_is_carried_out_although_its_client_left(net, end: str) -> None:
    def script(peer: Peer) -> None:
        peer.until(b"book")
        client.close() if end == "closed" else client.reset()
        net.entries(1)
        peer.send(OK)
        peer.rest()

    net.upstream.script = script
    client = net.client()
    client.send(POST)
    net.upstream.finished()
    [entry] = net.written(1)
    assert "downstream gone" in entry.note
    assert entry.pms_status == 200
    assert entry.delivered is None
    assert net.upstream.received() == [POST]


def test_request_is_delivered_although_its_client_left_before_it_could_be(net) -> None:
    net.rule({"kind": "delay", "seconds": 0.2, "before": "forwarding"})
    net.upstream.script = answering(OK, requests_end=b"book")
    client = net.client()
    client.send(POST)
    client.close()
    [entry] = net.written(1)
    assert net.upstream.received() == [POST]
    assert entry.forwarded - entry.received >= 0.19
    assert entry.pms_status == 200


def test_client_that_leaves_inside_its_request_takes_the_connection_with_it(net) -> None:
    client = net.client()
    net.upstream.script = lambda peer: peer.rest()
    client.send(POST[:-1])
    client.close()
    [entry] = net.written(1)
    net.upstream.finished()
    assert entry.note == "downstream gone before the request was complete"
    assert entry.forwarded is None
    assert net.upstream.received() == [POST[:-1]]
    assert net.upstream.peers[0].end == "closed"


def test_client_that_only_stops_sending_still_gets_its_answer(net) -> None:
    net.upstream.script = answering(OK)
    client = net.client()
    client.send(GET)
    client.finish()
    assert client.rest() == OK


def test_answer_before_the_request_is_complete_is_delivered(net) -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

    def script(peer: Peer) -> None:
        peer.until(b"\r\n\r\n")
        peer.send(refusal)
        peer.close()

    net.upstream.script = script
    client = net.client()
    client.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    assert client.rest() == refusal
    [entry] = net.written(1)
    assert (entry.status, entry.forwarded) == (413, None)
    assert "before the request was complete" in entry.note


def test_request_on_a_connection_that_the_pms_has_just_closed_is_not_forwarded(net) -> None:
    sent, ended = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.until(b"\r\n\r\n")
        peer.send(OK)
        sent.wait(5)
        peer.close()
        ended.set()

    def look_away() -> None:
        """Until both are there, the request and the end of the connection."""
        sent.set()
        ended.wait(5)
        client.send(GET)

    net.upstream.script = script
    client = net.client()
    client.send(GET)
    assert client.expect(len(OK)) == OK
    net.running.loop.call_soon_threadsafe(look_away)
    assert client.rest() == OK
    first, second = net.written(2)
    assert (first.note, second.note) == ("", "upstream had closed")
    assert second.forwarded is None


def test_unasked_answer_before_a_close_reaches_the_client(net) -> None:
    late = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

    def script(peer: Peer) -> None:
        peer.until(b"\r\n\r\n")
        peer.send(OK)
        client.expect(len(OK))
        peer.send(late)
        peer.close()

    net.upstream.script = script
    client = net.client()
    client.send(GET)
    net.upstream.finished()
    assert client.rest() == OK + late
