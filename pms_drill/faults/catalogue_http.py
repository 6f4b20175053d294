"""The faults where the HTTP fault proxy answers and the PMS is never asked."""

from __future__ import annotations

from datetime import timedelta
from email.utils import formatdate

from pms_drill import clock
from pms_drill.faults import symptoms
from pms_drill.faults.http_rules import Effect, HttpRule, Match
from pms_drill.faults.lifecycle import Fault
from pms_drill.faults.owed import Owed, Runs, opens, refuses
from pms_drill.faults.proofs import Proof, body_holds, empty_body, status
from pms_drill.faults.scale import Scale
from pms_drill.faults.story import Story

TITLE = "Statuses: answers that the PMS never gave"

EVERYTHING = Match()

_REALM = "Welcome to PrestaShop Webservice, please enter the authentication key as the login. No password required."
_FATAL = "<br />\n<b>Fatal error</b>:  Uncaught PrestaShopException: the request could not be completed<br />\n"
HTML = {"Content-Type": "text/html; charset=utf-8"}
_JSON = {"Content-Type": "application/json"}


def faults(scale: Scale) -> list[Fault]:
    """All of this kind."""
    limits = [rate_limited(scale.retry_after), rate_limited(scale.retry_after, as_date=True), rate_limited_silently()]
    refusals = [unauthorized(), forbidden(), method_not_allowed()]
    answers = [server_error(), garbage_200(), empty_200(), question_refused(), booking_refused()]
    return [*refusals, *limits, *answers]


def unauthorized(match: Match = EVERYTHING) -> Fault:
    """The key is not accepted, answered as QloApps does: 401 as HTML, even if JSON was asked for."""
    return answered(
        "unauthorized",
        "B",
        "every request is answered 401",
        401,
        {**HTML, "WWW-Authenticate": f'Basic realm="{_REALM}"'},
        "401 Unauthorized",
        match,
        owes=opens("auth", certain=True),
        story=Story(
            how="The fault proxy answers as QloApps does: an HTML page, whatever format was asked for.",
            metrics='`kind="auth"`; `pms.status` of the readiness is `auth_failed`, which tells it from an outage.',
            trap="It looks like an outage (everything fails at once) and nobody at the PMS can mend it. An agent that "
            "retries it can get its address blocked.",
            example="The key was disabled or rotated in the back office.",
        ),
    )


def forbidden(match: Match = EVERYTHING) -> Fault:
    """The key has no permission for the shop: 403 with code 132."""
    return answered(
        "forbidden",
        "B",
        "every request is answered 403 with code 132",
        403,
        _JSON,
        '{"errors":[{"code":132,"message":"No permission for this key on this shop"}]}',
        match,
        owes=opens("auth", certain=True),
        story=Story(
            how="The fault proxy answers with QloApps's code for a key of another shop.",
            metrics='`kind="auth"`, as for `unauthorized`.',
            trap="The key is right and the permission is not: rotating it does not help.",
            example="Somebody tidied up the key's permissions.",
        ),
    )


