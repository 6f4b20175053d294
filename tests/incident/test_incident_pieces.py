"""What an incident by hand is made of: names, ports, effects, commands, lines."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pms_drill import profile as profiles
from pms_drill.episodes.causes_table import SCENARIOS, Mitigation, scenario
from pms_drill.episodes.expectations import fault_named
from pms_drill.errors import DrillError
from pms_drill.incident.commands import Here, commands
from pms_drill.incident.effect import Effect, effect, first_right
from pms_drill.incident.ports import free_from
from pms_drill.incident.watch import Second
from tests.checks.literal import ask, guest, mock, reserve

FAST = profiles.load("reference-fast")


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("A", "cause_pms_down"),
        ("b", "cause_key_disabled"),
        ("C", "cause_rate_limit"),
        ("D", "cause_network"),
        ("E", "cause_timeout"),
        ("timeout", "cause_timeout"),
        ("dns", "cause_dns"),
        ("no_address", "cause_dns"),
        ("cause_database_down", "cause_database_down"),
    ],
)
def test_a_cause_has_a_letter_names_and_a_fault(asked: str, name: str) -> None:
    assert scenario(asked).name == name


def test_an_unknown_cause_is_refused_with_the_names_that_there_are() -> None:
    with pytest.raises(DrillError, match="there is no cause 'F'") as caught:
        scenario("F")
    assert "timeout" in str(caught.value)


@pytest.mark.parametrize("entry", SCENARIOS, ids=lambda entry: entry.name)
def test_the_fault_of_a_scenario_belongs_to_its_cause_in_the_catalogue(entry) -> None:
    assert fault_named(entry.fault, FAST).cause == entry.cause
    assert Mitigation.RESET in entry.useless
    assert not any(entry.works(mitigation) for mitigation in entry.useless)


def test_a_taken_port_gives_the_next_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_from(port) > port


RIGHT = [ask(float(n), f"r{n}") for n in range(5)]


@pytest.mark.parametrize(
    ("asked", "settings", "wanted"),
    [
        (RIGHT, {}, Effect.HELPED),
        ([mock(0.0, "m"), *RIGHT], {}, Effect.HELPED),
        (RIGHT[:4], {}, Effect.NOT_YET),
        ([*RIGHT, mock(9.0, "m")], {}, Effect.NOT_YET),
        ([*RIGHT, mock(9.0, "m")], {"reopened": True}, Effect.DID_NOT_HELP),
        ([], {"reopened": True}, Effect.NOT_YET),
        ([mock(float(n), f"m{n}") for n in range(5)], {"mock": True}, Effect.HELPED),
        (RIGHT, {"mock": True, "reopened": True}, Effect.DID_NOT_HELP),
    ],
)
def test_a_mitigation_is_judged_by_the_last_five_questions(asked, settings, wanted) -> None:
    assert effect(asked, **({"mock": False, "reopened": False} | settings)) is wanted


def test_the_first_right_answer_is_the_one_from_which_on_all_were_right() -> None:
    asked = [RIGHT[0], mock(0.5, "m"), *RIGHT[1:]]
    assert first_right(asked, mock=False) is RIGHT[1]
    assert first_right([mock(0.0, "m")], mock=False) is None


def test_commands_name_no_secret_and_quote_promql() -> None:
    here = Here(
        agent="http://127.0.0.1:8000",
        upstream="http://127.0.0.1:21000",
        prometheus="http://127.0.0.1:9090",
        log=Path("/run/a folder/agent.log"),
        token_file=Path("/run/token"),
        key_file=Path("/run/key"),
        guest=guest("ada"),
    )
    lines = [command.line for command in commands(here, FAST, "(?i)timeout")]
    assert any("--data-urlencode 'query=rate(pms_api_calls_total{status=\"error\"}[5m])'" in line for line in lines)
    assert "grep -iE timeout '/run/a folder/agent.log' | tail -20" in lines
    assert [line for line in lines if "-u " in line or "Bearer" in line or "$(" in line] == []
    assert any("curl -s -X POST -K /run/token http://127.0.0.1:8000" in line for line in lines)
    assert any("curl -si --max-time 30 -K /run/key 'http://127.0.0.1:21000" in line for line in lines)


def test_a_line_tells_breaker_errors_p95_calls_and_guests() -> None:
    answered = [ask(1.0, "a", took=0.2), mock(1.0, "b"), reserve(1.0, "c", status=202)]
    line = Second(12.3, "open", 5.0, 7, answered).line()
    assert "12 s  breaker open" in line
    assert "errors   5  p95    200 ms  calls at the PMS   7  guests: 1 mock, 1 pending, 1 pms" in line
    assert "errors   ?  p95      - ms" in Second(1.0, "no answer", None, 0, []).line()
