"""What does not exist, what is not allowed, and how errors look."""

from __future__ import annotations

import pytest

from pms_drill.checks.problems import is_problem
from pms_drill.checks.verdict import claim
from pms_drill.contract.agent import Agent
from pms_drill.contract.qloapps import QloApps
from pms_drill.episodes.guests import GuestBook
from pms_drill.stack.base import Stack

UNKNOWN = {"room type": {"room_type": 999}, "hotel": {"hotel_id": 999}, "largest id": {"room_type": 2**31 - 1}}
NO_TOKEN = {
    "none": lambda _: None,
    "empty": lambda _: "",
    "a wrong one": lambda token: f"Bearer {token[:-1]}?",
    "a longer one": lambda token: f"Bearer {token}x",
    "the scheme alone": lambda _: "Bearer",
    "the token alone": lambda token: token,
    "another scheme": lambda token: f"Basic {token}",
    "a look-alike scheme": lambda token: f"Bearers {token}",
}


@pytest.mark.property("API-23")
@pytest.mark.parametrize("what", UNKNOWN)
def test_unknown_hotel_or_room_type_is_404_for_both_operations(agent: Agent, guest_book: GuestBook, what: str) -> None:
    guest = guest_book.guest()
    for answer in (
        agent.ask(guest.availability() | UNKNOWN[what]),
        agent.reserve(guest.reservation() | UNKNOWN[what]),
    ):
        claim(is_problem(answer.status_code, answer.headers["Content-Type"], answer.text, wanted=404))


@pytest.mark.property("API-24")
@pytest.mark.parametrize("name", ["unknown", "00000000-0000-0000-0000-000000000000", "%00", "..%2F..", "é"])
def test_unknown_reservation_is_404(agent: Agent, name: str) -> None:
    answer = agent.reservation(name)
    claim(is_problem(answer.status_code, answer.headers["Content-Type"], answer.text, wanted=404))


@pytest.mark.property("API-25")
def test_unknown_path_is_a_problem_as_well(agent: Agent) -> None:
    answer = agent.no_such_path()
    claim(is_problem(answer.status_code, answer.headers["Content-Type"], answer.text, wanted=404))


@pytest.mark.property("API-26")
@pytest.mark.parametrize("case", NO_TOKEN)
def test_reset_without_the_right_token_is_401_and_names_the_scheme(agent: Agent, stack: Stack, case: str) -> None:
    answer = agent.reset(NO_TOKEN[case](stack.admin_token))
    claim(is_problem(answer.status_code, answer.headers["Content-Type"], answer.text, wanted=401))
    assert answer.headers["WWW-Authenticate"].partition(" ")[0] == "Bearer"


@pytest.mark.property("API-27")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_reset_with_the_token_tells_the_state_in_any_spelling_of_the_scheme(
    agent: Agent, stack: Stack, scheme: str
) -> None:
    answer = agent.reset(f"{scheme} {stack.admin_token}")
    assert (answer.status_code, answer.json()["state"]) == (200, "closed")


@pytest.mark.property("API-28")
def test_no_answer_metric_or_log_line_holds_a_secret(
    agent: Agent, pms: QloApps, stack: Stack, guest_book: GuestBook
) -> None:
    guest = guest_book.guest()
    answers = [
        agent.reserve(guest.reservation()),
        agent.ask(guest.availability()),
        agent.reserve(guest.reservation() | {"room_type": 999}),
        agent.ask({}),
        agent.reset(f"Basic {stack.admin_token}"),
        agent.ready(),
        agent.metrics(),
        agent.description(),
    ]
    texts = [answer.text + str(answer.headers) for answer in answers] + [stack.agent_log()]
    assert stack.agent_log()
    for secret in (pms.key, stack.admin_token, "Traceback (most recent call last)"):
        assert [text[:200] for text in texts if secret.lower() in text.lower()] == []