def method_not_allowed(match: Match = EVERYTHING) -> Fault:
    """The key may not use the method on the resource: QloApps says 405 to that."""
    return answered(
        "method_not_allowed",
        "B",
        "every request is answered 405",
        405,
        _JSON,
        '{"errors":[{"code":25,"message":"Method is not allowed for the resource with this authentication key"}]}',
        match,
        owes=opens("auth", certain=True),
        story=Story(
            how="The fault proxy answers 405 without an `Allow` header, as QloApps does.",
            metrics='`kind="auth"`.',
            trap='By the standard 405 is about the resource; QloApps means the key. Who files it under "our bug" '
            "looks in the wrong place.",
            example="The key was made for reading only.",
        ),
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
        return {**_JSON, "Retry-After": wait}

    name, form = ("rate_limited_until", "as a date") if as_date else ("rate_limited", "in seconds")
    trap = (
        "A date has whole seconds only, so that the wait may be a second shorter than meant, and it is compared with "
        "the client's own wall clock: a clock that is wrong makes the wait wrong."
        if as_date
        else "A retry multiplies the load that is being limited. The wait counts from the answer, not from the first "
        "429 of a series."
    )
    return Fault(
        name=name,
        cause="C",
        tells=f"every request is answered 429 with a Retry-After of {retry_after} s, {form}",
        client_sees="429 with Retry-After",
        pms_did_the_work=False,
        action=HttpRule(name, lambda: _status(429, headers(), '{"error":"too many requests"}'), match),
        owes=opens(
            "rate_limit", at_once=True, names_wait=True, certain=True, experiment="limited_until" if as_date else ""
        ),
        symptom=symptoms.status(429),
        proof=status(429, headers=("retry-after",)),
        probe=match.probe(),
        story=Story(
            how=f"The fault proxy answers 429 and names the wait {form}.",
            metrics='`kind="rate_limit"`; the breaker opens at once and for the time that was asked for.',
            trap=trap,
            example="A gateway in front of the PMS; QloApps itself never answers 429.",
        ),
    )


def rate_limited_silently() -> Fault:
    """429 that does not say how long to wait."""
    return answered(
        "rate_limited_silently",
        "C",
        "every request is answered 429 without a Retry-After",
        429,
        _JSON,
        '{"error":"too many requests"}',
        EVERYTHING,
        owes=opens("rate_limit", at_once=True, certain=True, runs=Runs.WEEKLY),
        story=Story(
            how="The fault proxy answers 429 with no wait in it.",
            metrics='`kind="rate_limit"`; the wait is the breaker\'s own recovery time.',
            trap="Code that reads `Retry-After` and finds none often waits 0 s.",
            example="A web application firewall.",
        ),
    )


def limited_with(retry_after: str | None) -> Fault:
    """429 with a `Retry-After` as it is written; None for none."""
    told = "without a Retry-After" if retry_after is None else f"with Retry-After: {retry_after}"
    return answered(
        "limited_with",
        "C",
        f"every request is answered 429 {told}",
        429,
        _JSON if retry_after is None else {**_JSON, "Retry-After": retry_after},
        '{"error":"too many requests"}',
        EVERYTHING,
        story=Story(
            how="The fault proxy answers 429 with the header as given.",
            metrics='`kind="rate_limit"`.',
            trap="Gateways write what RFC 9110 does not know: decimals, nothing, words, a date that is over.",
        ),
    )


def server_error(match: Match = EVERYTHING) -> Fault:
    """The database of the PMS is down: an HTML page with 500, within milliseconds."""
    return answered(
        "server_error",
        "A",
        "every request is answered 500 with an HTML page",
        500,
        HTML,
        "<!DOCTYPE html><html><body><h1>500 Server Error</h1></body></html>",
        match,
        owes=opens("server"),
        story=Story(
            how="The fault proxy answers as QloApps does without its database.",
            metrics='`kind="server"`.',
            trap="QloApps also says 500 *after* it stored a booking (`stored_but_500`): a 500 to a write decides "
            "nothing.",
            example="MySQL is down.",
        ),
    )


def question_refused() -> Fault:
    """No fault of the PMS at all: QloApps refuses a question, in its own words."""
    return answered(
        "question_refused",
        "-",
        "questions are answered 400 with QloApps' own error",
        400,
        _JSON,
        '{"errors":[{"code":85,"message":"Validation error: \\"The id_hotel field is invalid.\\""}]}',
        Match(method="POST", path="/api/hotel_ari"),
        owes=refuses(502),
        story=Story(
            how="The fault proxy answers availability as QloApps does when it cannot use what was asked.",
            metrics='`status="success"`: a refusal is an answer.',
            trap="`except Exception` around the call makes an outage of it: then a few guests with a wrong wish close "
            "the hotel for all. QloApps says 400 to nearly everything; what it does not know is 200 without rooms.",
            example="A hotel was removed in the back office and is still offered elsewhere.",
        ),
    )


def booking_refused() -> Fault:
    """No fault of the PMS either: it refuses bookings, because the night is sold out."""
    return answered(
        "booking_refused",
        "-",
        "bookings are answered 400 with QloApps' own words for sold out",
        400,
        _JSON,
        '{"errors":[{"code":404,"message":"Requested room(s) not available."}]}',
        Match(method="POST", path="/api/bookings"),
        owes=refuses(409, of_bookings=True),
        story=Story(
            how="The fault proxy answers bookings as QloApps does when no room is left: 400, and the code 404 within.",
            metrics='`status="success"`; the breaker does not count it.',
            trap="A breaker that counts every 4xx is opened by a popular night: five guests who come too late, and the "
            "sixth cannot book any other night either.",
            example="New Year's Eve.",
        ),
    )


def garbage_200(match: Match = EVERYTHING) -> Fault:
    """PHP dies after it sent its status: 200 with an error text for a body."""
    return answered(
        "garbage_200",
        "A",
        "every request is answered 200 with the text of a PHP error",
        200,
        HTML,
        _FATAL,
        match,
        proof=body_holds(b"Fatal error"),
        owes=opens("bad_answer"),
        story=Story(
            how="The fault proxy answers 200 with the HTML that PHP prints when it dies.",
            metrics='`kind="bad_answer"`. By the status alone everything is fine.',
            trap="Dashboards that count 5xx stay green. An agent that trusts the status tells guests nonsense, or "
            'takes the missing room list for "sold out".',
            example="PHP ran into its memory limit after the headers had left.",
        ),
    )


def empty_200(match: Match = EVERYTHING) -> Fault:
    """200 and nothing else."""
    return answered(
        "empty_200",
        "A",
        "every request is answered 200 without a body",
        200,
        HTML,
        "",
        match,
        proof=empty_body(),
        owes=opens("bad_answer", runs=Runs.WEEKLY),
        story=Story(
            how="The fault proxy answers 200 with a body of no bytes.",
            metrics='`kind="bad_answer"`.',
            trap="Empty is not `[]`: an empty list is a valid answer of QloApps, no body is none.",
            example="PHP with errors hidden dies before it prints.",
        ),
    )


def answered(
    name: str,
    cause: str,
    tells: str,
    code: int,
    headers: dict[str, str],
    body: str,
    match: Match,
    proof: Proof | None = None,
    story: Story | None = None,
    owes: Owed | None = None,
) -> Fault:
    """A fault where the fault proxy answers itself and the PMS is never asked."""
    partly = match.nth is not None or match.share is not None
    return Fault(
        name=name,
        cause=cause,
        tells=tells,
        client_sees=f"status {code}" + (", or an answer as usual" if partly else ""),
        symptom=symptoms.status(code),
        owes=owes,
        pms_did_the_work=None if partly else False,
        action=HttpRule(name, lambda: _status(code, headers, body), match),
        proof=proof or status(code),
        probe=match.probe(),
        story=story,
    )


def _status(code: int, headers: dict[str, str], body: str) -> Effect:
    return {"kind": "status", "status": code, "headers": list(headers.items()), "body": body}
