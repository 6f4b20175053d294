"""Without a rule every byte goes across as it is, in both directions, and every close is mirrored."""

from __future__ import annotations

import os
import threading

import pytest

from tests.proxy.scripted_upstream import Peer, answering

GET = b"GET /api/hotels?limit=1 HTTP/1.1\r\nHost: hotel.test\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

EXCHANGES = {
    "case, order and duplicates of headers": (
        b"GET /a HTTP/1.1\r\nhOsT: x\r\nX-B: 2\r\nX-A:1\r\nX-B:   1  \r\nACCEPT: */*\r\n\r\n",
        b"HTTP/1.1 200 Quite  Fine, thanks\r\nSet-Cookie: a=1\r\nserver:x\r\nSet-Cookie: b=2\r\n"
        b"Content-LENGTH: 2\r\n\r\nok",
    ),
    "no reason phrase": (GET, b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"),
    "no space after the status": (GET, b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"),
    "unknown status": (GET, b"HTTP/1.1 599 Odd\r\nContent-Length: 1\r\n\r\nx"),
    "bytes beyond ASCII": (
        b"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: x\r\nX-Name: J\xf6rg\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Name: \xc5\xbb\xf3\r\nContent-Length: 3\r\n\r\n\x00\xff\n",
    ),
    "percent escapes and dots": (b"GET /a/../b//c%2F?q=%20+;a#x HTTP/1.1\r\nHost: x\r\n\r\n", OK),
    "body with a length": (
        b"POST /api/bookings HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab\r\n\r\ncde",
        b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\na\r\n\r\nbcd",
    ),
    "chunks, extensions, trailers": (
        b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3;why=not\r\nabc\r\n00A\r\n\r\n\r\n567890\r\n0;last\r\nX-T: 1\r\nX-U: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n6\r\na\r\n\r\nb\r\n2\r\n\r\n\r\n0\r\n\r\n",
    ),
    "HEAD with a length": (
        b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
    ),
    "HEAD of a chunked resource": (
        b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    "204": (GET, b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"),
    "304 with a length": (GET, b'HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\nETag: "x"\r\n\r\n'),
    "early hints": (
        GET,
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
    ),
    "empty line before the request": (b"\r\n" + GET, OK),
    "offer to upgrade, not taken": (
        b"POST /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nContent-Length: 7\r\n\r\nab\r\n\r\nc",
        OK,
    ),
    "server that offers to upgrade": (
        GET,
        b"HTTP/1.1 200 OK\r\nUpgrade: h2,h2c\r\nConnection: Upgrade, Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
    ),
    "HTTP/1.0 kept alive": (
        b"GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
    ),
    "unusual method": (b"PROPFIND /a HTTP/1.1\r\nHost: x\r\nDepth: 1\r\n\r\n", OK),
}


@pytest.mark.parametrize(("request_bytes", "answer"), EXCHANGES.values(), ids=EXCHANGES)
@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
def test_messages_cross_byte_for_byte_twice_on_one_connection(net, request_bytes, answer, bytewise) -> None:
    def script(peer: Peer) -> None:
        for turn in (1, 2):
            peer.expect(len(request_bytes) * turn)
            peer.send(answer, bytewise=bytewise)
        peer.rest()

    net.upstream.script = script
    client = net.client()
    for turn in (1, 2):
        client.send(request_bytes, bytewise=bytewise)
        assert client.expect(len(answer) * turn) == answer * turn
    client.close()
    net.upstream.finished()
    assert net.upstream.received() == [request_bytes * 2]
    assert [entry.note for entry in net.written(2)] == ["", ""]


UNTIL_CLOSE = {
    "no length": (GET, b"HTTP/1.1 200 OK\r\nX-A: b\r\n\r\nbody\r\n\r\nmore"),
    "HTTP/1.0": (b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.0 302 Found\r\nLocation: http://other.test/\r\n\r\n<html>"),
    "length and close": (GET, b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
    "chunks and close": (
        GET,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    ),
    "not chunked but encoded": (GET, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nzzz"),
}


@pytest.mark.parametrize(("request_bytes", "answer"), UNTIL_CLOSE.values(), ids=UNTIL_CLOSE)
def test_answer_that_ends_with_the_connection_ends_it_downstream(net, request_bytes, answer) -> None:
    def script(peer: Peer) -> None:
        peer.until(b"\r\n\r\n")
        peer.send(answer)
        peer.close()

    net.upstream.script = script
    client = net.client()
    client.send(request_bytes)
    assert client.rest() == answer
    assert client.end == "closed"
    assert [entry.note for entry in net.written(1)] == [""]


def test_client_that_waits_for_100_sends_its_body_after_it(net) -> None:
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"

    def script(peer: Peer) -> None:
        peer.expect(len(head))
        peer.send(interim)
        peer.expect(len(head) + 4)
        peer.send(OK)
        peer.rest()

    net.upstream.script = script
    client = net.client()
    client.send(head)
    assert client.expect(len(interim)) == interim
    client.send(b"body")
    assert client.expect(len(interim + OK)) == interim + OK
    client.close()
    net.upstream.finished()
    assert net.upstream.received() == [head + b"body"]


def test_pipelined_requests_are_answered_in_order(net) -> None:
    answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number for number in range(3)]
    requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(3))
    assert net.ask(requests, answering(*answers), len(b"".join(answers))) == b"".join(answers)
    assert [entry.target for entry in net.written(3)] == ["/0", "/1", "/2"]
    assert net.upstream.received() == [requests]


def test_chunked_request_followed_by_another_in_the_same_segment(net) -> None:
    first = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    assert net.ask(first + GET, answering(OK, OK, requests_end=b"Host"), 2 * len(OK)) == OK + OK
    assert [(entry.target, entry.request_body) for entry in net.written(2)] == [
        ("/a", "hello"),
        ("/api/hotels?limit=1", ""),
    ]


def test_upgraded_connection_carries_bytes_both_ways(net) -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"
    offer = b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"

    def script(peer: Peer) -> None:
        peer.expect(len(offer))
        peer.send(switch + b"\x00hello")
        peer.until(b"\x01bye")
        peer.close()

    net.upstream.script = script
    client = net.client()
    client.send(offer)
    client.expect(len(switch) + 6)
    client.send(b"\x01bye")
    assert client.rest() == switch + b"\x00hello"
    assert net.written(1)[0].pms_status == 101


@pytest.mark.parametrize("chunked", [False, True])
def test_large_bodies_cross_both_ways_at_once(net, chunked: bool) -> None:
    body = os.urandom(3_000_000)
    if chunked:
        pieces = [body[at : at + 70_000] for at in range(0, len(body), 70_000)]
        framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        framing = b"Transfer-Encoding: chunked"
    else:
        framed, framing = body, b"Content-Length: %d" % len(body)
    request = b"POST /big HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n\r\n" + framed
    answer = b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n" + framed

    def script(peer: Peer) -> None:  # answers while the request is still coming
        peer.until(b"\r\n\r\n")
        sender = threading.Thread(target=peer.send, args=(answer,), daemon=True)
        sender.start()
        peer.expect(len(request))
        sender.join(10)
        peer.rest()

    net.upstream.script = script
    client = net.client()
    sender = threading.Thread(target=client.send, args=(request,), daemon=True)
    sender.start()
    assert client.expect(len(answer)) == answer
    sender.join(10)
    client.close()
    net.upstream.finished()
    assert net.upstream.received() == [request]
    [entry] = net.written(1)
    assert entry.forwarded is not None
    assert entry.delivered is not None
    assert len(entry.request_body) <= 4096


def test_reader_that_is_slow_makes_the_pms_wait_instead_of_filling_memory(net) -> None:
    sent = 0
    block = bytes(1 << 20)

    def script(peer: Peer) -> None:
        nonlocal sent
        peer.until(b"\r\n\r\n")
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(block) * 100))
        peer.link.settimeout(0.5)
        for _ in range(100):
            peer.send(block)
            sent += 1

    net.upstream.script = script
    client = net.client()
    client.send(GET)
    client.until(b"\r\n\r\n")
    net.upstream.finished()
    assert sent < 50


NOT_HTTP = {
    "lines without CR": (GET, b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    "another protocol": (GET, b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "length and chunks": (
        GET,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ),
}


@pytest.mark.parametrize(("request_bytes", "answer"), NOT_HTTP.values(), ids=NOT_HTTP)
def test_answer_that_is_no_http_is_passed_on_and_noted(net, request_bytes, answer) -> None:
    def script(peer: Peer) -> None:
        peer.until(b"\r\n\r\n")
        peer.send(answer)
        peer.close()

    net.upstream.script = script
    client = net.client()
    client.send(request_bytes)
    assert client.rest() == answer
    assert "no HTTP" in net.written(1)[0].note


def test_request_that_is_no_http_is_passed_on_and_noted(net) -> None:
    net.upstream.script = answering(b"what?", requests_end=b"\n\n")
    client = net.client()
    client.send(b"HELO there\n\n")
    assert client.expect(5) == b"what?"
    client.close()
    net.upstream.finished()
    assert net.upstream.received() == [b"HELO there\n\n"]
    assert "no HTTP" in net.written(1)[0].note


def test_each_client_connection_has_one_pms_connection(net) -> None:
    net.upstream.script = answering(OK, OK, OK)
    for _ in range(2):
        client = net.client()
        for turn in (1, 2, 3):
            client.send(GET)
            client.expect(turn * len(OK))
    assert len(net.upstream.peers) == 2
    assert [entry.connection for entry in net.written(6)] == [1, 1, 1, 2, 2, 2]
