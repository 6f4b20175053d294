"""How often a read may be sent again is declared once, and every check that counts arrivals goes by it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pms_drill.checks import breaker, breaker_counting, metrics
from pms_drill.checks.verdict import Outcome, Verdict
from pms_drill.evidence.bundle import Evidence, Span
from tests.checks.literal import PHASES, Counted, ask, call, expectation, mock, outage, policy, probe

Check = Callable[[Evidence], Verdict]


def lost(repeats: int, arrivals: int, kind: str = "lost") -> Evidence:
    """An outage in which connections are lost: each question, and each probe, arrives so often."""
    questions = [ask(3.0 + 0.01 * n, f"imp{n}", status=502, type="pms-unavailable") for n in range(5)]
    again = [ask(7.0 + 0.01 * n, f"again{n}", "again", status=502, type="pms-unavailable") for n in range(5)]
    failing = [*questions, *again]
    return outage(
        expectation=expectation(error_kind=kind),
        policy=policy(read_repeats=repeats),
        phases=PHASES | {"again": Span(6.9, 7.5)},
        operations=[
            *failing,
            mock(3.055, "rej", "impact"),
            mock(4.5, "open"),
            mock(5.5, "later"),
            mock(7.06, "end", "again"),
        ],
        ledger=[
            *[call(op.started + 0.0005 * (n + 1), status=None) for op in failing for n in range(arrivals)],
            *[probe(at + 0.005 * n, None) for at in (4.05, 5.1) for n in range(arrivals)],
        ],
    )


COUNTING = (
    breaker.opens_at_the_threshold,
    breaker.probes_are_safe_and_single,
    breaker_counting.restart_costs_no_more_than_declared,
    breaker_counting.calls_are_not_amplified,
)


@pytest.mark.parametrize("repeats", [0, 1, 3])
@pytest.mark.parametrize("check", COUNTING, ids=lambda check: check.__name__)
def test_as_many_arrivals_as_are_declared_pass_and_one_more_fails(check: Check, repeats: int) -> None:
    assert check(lost(repeats, 1 + repeats)).outcome is Outcome.PASSED
    assert check(lost(repeats, 2 + repeats)).outcome is Outcome.FAILED


@pytest.mark.parametrize("check", COUNTING, ids=lambda check: check.__name__)
def test_what_failed_otherwise_is_not_repeated_at_all(check: Check) -> None:
    assert check(lost(3, 2, "server")).outcome is Outcome.FAILED


@pytest.mark.parametrize("repeats", [0, 1, 3])
def test_calls_that_are_conserved_may_have_arrived_as_often_as_declared(repeats: int) -> None:
    def told(arrivals: int) -> Outcome:
        counts = Counted()
        counts.call(3.004, "availability", "lost")
        asked = [ask(3.0, "imp", status=502)]
        arrived = [call(3.001 + 0.001 * n, status=None, delivered=3.003) for n in range(arrivals)]
        seen = {"operations": asked, "ledger": arrived, "scrapes": counts.scrapes(-0.5, 11.5)}
        return metrics.calls_are_conserved(
            outage(expectation=expectation(error_kind="lost"), policy=policy(read_repeats=repeats), **seen)
        ).outcome

    assert told(1 + repeats) is Outcome.PASSED
    assert told(2 + repeats) is Outcome.FAILED
