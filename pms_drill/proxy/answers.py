"""Answers that the fault proxy writes or changes, as bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Self

from pms_drill.proxy.framing import AnswerHead, NoBody

_FRAMING = (b"content-length", b"transfer-encoding", b"trailer")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer.

    Attributes:
        line: the status line, without its end.
        fields: header lines as on the wire, without those about framing.
        content: the body without its framing.
        has_body: whether a body may follow this head.
    """

    line: bytes
    fields: tuple[bytes, ...]
    content: bytes
    has_body: bool = True

    @classmethod
    def new(cls, status: int, headers: Iterable[tuple[str, str]], content: bytes) -> Self:
        """One of our own. A Content-Length among the headers gives way to the true one."""
        fields = [name.encode("latin-1") + b": " + value.encode("latin-1") for name, value in headers]
        return cls(status_line(status), tuple(_without(fields, _FRAMING)), content)

    @classmethod
    def received(cls, head: AnswerHead) -> Self:
        """The PMS's, its body taken completely."""
        line, *fields = head.raw.strip(b"\r\n").split(b"\r\n")
        return cls(
            line, tuple(_without(fields, _FRAMING)), bytes(head.content.bytes), not isinstance(head.body, NoBody)
        )

    @property
    def coding(self) -> str:
        """The Content-Encoding, in lower case; empty when there is none."""
        values = [line.partition(b":")[2] for line in self.fields if _name(line) == b"content-encoding"]
        return b",".join(values).strip().lower().decode("latin-1")

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.line.split(b" ", 2)[1])

    def without_coding(self, content: bytes) -> Answer:
        """The same with this plain content."""
        return replace(self, fields=tuple(_without(self.fields, (b"content-encoding",))), content=content)

    def with_headers(self, headers: Iterable[tuple[str, str]]) -> Answer:
        """The given headers in place of those of the same name."""
        given = [name.encode("latin-1") + b": " + value.encode("latin-1") for name, value in headers]
        names = tuple(_name(line) for line in given)
        return replace(self, fields=(*_without(self.fields, names), *_without(given, _FRAMING)))

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


def pong(content: bytes = b"pong", copies: int = 1) -> Answer:
    """The answer to a probe that is not forwarded.

    Its headers say what the PMS would have got and said, so that an effect shows: the number of copies of the
    request, and the length of the body before it was changed.
    """
    own = [("Content-Type", "text/plain"), ("X-Drill-Copies", str(copies)), ("X-Drill-Length", str(len(content)))]
    return Answer.new(200, own, content)


def without_probe_header(raw: bytes) -> bytes:
    """A request's head without the header that marks probes; all else stays as it is."""
    lines = raw.split(b"\r\n")
    return b"\r\n".join(line for line in lines if _name(line) != b"x-drill-probe")


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0].strip().lower()


def _without(lines: Iterable[bytes], names: tuple[bytes, ...]) -> list[bytes]:
    return [line for line in lines if _name(line) not in names]
