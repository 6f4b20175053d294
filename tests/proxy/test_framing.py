"""Where a message ends, however its bytes arrive and whatever follows it."""

from __future__ import annotations

import pytest

from pms_drill.proxy.framing import NotHttp, answer_head, request_head, take_head

NEXT = b"GET /next HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
BODIES = {
    "plain": (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
    "empty": (b"0\r\n\r\n", b""),
    "empty lines inside": (b"6\r\na\r\n\r\nb\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n", b"a\r\n\r\nb\r\n\r\n"),
    "looks like an end": (b"9\r\n\r\n0\r\n\r\n0\r\r\n0\r\n\r\n", b"\r\n0\r\n\r\n0\r"),
    "trailers": (b"1\r\nx\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n", b"x"),
}


@pytest.mark.parametrize(("wire", "content"), BODIES.values(), ids=BODIES)
def test_chunked_body_ends_at_its_last_byte_however_it_is_cut(wire: bytes, content: bytes) -> None:
    follows = wire + NEXT
    for first in range(len(wire) + 1):
        for second in range(first, len(wire) + 1):
            head = request_head(HEAD, keep_content=1000)
            buffer, taken = bytearray(), b""
            for piece in (follows[:first], follows[first:second], follows[second:]):
                buffer += piece
                taken += head.body.take(buffer)
            assert head.body.complete
            assert (taken, bytes(buffer), bytes(head.content.bytes)) == (wire, NEXT, content), (first, second)


def test_body_with_a_length_ends_there() -> None:
    head = request_head(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n", keep_content=2)
    buffer = bytearray(b"abc" + NEXT)
    assert head.body.take(buffer) == b"abc"
    assert (head.body.complete, bytes(buffer), bytes(head.content.bytes)) == (True, NEXT, b"ab")


def test_head_is_taken_when_its_empty_line_is_there() -> None:
    buffer = bytearray(NEXT[:-1])
    assert take_head(buffer) is None
    buffer += b"\nrest"
    assert take_head(buffer) == NEXT
    assert buffer == b"rest"


@pytest.mark.parametrize("bytes_given", [b"HELO\n\n", b"x" * (256 * 1024 + 1)], ids=["no CR", "endless"])
def test_what_will_never_be_a_head_is_no_http(bytes_given: bytes) -> None:
    with pytest.raises(NotHttp):
        take_head(bytearray(bytes_given))


def test_broken_chunks_are_no_http_and_no_byte_is_lost() -> None:
    head = request_head(HEAD, keep_content=0)
    buffer = bytearray(b"1\r\n\r\n\r\nzz\r\n\r\n")
    with pytest.raises(NotHttp):
        head.body.take(buffer)
    assert buffer == b"1\r\n\r\n\r\nzz\r\n\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /a\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
    ],
    ids=["0.9", "CONNECT", "space in a name", "TLS"],
)
def test_head_that_cannot_be_read_is_no_http(raw: bytes) -> None:
    with pytest.raises(NotHttp):
        request_head(raw, keep_content=0)


@pytest.mark.parametrize(
    ("asked", "answer", "complete", "with_connection"),
    [
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", False, False),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True, False),
        ("GET", b"HTTP/1.1 200 OK\r\n\r\n", False, True),
        ("GET", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", False, True),
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", True, False),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", True, False),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\n\r\n", True, False),
        ("GET", b"HTTP/1.1 100 Continue\r\n\r\n", True, False),
    ],
)
def test_answer_ends_as_method_status_and_headers_say(
    asked: str, answer: bytes, complete: bool, with_connection: bool
) -> None:
    head = answer_head(answer, asked, keep_content=0)
    assert (head.body.complete, head.body.ends_with_connection) == (complete, with_connection)


def test_offer_to_upgrade_is_read_past_and_kept() -> None:
    raw = b"POST /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n"
    head = request_head(raw, keep_content=0)
    assert head.raw == raw
    assert head.header("upgrade") == "h2c"
    assert not head.body.complete
