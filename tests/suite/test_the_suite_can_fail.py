"""Whole runs on agents and harnesses with one defect: red, for the right reason, under the right name."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pms_drill.checks.verdict import Outcome
from pms_drill.stack import agent_program
from pms_drill.stack.own_programs import start_listening
from tests.suite.conftest import REPO, Ran, RunSuite

WriteProfile = Callable[[str], Path]

pytestmark = pytest.mark.timeout(300)


def expected_of(mutant: str) -> set[str]:
    """The properties that must notice, from the first lines of the mutant's module."""
    text = (REPO / "tests" / "mutants" / f"{mutant}.py").read_text(encoding="utf-8")
    must = re.search(r"must: ([A-Z0-9 -]+)", text)
    assert must is not None
    return set(must[1].split())


def tolerated_of(mutant: str) -> set[str]:
    """The properties that may notice as well."""
    text = (REPO / "tests" / "mutants" / f"{mutant}.py").read_text(encoding="utf-8")
    may = re.search(r"may: ([A-Z0-9 -]+)", text)
    return set(may[1].split()) if may else set()


def passed(ran: Ran) -> set[str]:
    """What passed of an experiment; the search for secrets judges the run's own files, whatever ran."""
    return {name for name in ran.named(Outcome.PASSED) if not name.startswith("SEC-")}


def test_reference_agent_passes_an_experiment(run_suite: RunSuite) -> None:
    ran = run_suite("chaos", "-k", "hang")
    assert ran.code == 0, ran.page
    assert ran.verdict.complete
    assert len(ran.named(Outcome.PASSED)) >= 20
    assert re.search(r"== chaos: planned: \d+ experiments, about \d+ s together", ran.page), ran.page


@pytest.mark.kill_sample
@pytest.mark.parametrize(
    "mutant",
    [
        "never_opens",
        "repeats_post",
        "mock_confirms",
    ],
)
def test_mutant_fails_under_the_name_of_its_defect(
    run_suite: RunSuite, write_profile: WriteProfile, mutant: str
) -> None:
    profile = write_profile(f'[agent]\nstart = ["{{python}}", "-m", "tests.mutants.{mutant}"]\n')
    ran = run_suite("chaos", "-k", "hang", profile=profile)
    failed = ran.named(Outcome.FAILED)
    assert ran.code == 1, ran.page
    assert expected_of(mutant) <= failed
    assert len(failed) <= 6, ran.page  # one lie about a booking is told in status, total, counts and causes


@pytest.mark.kill_matrix
@pytest.mark.parametrize("mutant", ["waits_on_the_wall_clock"])
def test_mutant_with_the_wrong_clock_fails_when_the_wall_clock_is_stepped(
    run_suite: RunSuite, write_profile: WriteProfile, mutant: str
) -> None:
    profile = write_profile(f'[agent]\nstart = ["{{python}}", "-m", "tests.mutants.{mutant}"]\n')
    ran = run_suite("chaos", "-k", "clock_steps", profile=profile)
    assert ran.code == 1, ran.page
    assert ran.named(Outcome.FAILED) == expected_of(mutant)


@pytest.mark.kill_matrix
@pytest.mark.parametrize(
    ("mutant", "experiment"),
    [
        ("flaps", "unsteady"),
        ("counts_refusals", "question_refused or booking_refused or full_night"),
        ("takes_slow_for_dead", "slow and not cause"),
        ("dawdles", "server_error or hang"),
        ("logs_no_questions", "server_error"),
        ("believes_an_ingress", "what_counts or stored_but_504"),
        ("knows_only_500", "what_counts"),
        ("refusals_clear", "what_counts"),
        ("remembers_failures", "streak"),
        ("ignores_decimals", "retry_after"),
        ("repeats_gateway_errors", "stored_but_504"),
        ("gives_up_on_errors", "answer_withheld or stored_but_504"),
        ("gauge_lags_a_call", "server_error"),
        ("gauge_lags_a_transition", "server_error"),
        ("pending_lags", "server_error"),
        ("ready_waits", "hang and not cause"),
        ("checked_just_now", "rate_limited"),
        ("recognises_by_guest", "request_dropped"),
        ("outbox_without_end", "mock_switch"),
        ("tells_502_for_a_deadline", "hang and not cause"),
        ("unnamed_is_no_failure", "cause_dns"),
        ("waits_for_a_day", "retry_after"),
        ("reset_does_not_clear", "breaker_reset or cause_pms_down"),
        ("keeps_its_first_key", "cause_key_rotated"),
        ("never_probes_idle", "other_settings"),
        ("probes_all_the_time", "other_settings"),
        ("raises_without_a_log", "log_reader_gone"),
        ("waits_for_its_log", "log_reader_hangs"),
    ],
)
def test_mutant_of_the_breaker_fails_under_the_name_of_its_defect_and_no_other(
    run_suite: RunSuite, write_profile: WriteProfile, mutant: str, experiment: str
) -> None:
    profile = write_profile(f'[agent]\nstart = ["{{python}}", "-m", "tests.mutants.{mutant}"]\n')
    ran = run_suite("chaos", "-k", experiment, profile=profile)
    failed = ran.named(Outcome.FAILED)
    assert ran.code == 1, ran.page
    assert expected_of(mutant) <= failed <= expected_of(mutant) | tolerated_of(mutant), ran.page


