"""Where a message begins and ends in a stream of bytes. Reading of heads and chunks is the library's (httptools).

The library does not say at which byte a message ended. It need not: every head and every chunked body ends with an
empty line, so bytes handed over in slices that end at empty lines never cross an end. All other bodies have a length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import httptools

EMPTY_LINE = b"\r\n\r\n"
#: A head longer than this is not taken for HTTP.
MAX_HEAD = 256 * 1024


class NotHttp(Exception):
    """These bytes are no HTTP/1 message."""


class Body(Protocol):
    """The rest of a message.

    Attributes:
        complete: its last byte was taken.
        ends_with_connection: it ends when the peer closes.
    """

    complete: bool
    ends_with_connection: bool

    def take(self, buffer: bytearray) -> bytes:
        """Take what belongs to this message, as it is on the wire. Raises NotHttp on broken chunks."""
        ...


@dataclass(slots=True)
class RequestHead:
    """Attributes: raw: as received, with the empty line. target: with the query. keep_alive: by version and header."""

    raw: bytes
    method: str
    target: str
    headers: list[tuple[str, str]]
    keep_alive: bool
    body: Body
    content: Content

    def header(self, name: str) -> str | None:
        """The first value of a header; `name` in lower case."""
        return next((value for given, value in self.headers if given.lower() == name), None)


@dataclass(slots=True)
class AnswerHead:
    """Attributes: raw: as received, with the empty line."""

    raw: bytes
    status: int
    headers: list[tuple[str, str]]
    body: Body
    content: Content


class Content:
    """What a body says, without its framing; keeps the first `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = bytearray()

    def add(self, piece: bytes) -> None:
        """Keep a piece as far as there is room."""
        room = self.limit - len(self.bytes)
        if room > 0:
            self.bytes += piece[:room]


def take_head(buffer: bytearray) -> bytes | None:
    """Take a complete head from the buffer; None when it has not arrived. Raises NotHttp when it never will."""
    begin = 0
    while buffer.startswith(b"\r\n", begin):  # allowed before a request line (RFC 9112, 2.2)
        begin += 2
    end = buffer.find(EMPTY_LINE, begin)
    if end < 0 and b"\n\n" in buffer:
        raise NotHttp("lines end without CR")
    if end < 0 and len(buffer) > MAX_HEAD:
        raise NotHttp("endless head")
    if end < 0:
        return None
    raw = bytes(buffer[: end + 4])
    del buffer[: end + 4]
    return raw


def request_head(raw: bytes, keep_content: int) -> RequestHead:
    """Read a request's head. `keep_content`: so many bytes of the body's content are kept. Raises NotHttp."""
    content = Content(keep_content)
    sink = _Sink(content.add)
    parser = httptools.HttpRequestParser(sink)
    sink.ask_keep_alive = parser.should_keep_alive
    _feed(parser, _readable(raw))
    method = parser.get_method().decode("ascii")
    if method == "CONNECT":
        raise NotHttp("CONNECT asks for a tunnel")
    if b" HTTP/" not in raw.lstrip(b"\r\n").partition(b"\r\n")[0]:
        raise NotHttp("the request line names no version, as before HTTP/1.0")
    return RequestHead(
        raw,
        method,
        raw.lstrip(b"\r\n").split(b" ", 2)[1].decode("latin-1"),
        [("Upgrade", value) if name == _OFFER else (name, value) for name, value in sink.headers],
        sink.keep_alive,
        _body(sink, parser, content, NoBody),
        content,
    )


def answer_head(raw: bytes, asked: str, keep_content: int) -> AnswerHead:
    """Read an answer's head. `asked`: method of the request, which decides whether a body follows. Raises NotHttp."""
    content = Content(keep_content)
    sink = _Sink(content.add)
    parser = httptools.HttpResponseParser(sink)
    _feed(parser, raw)
    status: int = parser.get_status_code()
    bodiless = asked == "HEAD" or status in (204, 304) or 100 <= status < 200
    body = NoBody() if bodiless else _body(sink, parser, content, lambda: UntilClose(content.add))
    return AnswerHead(raw, status, sink.headers, body, content)


class NoBody:
    """Nothing follows the head."""

    complete = True
    ends_with_connection = False

    def take(self, buffer: bytearray) -> bytes:  # noqa: ARG002
        """Nothing."""
        return b""


class Sized:
    """A body of a known length."""

    ends_with_connection = False

    def __init__(self, length: int, sink: Callable[[bytes], None]) -> None:
        self._left = length
        self._sink = sink
        self.complete = length == 0

    def take(self, buffer: bytearray) -> bytes:
        """At most what is left of it."""
        piece = bytes(buffer[: self._left])
        del buffer[: self._left]
        self._left -= len(piece)
        self.complete = self._left == 0
        self._sink(piece)
        return piece


class UntilClose:
    """A body that ends with the connection."""

    complete = False
    ends_with_connection = True

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink

    def take(self, buffer: bytearray) -> bytes:
        """Everything."""
        piece = bytes(buffer)
        buffer.clear()
        self._sink(piece)
        return piece


class Chunked:
    """A body in chunks; the parser has read the head already and goes on."""

    ends_with_connection = False

    def __init__(self, parser: httptools.HttpRequestParser | httptools.HttpResponseParser, sink: _Sink) -> None:
        self._parser = parser
        self._sink = sink
        self._tail = b""
        self.complete = False

    def take(self, buffer: bytearray) -> bytes:
        """Chunks as they are on the wire, up to the end of the message."""
        taken: list[bytes] = []
        while buffer and not self.complete:
            seam = self._tail + bytes(buffer[:3])
            at = seam.find(EMPTY_LINE)  # an empty line that began in the slice before
            end = at + 4 - len(self._tail) if at >= 0 else buffer.find(EMPTY_LINE) + 4
            piece = bytes(buffer[:end]) if end > 3 or at >= 0 else bytes(buffer)
            try:
                _feed(self._parser, piece)
            except NotHttp:
                buffer[:0] = b"".join(taken)  # nothing is lost, it goes on unread
                raise
            del buffer[: len(piece)]
            self._tail = (self._tail + piece)[-3:]
            taken.append(piece)
            self.complete = self._sink.complete
        return b"".join(taken)


class _Sink:
    """Receives what the library reads."""

    def __init__(self, on_body: Callable[[bytes], None]) -> None:
        self.headers: list[tuple[str, str]] = []
        self.complete = False
        self.keep_alive = True
        self.on_body = on_body
        #: Asked when the head is complete: after the message the library has forgotten `Connection: close`.
        self.ask_keep_alive: Callable[[], bool] = lambda: True

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self.keep_alive = self.ask_keep_alive()

    def on_message_complete(self) -> None:
        self.complete = True


def _body(
    sink: _Sink,
    parser: httptools.HttpRequestParser | httptools.HttpResponseParser,
    content: Content,
    otherwise: Callable[[], Body],
) -> Body:
    named = {name.lower(): value for name, value in sink.headers}
    if "transfer-encoding" in named:
        if named["transfer-encoding"].rpartition(",")[2].strip().lower() == "chunked":
            return Chunked(parser, sink)
        return otherwise()
    if "content-length" in named:
        return Sized(int(named["content-length"]), content.add)
    return otherwise()


def _feed(parser: httptools.HttpRequestParser | httptools.HttpResponseParser, data: bytes) -> None:
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        return  # a head that is complete; what follows is not the library's
    except httptools.HttpParserError as error:
        raise NotHttp(str(error)) from error


def _readable(raw: bytes) -> bytes:
    """A request's head as the library will read it. What is forwarded stays as it is.

    It stops at an offer to upgrade, which most servers ignore, and refuses targets that are not ASCII.
    """
    at = raw.lower().find(b"\r\nupgrade:")
    if at >= 0:
        raw = raw[: at + 2] + _OFFER.encode() + raw[at + 9 :]
    if not raw.isascii():
        line, end, rest = raw.lstrip(b"\r\n").partition(b"\r\n")
        raw = line.translate(_ASCII) + end + rest
    return raw


_OFFER = "x-offer"  # as long as "upgrade"
_ASCII = bytes(range(128)) + b"x" * 128
