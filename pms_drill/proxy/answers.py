"""Answers that the fault proxy writes or changes, as bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Self

_FRAMING = (b"content-length", b"transfer-encoding", b"trailer", b"content-encoding")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer.

    Attributes:
        line: the status line, without its end.
        fields: header lines as on the wire, without those about framing.
        content: the body without its framing and coding.
    """

    line: bytes
    fields: tuple[bytes, ...]
    content: bytes

    @classmethod
    def new(cls, status: int, headers: Iterable[tuple[str, str]], content: bytes) -> Self:
        """One of our own. A Content-Length among the headers gives way to the true one."""
        fields = [name.encode("latin-1") + b": " + value.encode("latin-1") for name, value in headers]
        return cls(status_line(status), tuple(_without(fields, _FRAMING[:3])), content)

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.line.split(b" ", 2)[1])

    def with_headers(self, headers: Iterable[tuple[str, str]]) -> Answer:
        """The given headers in place of those of the same name."""
        given = [name.encode("latin-1") + b": " + value.encode("latin-1") for name, value in headers]
        names = tuple(_name(line) for line in given)
        return replace(self, fields=(*_without(self.fields, names), *_without(given, _FRAMING[:3])))

    def render(self, *, asked: str, close: bool = False, claimed_length: int | None = None) -> bytes:
        """The bytes for the wire.

        Args:
            asked: method of the request; the answer to HEAD has no body.
            close: say that the connection ends after it.
            claimed_length: the Content-Length to claim instead of the true one.
        """
        length = len(self.content) if claimed_length is None else claimed_length
        fields = list(self.fields)
        if close:
            fields = [*_without(fields, (b"connection",)), b"Connection: close"]
        if self.status != 204:
            fields.append(b"Content-Length: %d" % length)
        body = b"" if asked == "HEAD" or self.status in (204, 304) else self.content
        return b"\r\n".join([self.line, *fields, b"", body])


def status_line(status: int) -> bytes:
    """A status line with the registered reason phrase, if there is one."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}".encode()


def pong() -> Answer:
    """The answer to a probe that is not forwarded."""
    return Answer.new(200, [("Content-Type", "text/plain")], b"pong")


def without_probe_header(raw: bytes) -> bytes:
    """A request's head without the header that marks probes; all else stays as it is."""
    lines = raw.split(b"\r\n")
    return b"\r\n".join(line for line in lines if _name(line) != b"x-drill-probe")


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0].strip().lower()


def _without(lines: Iterable[bytes], names: tuple[bytes, ...]) -> list[bytes]:
    return [line for line in lines if _name(line) not in names]
