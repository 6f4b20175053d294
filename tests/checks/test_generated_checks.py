"""The judgement over generated requests: broken contracts, refused right requests, taken wrong ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pms_drill.checks import generated
from pms_drill.checks.verdict import Outcome
from pms_drill.evidence.generated import Case, Generated

RIGHT, WRONG = Case("fuzzing", True, 200, (), "POST /a {}"), Case("coverage", False, 422, (), "POST /a []")
GOOD = Generated("POST /a", True, (*[RIGHT] * 9, WRONG))
ALL = [generated.keeps_the_contract, generated.accepts_right_requests, generated.refuses_wrong_requests]


@pytest.mark.parametrize("check", ALL)
def test_answers_that_keep_the_contract_pass(check):
    assert check(GOOD).outcome is Outcome.PASSED


@pytest.mark.parametrize("check", ALL)
@pytest.mark.parametrize("changes", [{"cases": ()}, {"errors": ("no route to the agent",)}], ids=["none", "broken"])
def test_a_generator_that_sent_nothing_says_nothing(check, changes):
    assert check(replace(GOOD, **changes)).outcome is Outcome.UNKNOWN


def test_an_objection_of_the_generator_fails():
    broken = replace(GOOD, cases=(*GOOD.cases, replace(RIGHT, problems=("the body is no Availability",))))
    found = generated.keeps_the_contract(broken)
    assert found.outcome is Outcome.FAILED
    assert "no Availability (1 times)" in found.seen["checks"]


def test_a_single_right_request_that_is_refused_fails():
    cases = (*[RIGHT] * 99, replace(RIGHT, status=422))
    assert generated.accepts_right_requests(replace(GOOD, cases=cases[:-1])).outcome is Outcome.PASSED
    assert generated.accepts_right_requests(replace(GOOD, cases=cases)).outcome is Outcome.FAILED


def test_sold_out_is_no_refusal():
    assert (
        generated.accepts_right_requests(replace(GOOD, cases=(replace(RIGHT, status=409),))).outcome is Outcome.PASSED
    )


@pytest.mark.parametrize("status", [200, 500, None])
def test_a_wrong_request_that_is_not_refused_fails(status):
    taken = replace(GOOD, cases=(*GOOD.cases, replace(WRONG, status=status)))
    assert generated.refuses_wrong_requests(taken).outcome is Outcome.FAILED
