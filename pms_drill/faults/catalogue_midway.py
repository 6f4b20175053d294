"""The faults on the way: the PMS's work and what the client hears of it fall apart. By default bookings only."""

from __future__ import annotations

from pms_drill.faults.http_rules import Effect, HttpRule, Match
from pms_drill.faults.lifecycle import Fault, Heal
from pms_drill.faults.proofs import SILENCE_S, Proof, copies, cut, no_byte_within, status
from pms_drill.faults.scale import Scale
from pms_drill.faults.story import Story

TITLE = "On the way: the PMS's work and what the client hears of it fall apart"

#: The request that stores something.
BOOKING = Match(method="POST", path="/api/bookings")

_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_PAGE_500 = "<!DOCTYPE html><html><body><h1>500 Server Error</h1></body></html>"


def faults(scale: Scale) -> list[Fault]:
    """All of this kind; for bookings only, where that is the default."""
    return [
        answer_lost(),
        answer_withheld(),
        request_dropped(),
        late_request(scale.late),
        duplicated_request(),
        late_duplicate(scale.until_settled),
        stored_but_500(),
        stored_but_502(),
        stored_but_504(),
        stored_but_404(),
        slow_answers(scale.late, BOOKING),
        pms_gone(),
    ]


def answer_lost(match: Match = BOOKING) -> Fault:
    """The booking is stored, then the connection is reset."""
    return _midway(
        "answer_lost",
        "D",
        "the PMS does the work, then the connection is reset",
        "connection reset",
        True,
        {"kind": "drop_answer", "how": "reset"},
        cut(),
        match,
        Story(
            how="The fault proxy waits for the complete answer, throws it away and resets the connection.",
            metrics='`kind="lost"`.',
            trap="Reset *after* the work. Nothing in the error says so; only a read-back by a reference that "
            "the agent itself wrote does.",
            example="A worker is killed between its commit and its answer.",
        ),
    )


def answer_withheld(match: Match = BOOKING) -> Fault:
    """The booking is stored and the answer never comes; to the client the same as a lost request."""
    return _midway(
        "answer_withheld",
        "E",
        "the PMS does the work, no byte comes back and the connection stays open",
        "its own read timeout",
        True,
        {"kind": "drop_answer", "how": "hang"},
        no_byte_within(),
        match,
        Story(
            how="The fault proxy takes the answer and delivers nothing; the connection stays open.",
            metrics='`kind="timeout"`.',
            trap='The duplicate trap in its purest form: "no answer" looks like "not done".',
            example="A firewall forgets the connection.",
        ),
    )


def request_dropped(match: Match = BOOKING) -> Fault:
    """The connection is reset before the PMS sees the request; to the client the same as `answer_lost`."""
    return _midway(
        "request_dropped",
        "D",
        "the connection is reset before the PMS sees the request",
        "connection reset",
        False,
        {"kind": "drop_request", "how": "reset"},
        cut(),
        match,
        Story(
            how="The fault proxy takes the request and resets the connection without forwarding it.",
            metrics='`kind="lost"`.',
            trap="Twin of `answer_lost`. An agent that passes only one of the two has guessed.",
            example="A full queue at a load balancer.",
        ),
    )


def late_request(seconds: float, match: Match = BOOKING, *, heal: Heal = Heal.CUT) -> Fault:
    """The request waits on its way and reaches the PMS even if its client has given up.

    Args:
        seconds: how long it waits; more than the agent's deadline makes the booking a surprise.
        match: which requests.
        heal: CUT drops those that still wait, RESUME sends them on at once.
    """
    delay = max(seconds, 2 * SILENCE_S)
    return _midway(
        "late_request",
        "E",
        f"requests reach the PMS {delay:g} s late",
        "a late answer, or its own read timeout",
        True,
        {"kind": "delay", "before": "forwarding", "seconds": delay},
        no_byte_within(),
        match,
        Story(
            how="The fault proxy holds the request and forwards it later, whether or not its client is still there.",
            metrics='`kind="timeout"`, and later a booking that no one waits for.',
            trap='"Read back once, nothing found, book again" ends with two bookings. The heal decides: *cut* '
            "drops what still waits, *resume* sends it on.",
            example="Workers are busy and the queue is long.",
        ),
        heal,
    )


def slow_answers(seconds: float, match: Match, *, heal: Heal = Heal.CUT) -> Fault:
    """The answers of one path are late, all others come as usual.

    Args:
        seconds: how long an answer is held back.
        match: which requests.
        heal: CUT drops those that still wait, RESUME delivers them at once.
    """
    delay = max(seconds, 2 * SILENCE_S)
    return _midway(
        "slow_answers",
        "E",
        f"answers of {match.path or match.path_glob or 'every path'} come {delay:g} s late",
        "a late answer, or its own read timeout",
        True,
        {"kind": "delay", "before": "answering", "seconds": delay},
        no_byte_within(),
        match,
        Story(
            how="The fault proxy holds the answers of one path, all others come as usual.",
            metrics='`kind="timeout"` for one `operation` only.',
            trap="Half an outage: the health probe is green and bookings fail.",
            example="One slow query.",
        ),
        heal,
    )


