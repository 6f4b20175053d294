"""The faults on the way: the PMS's work and what the client hears of it fall apart. By default bookings only."""

from __future__ import annotations

from dataclasses import dataclass

from pms_drill.faults import symptoms
from pms_drill.faults.http_rules import Effect, HttpRule, Match
from pms_drill.faults.lifecycle import Fault, Heal
from pms_drill.faults.owed import Owed, Runs, in_flight, opens
from pms_drill.faults.proofs import SILENCE_S, Proof, copies, cut, no_byte_within, status
from pms_drill.faults.scale import Scale
from pms_drill.faults.story import Story

TITLE = "On the way: the PMS's work and what the client hears of it fall apart"

#: The request that stores something.
BOOKING = Match(method="POST", path="/api/bookings")

_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


def faults(scale: Scale) -> list[Fault]:
    """All of this kind; for bookings only, where that is the default."""
    return [
        answer_lost(),
        answer_withheld(),
        request_dropped(),
        late_request(scale.late),
        duplicated_request(),
        late_duplicate(scale.until_settled),
        *(stored_but(code) for code in _STORED_BUT),
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
        in_flight("lost"),
        symptoms.CUT,
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
        in_flight("timeout"),
        symptoms.TIMEOUT,
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
        in_flight("lost"),
        symptoms.CUT,
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
        in_flight("timeout", late=True),
        symptoms.TIMEOUT,
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
        in_flight("timeout", runs=Runs.WEEKLY),
        symptoms.TIMEOUT,
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
        in_flight(twice=True, runs=Runs.WEEKLY),
        symptoms.USUAL,
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
        in_flight(twice=True, late=True, runs=Runs.WEEKLY),
        symptoms.USUAL,
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
        opens("lost", runs=Runs.WEEKLY),
        symptoms.CUT,
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


@dataclass(frozen=True)
class _Done:
    """One of the pages behind which a booking that was carried out can hide."""

    title: str
    cause: str
    kind: str
    trap: str
    example: str


#: Status -> its page, most often met first.
_STORED_BUT = {
    500: _Done(
        "500 Server Error",
        "A",
        "server",
        'QloApps does this by itself (a PHP warning after the insert is enough). "5xx, so it failed" is wrong for '
        "writes.",
        "PHP runs into its time limit in a hook after the order.",
    ),
    502: _Done(
        "502 Bad Gateway",
        "E",
        "server",
        "The same page tells of a PMS that never heard of the booking. Told as a failure for good, the guest has a "
        "room of which nobody knows.",
        "PHP-FPM is restarted while a booking is at work.",
    ),
    504: _Done(
        "504 Gateway Time-out",
        "E",
        "server",
        "Clients and middleware repeat 502, 503 and 504 by themselves, writes included. Here each repetition is a "
        "second booking.",
        "A load balancer with a patience of 60 s, on a busy evening.",
    ),
    404: _Done(
        "404 Not Found",
        "E",
        "bad_answer",
        '404 reads like "no such hotel". QloApps never answers a booking so: told as a refusal, the guest books '
        "elsewhere and has two rooms.",
        "A release takes the route away while requests are under way.",
    ),
}


def stored_but(code: int, match: Match = BOOKING) -> Fault:
    """The booking is stored, and the client is answered `code` with the page of a web server or of a gateway.

    Raises:
        KeyError: the catalogue has no such page.
    """
    page = _STORED_BUT[code]
    return _midway(
        f"stored_but_{code}",
        page.cause,
        f"the PMS does the work and the client is answered {code} with an HTML page",
        f"status {code}",
        True,
        {
            "kind": "replace_body",
            "status": code,
            "headers": [("Content-Type", "text/html; charset=utf-8")],
            "body": _PAGE.format(page.title),
        },
        status(code),
        in_flight(page.kind),
        symptoms.status(code),
        match,
        Story(
            how=f"The PMS carries the request out; the fault proxy replaces its answer by {code} and an HTML page.",
            metrics=f'`kind="{page.kind}"`.',
            trap=page.trap,
            example=page.example,
        ),
    )


def _midway(
    name: str,
    cause: str,
    tells: str,
    client_sees: str,
    worked: bool,
    effect: Effect,
    proof: Proof,
    owes: Owed,
    symptom: str,
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
        owes=owes,
        symptom=symptom,
    )