@pytest.mark.kill_matrix
@pytest.mark.parametrize(
    ("mutant", "experiment", "must"),
    [
        # Guests who come too late for a night, in the fault proxy's words and in the PMS's own.
        ("counts_refusals", "booking_refused", {"BRK-10"}),
        ("counts_refusals", "full_night", {"BRK-10"}),
        # A gateway's 502 and 504, where nothing was done and where the booking was.
        ("knows_only_500", "bad_gateway", {"BRK-02"}),
        ("knows_only_500", "gateway_timeout", {"BRK-02"}),
        ("repeats_gateway_errors", "stored_but_502", {"BOOK-02"}),
        ("repeats_gateway_errors", "stored_but_504", {"BOOK-02"}),
        # An outage that looks like an answer.
        ("believes_an_ingress", "ingress_404", {"BRK-02", "FAIL-06"}),
        ("believes_an_ingress", "stored_but_404", {"BOOK-07"}),
        # A kind of experiment each: what the idle faults are judged by.
        ("never_opens", "pms_gone", {"BRK-02"}),
        ("repeats_post", "slow_answers", {"BOOK-02"}),
        ("gives_up_on_errors", "other_booking", {"BOOK-07"}),
        ("takes_slow_for_dead", "slow", {"BRK-62"}),
        ("tells_502_for_a_deadline", "narrow", {"FAIL-06"}),
        ("forgets_keys", "agent_killed", {"BOOK-08"}),
    ],
)
def test_mutant_is_red_under_the_very_fault_that_shows_its_defect(
    run_suite: RunSuite, write_profile: WriteProfile, mutant: str, experiment: str, must: set[str]
) -> None:
    profile = write_profile(f'[agent]\nstart = ["{{python}}", "-m", "tests.mutants.{mutant}"]\n')
    ran = run_suite("chaos", "-k", experiment, profile=profile)
    assert ran.code == 1, ran.page
    assert must <= ran.named(Outcome.FAILED), ran.page


@pytest.mark.kill_matrix
@pytest.mark.parametrize(
    ("mutant", "contract"),
    [
        ("compares_who_asks", "same_key_with_another_body"),
        ("ready_asks_the_pms", "make_no_call"),
        ("books_another_room", "sold_out_is_409"),
    ],
)
def test_mutant_of_a_contract_fails_under_the_name_of_its_defect_and_no_other(
    run_suite: RunSuite, write_profile: WriteProfile, mutant: str, contract: str
) -> None:
    profile = write_profile(f'[agent]\nstart = ["{{python}}", "-m", "tests.mutants.{mutant}"]\n')
    ran = run_suite("contracts", "-k", contract, profile=profile)
    failed = ran.named(Outcome.FAILED)
    assert ran.code == 1, ran.page
    assert expected_of(mutant) <= failed <= expected_of(mutant) | tolerated_of(mutant), ran.page


@pytest.mark.kill_matrix
@pytest.mark.parametrize(
    ("mutant", "stands_in"),
    [
        ("logs_its_key", r"logs/\S*agent\S*:\d+ in Base64"),
        ("meters_its_key", r"answer to GET /metrics:\d+ raw"),
        ("tells_admin_token", r"answer to (GET|POST) \S+:\d+ in Base64"),
        ("harness.logs_database_password", r"logs/database.log:\d+ encoded for a URL"),
        ("harness.journals_control_token", r"journal.jsonl:\d+ raw"),
    ],
)
def test_leaked_secret_is_found_where_it_stands_and_is_not_told(
    run_suite: RunSuite, write_profile: WriteProfile, mutant: str, stands_in: str
) -> None:
    """The whole way: answers with headers, metrics, logs and evidence are kept, searched, and judged at the end."""
    module = f"tests.mutants.{mutant}"
    if mutant.startswith("harness."):
        ran = run_suite("chaos", "-k", "streak", "--pytest=-p", f"--pytest={module}")
    else:
        profile = write_profile(f'[agent]\nstart = ["{{python}}", "-m", "{module}"]\n')
        ran = run_suite("chaos", "-k", "streak", profile=profile)
    assert ran.code == 1, ran.page
    [leak] = [key for key in expected_of(mutant.replace(".", "/")) if key.startswith("SEC-")]
    assert {key for key in ran.named(Outcome.FAILED) if key.startswith("SEC-")} == {leak}
    assert re.search(stands_in, ran.verdict.properties[leak].why), ran.page


@pytest.mark.kill_matrix
@pytest.mark.parametrize(
    ("mutant", "experiment"),
    [
        ("forgets_keys", "bookings_workload"),
        ("forgets_outbox", "bookings_workload"),
        ("never_looks_again", "heal_midway"),
        ("books_in_parallel", "last_room"),
    ],
)
def test_mutant_of_bookings_fails_with_a_picture_of_its_guests(
    run_suite: RunSuite, write_profile: WriteProfile, mutant: str, experiment: str
) -> None:
    profile = write_profile(f'[agent]\nstart = ["{{python}}", "-m", "tests.mutants.{mutant}"]\n')
    ran = run_suite("chaos", "-k", experiment, profile=profile)
    assert ran.code == 1, ran.page
    assert expected_of(mutant) <= ran.named(Outcome.FAILED)
    assert ran.verdict.pictures