def duplicated_request(match: Match = BOOKING) -> Fault:
    """Something on the way sends the request twice; the client hears of the first."""
    return _midway(
        "duplicated_request",
        "D",
        "the PMS gets every request twice, the first answer is delivered",
        "an answer as usual",
        True,
        {"kind": "duplicate"},
        copies(2),
        match,
        Story(
            how="The fault proxy sends the request again on a connection of its own, as soon as the first "
            "answer was delivered.",
            metrics="Nothing: the agent sees one call and one success.",
            trap="Nobody made a mistake that the agent could see. Only the PMS holds two bookings, and only a "
            "later look finds them.",
            example="A load balancer that repeats a POST.",
        ),
    )


def late_duplicate(gap: float, match: Match = BOOKING) -> Fault:
    """The second copy of a request comes much later. `gap`: seconds between the first answer and the second copy."""
    return _midway(
        "late_duplicate",
        "D",
        f"the PMS gets every request a second time, {gap:g} s after the first answer was delivered",
        "an answer as usual",
        True,
        {"kind": "duplicate", "gap": gap},
        copies(2),
        match,
        Story(
            how="As `duplicated_request`, and the second copy comes after the time for which an agent looks for "
            "late arrivals.",
            metrics="Nothing at the time; `pms_duplicates_cancelled_total` when it is found.",
            trap="A read-back right after the booking is clean. Who looks only once never finds it.",
            example="A message queue that delivers again after its own timeout.",
        ),
    )


def pms_gone(match: Match = Match()) -> Fault:  # noqa: B008 - frozen
    """The PMS's process is dead behind a proxy that lives: connections are accepted and closed."""
    return _midway(
        "pms_gone",
        "A",
        "connections are accepted and closed without an answer",
        "connection closed without an answer",
        False,
        {"kind": "drop_request", "how": "close"},
        cut(),
        match,
        Story(
            how="The fault proxy accepts and closes the connection without an answer, as a proxy does whose "
            "upstream is dead.",
            metrics='`kind="lost"`, where `refused` gives `connect`.',
            trap="Behind a proxy a dead process does not look refused. Tests that only refuse have not seen "
            "what production shows.",
            example="The PMS is dead and the load balancer lives.",
        ),
    )


def stored_but_500(match: Match = BOOKING) -> Fault:
    """The booking is stored, then PHP dies: 500 with an HTML page."""
    return _midway(
        "stored_but_500",
        "A",
        "the PMS does the work and answers 500 with an HTML page",
        "status 500",
        True,
        {
            "kind": "replace_body",
            "status": 500,
            "headers": [("Content-Type", "text/html; charset=utf-8")],
            "body": _PAGE_500,
        },
        status(500),
        match,
        Story(
            how="The PMS carries the request out; the fault proxy replaces its answer by 500 and an HTML page.",
            metrics='`kind="server"`.',
            trap='QloApps does this by itself (a PHP warning after the insert is enough). "5xx, so it failed" '
            "is wrong for writes.",
            example="PHP runs into its time limit in a hook after the order.",
        ),
    )


def stored_but_502(match: Match = BOOKING) -> Fault:
    """The booking is stored, and the gateway has lost its connection to the PMS: 502 with its page."""
    return _stored_but(
        "502 Bad Gateway",
        match,
        Story(
            how="The PMS carries the request out; the fault proxy replaces its answer by a gateway's 502.",
            metrics='`kind="server"`.',
            trap="The same page tells of a PMS that never heard of the booking. Told as a failure for good, the guest "
            "has a room of which nobody knows.",
            example="PHP-FPM is restarted while a booking is at work.",
        ),
    )


def stored_but_504(match: Match = BOOKING) -> Fault:
    """The booking is stored, and the gateway has lost patience: 504 with its page."""
    return _stored_but(
        "504 Gateway Time-out",
        match,
        Story(
            how="The PMS carries the request out; the fault proxy replaces its answer by a gateway's 504.",
            metrics='`kind="server"`.',
            trap="Clients and middleware repeat 502, 503 and 504 by themselves, writes included. Here each repetition "
            "is a second booking.",
            example="A load balancer with a patience of 60 s, on a busy evening.",
        ),
    )


def stored_but_404(match: Match = BOOKING) -> Fault:
    """The booking is stored, and the ingress loses its destination before the answer: 404 with its page."""
    return _stored_but(
        "404 Not Found",
        match,
        Story(
            how="The PMS carries the request out; the fault proxy replaces its answer by an ingress's 404.",
            metrics='`kind="bad_answer"`.',
            trap='404 reads like "no such hotel". QloApps never answers a booking so: told as a refusal, the guest '
            "books elsewhere and has two rooms.",
            example="A release takes the route away while requests are under way.",
        ),
    )


def _stored_but(title: str, match: Match, story: Story) -> Fault:
    """The PMS does the work, and something in front of it answers with a page of this title."""
    code = int(title[:3])
    return _midway(
        f"stored_but_{code}",
        "E",
        f"the PMS does the work and the client is answered {code} with a gateway's HTML page",
        f"status {code}",
        True,
        {
            "kind": "replace_body",
            "status": code,
            "headers": [("Content-Type", "text/html; charset=utf-8")],
            "body": _PAGE.format(title),
        },
        status(code),
        match,
        story,
    )


def _midway(
    name: str,
    cause: str,
    tells: str,
    client_sees: str,
    worked: bool,
    effect: Effect,
    proof: Proof,
    match: Match,
    story: Story,
    heal: Heal = Heal.CUT,
) -> Fault:
    return Fault(
        name=name,
        cause=cause,
        tells=tells,
        client_sees=client_sees,
        pms_did_the_work=worked,
        action=HttpRule(name, lambda: effect, match),
        proof=proof,
        probe=match.probe(),
        heal=heal,
        story=story,
    )
