"""What goes in and out of the web service, free of any HTTP library."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

JSON = "application/json"
XML = "text/xml;charset=utf-8"
HTML = "text/html; charset=utf-8"
APACHE = "text/html; charset=iso-8859-1"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are lower case; `query` holds the last value of each name, decoded.

    `target_length` is that of path and query as they came.
    """

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    target_length: int = 0


@dataclass(slots=True)
class Answer:
    """One answer.

    Attributes:
        content_type: None sends none, as QloApps does with an empty 404.
        handled: whether the web service itself answered, and not PHP or the web server (decides the headers).
        extra: more headers.
        cookie: whether the shop sets its cookie (not when the database is down).
    """

    status: int
    body: bytes = b""
    content_type: str | None = None
    handled: bool = True
    extra: tuple[tuple[str, str], ...] = ()
    cookie: bool = True


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of an error body: QloApps' own number (unrelated to the HTTP status) and its text."""

    code: int
    message: str


class Refused(Exception):
    """QloApps handles the request and answers with an error body."""

    def __init__(self, status: int, *problems: Problem, realm: str | None = None) -> None:
        super().__init__(status, problems)
        self.status = status
        self.problems = problems
        self.realm = realm


class Crashed(Exception):
    """PHP dies: the answer is not an error body but 500 and nothing, or a bare text with 200.

    Attributes:
        text: the body.
        status: 500, or 200 for an exception that QloApps prints as `Fatal error`.
    """

    def __init__(self, status: int = 500, text: str = "") -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text


class NotPlayed(Exception):
    """QloApps would do this work, and the twin cannot. Told loudly: an answer of its own would be a lie.

    Attributes:
        what: the request in a few words, such as `PUT orders`.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


Steps = Generator[float, None, Answer]
"""The work on a request: yields seconds to wait before it goes on, returns the answer."""


def warning(text: str, line: int, file: str = "WebserviceSpecificManagementBookings.php") -> Problem:
    """A PHP warning as QloApps puts it into an answer (it tells the path on the server, here a stand-in)."""
    return Problem(3, f"[PHP Warning #2] {text} (/var/www/qloapps/classes/webservice/{file}, line {line})")
