"""The faults where the HTTP fault proxy answers and the PMS is never asked."""

from __future__ import annotations

from datetime import timedelta
from email.utils import formatdate

from pms_drill import clock
from pms_drill.faults.http_rules import Effect, HttpRule, Match
from pms_drill.faults.lifecycle import Fault
from pms_drill.faults.proofs import Proof, body_holds, status

EVERYTHING = Match()

_REALM = "Welcome to PrestaShop Webservice, please enter the authentication key as the login. No password required."
_FATAL = "<br />\n<b>Fatal error</b>:  Uncaught PrestaShopException: the request could not be completed<br />\n"


def unauthorized(match: Match = EVERYTHING) -> Fault:
    """The key is not accepted, answered as QloApps does: 401 as HTML, even if JSON was asked for."""
    return _answered(
        "unauthorized",
        "B",
        "every request is answered 401",
        401,
        {"Content-Type": "text/html; charset=utf-8", "WWW-Authenticate": f'Basic realm="{_REALM}"'},
        "401 Unauthorized",
        match,
    )


def forbidden(match: Match = EVERYTHING) -> Fault:
    """The key has no permission for the shop: 403 with code 132."""
    return _answered(
        "forbidden",
        "B",
        "every request is answered 403 with code 132",
        403,
        {"Content-Type": "application/json"},
        '{"errors":[{"code":132,"message":"No permission for this key on this shop"}]}',
        match,
    )


def rate_limited(retry_after: int, *, as_date: bool = False, match: Match = EVERYTHING) -> Fault:
    """A gateway in front of the PMS limits calls (QloApps itself never does).

    Args:
        retry_after: seconds to wait that the answer names.
        as_date: name them as a date (RFC 9110, 10.2.3) instead of a number of seconds.
        match: which requests.
    """

    def headers() -> dict[str, str]:
        if as_date:
            wait = formatdate((clock.utc() + timedelta(seconds=retry_after)).timestamp(), usegmt=True)
        else:
            wait = str(retry_after)
        return {"Content-Type": "application/json", "Retry-After": wait}

    name, form = ("rate_limited_until", "as a date") if as_date else ("rate_limited", "in seconds")
    return Fault(
        name=name,
        cause="C",
        tells=f"every request is answered 429 with a Retry-After of {retry_after} s, {form}",
        client_sees="429 with Retry-After",
        pms_did_the_work=False,
        action=HttpRule(name, lambda: _status(429, headers(), '{"error":"too many requests"}'), match),
        proof=status(429, headers=("retry-after",)),
        probe=match.probe(),
    )


def server_error(match: Match = EVERYTHING) -> Fault:
    """The database of the PMS is down: an HTML page with 500, within milliseconds."""
    return _answered(
        "server_error",
        "A",
        "every request is answered 500 with an HTML page",
        500,
        {"Content-Type": "text/html; charset=utf-8"},
        "<!DOCTYPE html><html><body><h1>500 Server Error</h1></body></html>",
        match,
    )


def not_found() -> Fault:
    """No fault of the PMS at all: QloApps answers availability 404 with an empty body, a business answer."""
    match = Match(method="POST", path="/api/hotel_ari")
    return _answered("not_found", "-", "questions are answered 404, as for an unknown id", 404, {}, "", match)


def garbage_200(match: Match = EVERYTHING) -> Fault:
    """PHP dies after it sent its status: 200 with an error text for a body."""
    return _answered(
        "garbage_200",
        "A",
        "every request is answered 200 with the text of a PHP error",
        200,
        {"Content-Type": "text/html; charset=utf-8"},
        _FATAL,
        match,
        proof=body_holds(b"Fatal error"),
    )


def _answered(
    name: str,
    cause: str,
    tells: str,
    code: int,
    headers: dict[str, str],
    body: str,
    match: Match,
    proof: Proof | None = None,
) -> Fault:
    """A fault where the fault proxy answers itself and the PMS is never asked."""
    return Fault(
        name=name,
        cause=cause,
        tells=tells,
        client_sees=f"status {code}",
        pms_did_the_work=False,
        action=HttpRule(name, lambda: _status(code, headers, body), match),
        proof=proof or status(code),
        probe=match.probe(),
    )


def _status(code: int, headers: dict[str, str], body: str) -> Effect:
    return {"kind": "status", "status": code, "headers": list(headers.items()), "body": body}
