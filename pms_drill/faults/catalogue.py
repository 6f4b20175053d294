"""The faults, as data. Causes are the runbook's: A PMS down, B authorisation, C rate limit, D network, E timeout.

The same error at the client can mean opposite things at the PMS: what decides is whether the request or the answer
was lost. Each entry says which. What clients see was measured with httpx on loopback, and each entry is measured
again by the project's own tests.
"""

from __future__ import annotations

from datetime import timedelta
from email.utils import formatdate

from pms_drill import clock
from pms_drill.faults.actions import Disabled, Toxics
from pms_drill.faults.http_rules import Effect, HttpRule, Match
from pms_drill.faults.lifecycle import Fault, Heal
from pms_drill.faults.probe import Probe
from pms_drill.faults.proofs import SILENCE_S, Proof, body_holds, cut, no_byte_within, refused, status
from pms_drill.faults.toxics import Bandwidth, Latency, ResetPeer, Stream, Timeout
from pms_drill.proxy.probing import PING

EVERYTHING = Match()

_REALM = "Welcome to PrestaShop Webservice, please enter the authentication key as the login. No password required."
_FATAL = "<br />\n<b>Fatal error</b>:  Uncaught PrestaShopException: the request could not be completed<br />\n"


def connection_refused() -> Fault:
    """The PMS's machine is up and nothing listens."""
    return Fault(
        name="refused",
        cause="A",
        tells="no connection is made: nothing listens where the PMS should be",
        client_sees="connection refused at once",
        pms_did_the_work=False,
        action=Disabled(),
        proof=refused(),
    )


def latency_over_deadline(timeout: float, *, factor: float = 1.5, heal: Heal = Heal.CUT) -> Fault:
    """Answers come, but after the agent's deadline.

    Args:
        timeout: the agent's deadline for one exchange, in seconds (`profile.pms.timeout`).
        factor: the delay as a multiple of it.
        heal: RESUME gives waiting clients their answers at once.
    """
    delay = round(timeout * factor * 1000)
    return Fault(
        name="latency_over_deadline",
        cause="E",
        tells=f"answers come {delay / 1000:g} s late, the deadline is {timeout:g} s",
        client_sees="its own read timeout",
        pms_did_the_work=True,
        action=Toxics((Latency(latency=max(delay, round(SILENCE_S * 2000))),)),
        proof=no_byte_within(),
        heal=heal,
    )


def hang() -> Fault:
    """Answers never come back.

    A stall, not Toxiproxy's timeout: that one ends the connection as soon as the PMS closes its side, which
    QloApps does after errors and PHP's own server after every answer.
    """
    return Fault(
        name="hang",
        cause="E",
        tells="the connection stays open and no byte comes back",
        client_sees="its own read timeout",
        pms_did_the_work=True,
        action=Toxics((Bandwidth(rate=0, stream=Stream.DOWNSTREAM),)),
        proof=no_byte_within(),
    )


def request_lost() -> Fault:
    """Requests never arrive; to the client the same as `hang`."""
    return Fault(
        name="request_lost",
        cause="D",
        tells="the connection stays open, the request never arrives",
        client_sees="its own read timeout",
        pms_did_the_work=False,
        action=Toxics((Timeout(timeout=0, stream=Stream.UPSTREAM),)),
        proof=no_byte_within(),
    )


def reset_before() -> Fault:
    """The connection is reset before the request arrives."""
    return Fault(
        name="reset_before",
        cause="D",
        tells="the connection is reset before the PMS sees the request",
        client_sees="connection reset or closed without an answer",
        pms_did_the_work=False,
        action=Toxics((ResetPeer(timeout=0, stream=Stream.UPSTREAM),)),
        proof=cut(),
    )


def reset_after() -> Fault:
    """The connection is reset when the answer is on its way; to the client the same as `reset_before`."""
    return Fault(
        name="reset_after",
        cause="D",
        tells="the PMS does the work, then the connection is reset",
        client_sees="connection reset or closed without an answer",
        pms_did_the_work=True,
        action=Toxics((ResetPeer(timeout=0, stream=Stream.DOWNSTREAM),)),
        proof=cut(),
    )


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
        probe=_probe(match),
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


def tcp_faults(timeout: float) -> list[Fault]:
    """The faults that need no HTTP fault proxy. `timeout` is the agent's deadline in seconds."""
    return [
        connection_refused(),
        latency_over_deadline(timeout),
        hang(),
        request_lost(),
        reset_before(),
        reset_after(),
    ]


def http_faults(retry_after: int) -> list[Fault]:
    """The faults of the HTTP fault proxy. `retry_after`: seconds that `rate_limited` asks for."""
    limits = [rate_limited(retry_after), rate_limited(retry_after, as_date=True)]
    return [unauthorized(), forbidden(), *limits, server_error(), garbage_200(), not_found()]


def all_faults(timeout: float, retry_after: int) -> dict[str, Fault]:
    """Every fault by name, for the deadline of a profile."""
    return {fault.name: fault for fault in [*tcp_faults(timeout), *http_faults(retry_after)]}


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
        probe=_probe(match),
    )


def _status(code: int, headers: dict[str, str], body: str) -> Effect:
    return {"kind": "status", "status": code, "headers": list(headers.items()), "body": body}


def _probe(match: Match) -> Probe:
    """A request that the rule acts on: a ping, unless the rule is for one path or method."""
    return Probe(method=match.method or "GET", path=match.path or PING)
