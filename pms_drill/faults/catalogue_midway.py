"""The faults on the way: the PMS's work and what the client hears of it fall apart. By default bookings only."""

from __future__ import annotations

from pms_drill.faults.http_rules import Effect, HttpRule, Match
from pms_drill.faults.lifecycle import Fault, Heal
from pms_drill.faults.proofs import SILENCE_S, Proof, copies, cut, no_byte_within, status

#: The request that stores something.
BOOKING = Match(method="POST", path="/api/bookings")

_PAGE_500 = "<!DOCTYPE html><html><body><h1>500 Server Error</h1></body></html>"


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
    )