@pytest.mark.kill_matrix
@pytest.mark.parametrize("mutant", ["trusts_a_200"])
def test_finding_at_the_pms_does_not_excuse_a_defect_of_the_agent_in_the_same_history(
    run_suite: RunSuite, write_profile: WriteProfile, mutant: str
) -> None:
    profile = write_profile(f'[agent]\nstart = ["{{python}}", "-m", "tests.mutants.{mutant}"]\n')
    ran = run_suite("chaos", "-k", "silent_loser", profile=profile)
    assert ran.code == 1, ran.page
    assert ran.named(Outcome.FAILED) == expected_of(mutant)
    assert {finding.id for finding in ran.verdict.findings if finding.seen} == {"QLO-10"}
    assert "Findings about the PMS itself (not the agent, no properties)" in ran.page
    assert ran.verdict.pictures


@pytest.mark.kill_matrix
@pytest.mark.parametrize("mutant", ["leaks_a_slot_per_timeout"])
def test_mutant_of_the_client_is_not_itself_again_after_an_outage_that_hangs_under_load(
    run_suite: RunSuite, tmp_path: Path, mutant: str
) -> None:
    profile = tmp_path / "leaking.toml"
    profile.write_text(f'extends = "reference"\n[agent]\nstart = ["{{python}}", "-m", "tests.mutants.{mutant}"]\n')
    ran = run_suite("load", profile=profile)
    failed = ran.named(Outcome.FAILED)
    assert ran.code == 1, ran.page
    assert expected_of(mutant) <= failed <= expected_of(mutant) | tolerated_of(mutant), ran.page
    assert all("recovered again" in ran.verdict.properties[name].why for name in failed)
    assert f"tests.mutants.{mutant}" in ran.verdict.load_profile


@pytest.mark.kill_matrix
@pytest.mark.parametrize("mutant", ["swaps_names", "strips_accents", "tells_total_without_tax"])
def test_mutant_of_one_field_fails_in_contracts_and_in_chaos(
    run_suite: RunSuite, write_profile: WriteProfile, mutant: str
) -> None:
    profile = write_profile(f'[agent]\nstart = ["{{python}}", "-m", "tests.mutants.{mutant}"]\n')
    ran = run_suite("contracts", "chaos", "-k", "API-10 or API-21 or API-31 or server_error", profile=profile)
    assert ran.code == 1, ran.page
    assert expected_of(mutant) <= ran.named(Outcome.FAILED)
    assert len(ran.named(Outcome.FAILED)) <= 4, ran.page


@pytest.mark.kill_matrix
def test_agent_is_not_blamed_for_what_the_pms_does_to_it(run_suite: RunSuite) -> None:
    ran = run_suite("chaos", "-k", "rival_channel or silent_loser")
    assert ran.code == 0, ran.page
    assert {"BOOK-01", "BOOK-11", "BOOK-12"} <= ran.named(Outcome.PASSED)
    assert "QLO-10" in {finding.id for finding in ran.verdict.findings if finding.seen}
    assert not {name for name in ran.verdict.properties if name.startswith("QLO-")}


def test_agent_that_goes_round_the_proxies_makes_everything_unknown(
    run_suite: RunSuite, write_profile: WriteProfile, tmp_path: Path
) -> None:
    key = "A" * 32
    secret = {"TWIN_API_KEY": key, "TWIN_CONTROL_TOKEN": "t", "PYTHONPATH": str(agent_program.REPO)}
    other = start_listening(
        "other twin",
        [sys.executable, "-m", "qloapps_twin"],
        env=secret,
        folder=tmp_path,
        log=tmp_path / "twin.log",
        note=lambda _pid, _name: None,
    )
    try:
        profile = write_profile(f'[agent.env]\nPMS_BASE_URL = "http://{other.address}"\nPMS_API_KEY = "{key}"\n')
        ran = run_suite("chaos", "-k", "hang", profile=profile)
    finally:
        other.program.stop()
    assert ran.code == 2
    assert not passed(ran)
    assert "do not cross the proxies" in ran.page


def test_misspelt_toxic_makes_its_experiment_unknown(run_suite: RunSuite) -> None:
    ran = run_suite(
        "chaos", "-k", "latency_over_deadline", "--pytest=-p", "--pytest=tests.mutants.harness.misspelt_toxic"
    )
    assert ran.code == 2
    assert not passed(ran)
    assert not ran.named(Outcome.FAILED)


def test_agent_that_exits_at_start_makes_everything_unknown(run_suite: RunSuite, write_profile: WriteProfile) -> None:
    ran = run_suite("chaos", "-k", "hang", profile=write_profile('[agent.env]\nPMS_TIMEOUT = "soon"\n'))
    assert ran.code == 2
    assert not passed(ran)
    assert "PMS_TIMEOUT" in ran.page
