"""What the agent shows of itself: settings, start and end, readiness, metrics, logs, its own description."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

import pytest
import yaml

from hotel_agent.settings import Settings
from pms_drill.checks.openapi import contains
from pms_drill.checks.verdict import Outcome
from pms_drill.faults.certificates import make_all
from pms_drill.lease import MARK_VARIABLE
from pms_drill.stack.ports import free_port
from tests.agent.scripted_pms import ScriptedPms, answers, hang, late, refuses, reset
from tests.agent.support import (
    AVAILABILITY,
    KEY,
    PATIENT,
    REPOSITORY,
    RESERVATIONS,
    RESET,
    TOKEN,
    RunningAgent,
    StartAgent,
    eventually,
    guest,
)

OPERATIONS = ("availability", "reservation", "readback", "cancel", "probe")
GOOD = {"PMS_BASE_URL": "http://127.0.0.1:9", "PMS_API_KEY": KEY}


# -- settings


def run(folder: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Start an agent that is expected to end by itself."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "PORT": str(free_port())}
    return subprocess.run(
        [sys.executable, "-m", "hotel_agent"],
        env=environment | settings,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


WRONG = {
    "no address": {"PMS_BASE_URL": ""},
    "an address without scheme": {"PMS_BASE_URL": "qloapps.example.com"},
    "an address without host": {"PMS_BASE_URL": "http://"},
    "an address with a port that is none": {"PMS_BASE_URL": "http://qloapps:99999999"},
    "no key": {"PMS_API_KEY": ""},
    "a key with a line feed": {"PMS_API_KEY": "abc\ndef"},
    "an unknown adapter": {"PMS_TYPE": "oracle"},
    "a timeout of zero": {"PMS_TIMEOUT": "0"},
    "a negative timeout": {"PMS_TIMEOUT": "-1"},
    "a timeout in words": {"PMS_TIMEOUT": "ten"},
    "an endless timeout": {"PMS_TIMEOUT": "inf"},
    "a timeout that is not a number": {"PMS_TIMEOUT": "nan"},
    "a threshold of zero": {"PMS_CIRCUIT_BREAKER_FAILURE_THRESHOLD": "0"},
    "half a failure": {"PMS_CIRCUIT_BREAKER_FAILURE_THRESHOLD": "1.5"},
    "no recovery": {"PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT": "0"},
    "an unknown failover": {"PMS_FAILOVER": "maybe"},
    "an unknown time zone": {"HOTEL_TIMEZONE": "Mars/Olympus"},
    "a time zone outside of the folder": {"HOTEL_TIMEZONE": "../../etc/passwd"},
    "a port out of range": {"PORT": "70000"},
    "a log file in a folder that cannot be": {"LOG_FILE": "/dev/null/agent.log"},
    "an outbox in a folder that cannot be": {"OUTBOX_PATH": "/dev/null/outbox.sqlite"},
    "an outbox that is a folder": {"OUTBOX_PATH": "."},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_ends_the_start_with_one_clear_line(tmp_path: Path, name: str) -> None:
    ended = run(tmp_path, GOOD | WRONG[name])
    assert ended.returncode == 2, ended.stderr
    [line] = ended.stderr.strip().splitlines()
    [setting] = WRONG[name]
    assert setting in line
    assert KEY not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_a_wrong_setting_is_not_repeated_when_it_is_a_secret(tmp_path: Path) -> None:
    ended = run(tmp_path, GOOD | {"PMS_API_KEY": "sesame\nsesame", "ADMIN_TOKEN": "hush", "PMS_TIMEOUT": "x"})
    assert ended.returncode == 2
    assert "sesame" not in ended.stdout + ended.stderr
    assert "hush" not in ended.stdout + ended.stderr


def test_an_env_file_that_cannot_be_read_ends_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PMS_TYPE=\xff\xfe\n")
    ended = run(tmp_path, GOOD)
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr


def test_an_outbox_that_is_no_database_ends_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite").write_text("not a database, " * 100)
    ended = run(tmp_path, GOOD)
    assert ended.returncode == 2
    [line] = ended.stderr.strip().splitlines()
    assert "OUTBOX_PATH" in line


def test_a_port_that_is_taken_ends_the_start_with_one_line(agent: RunningAgent, tmp_path: Path) -> None:
    ended = run(tmp_path, GOOD | {"PORT": str(agent.client.base_url.port)})
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr


def test_two_agents_do_not_share_an_outbox(agent: RunningAgent) -> None:
    ended = run(agent.folder, GOOD)
    assert ended.returncode == 2
    assert "OUTBOX_PATH" in ended.stderr


def test_options_1_and_3_of_the_runbook_work_through_the_env_file(tmp_path: Path, pms: ScriptedPms) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    env_file = folder / ".env"
    env_file.write_text(f"PMS_TYPE=qloapps\nPMS_API_KEY={'0' * 32}\n")
    agent = RunningAgent(folder, {"PMS_BASE_URL": f"http://127.0.0.1:{pms.port}", "PMS_HEALTH_INTERVAL": "600"})
    try:
        eventually(lambda: agent.pms()["status"] == "up")
        old = pms.calls[-1].authorization
        with env_file.open("a") as lines:
            lines.write("PMS_TYPE=mock\n")
        agent.restart()
        assert "PMS adapter type: mock" in agent.logs()
        assert agent.pms()["status"] == "mock"
        with env_file.open("a") as lines:
            lines.write(f"PMS_TYPE=qloapps\nPMS_API_KEY={KEY}\n")
        agent.restart()
        eventually(lambda: agent.pms()["status"] == "up")
        assert pms.calls[-1].authorization != old
    finally:
        agent.close()


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / ".env").write_text("PMS_TYPE=qloapps\n")
    agent = RunningAgent(folder, {"PMS_TYPE": "mock"})
    try:
        assert agent.pms()["adapter"] == "mock"
    finally:
        agent.close()


def test_a_misspelt_setting_is_warned_about_by_name_and_never_by_value(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    lines = (
        "PMS_TYPE=mock",
        "PMS_APIKEY=sesame",
        "ADMIN_TOKN=hush",
        "PMS_API_KEY:open",
        "COLOUR=blue",
        "pms_timeout=9",
    )
    (folder / ".env").write_text("\n".join(lines))
    # With what a harness marks its processes with: no setting of anybody's.
    others = {"SSL_CERT_FILE": "", "PATHS": "/nowhere", MARK_VARIABLE: "lease"}
    agent = RunningAgent(folder, {"PMS_TIMOUT": "31.25", "PMS_ZZZ": "never", **others})
    try:
        told = [line for line in agent.logs().splitlines() if "setting ignored" in line]
    finally:
        agent.close()
    for line, words in (
        ("PMS_APIKEY", (".env", "PMS_API_KEY")),
        ("ADMIN_TOKN", (".env", "ADMIN_TOKEN")),
        ("PMS_TIMOUT", ("environment", "PMS_TIMEOUT")),
        ("PMS_ZZZ", ("environment",)),
        ("no '='", (".env",)),
    ):
        [found] = [one for one in told if line in one]
        assert all(word in found for word in words), found
    assert len(told) == 5, told
    for value in ("sesame", "hush", "open", "blue", "31.25", "never"):
        assert value not in agent.logs()


def test_settings_that_are_right_are_not_warned_about(agent: RunningAgent) -> None:
    assert "setting ignored" not in agent.logs()


# -- start and end


def ends(agent: RunningAgent, within: float) -> float:
    """Wait until the process has ended by itself; the seconds that it took."""
    begin = time.monotonic()
    eventually(lambda: not agent.program.running, within=within)
    assert agent.program.exit_code in (0, -signal.SIGTERM)
    assert "Traceback" not in agent.logs()
    return time.monotonic() - begin


@pytest.mark.parametrize("left", [False, True], ids=["idle", "with the call of a guest who left"])
def test_ends_cleanly_and_soon_on_sigterm(start_agent: StartAgent, pms: ScriptedPms, left: bool) -> None:
    timeout = 2.0
    agent = start_agent(PMS_TIMEOUT=str(timeout), PMS_CURRENCY="PLN")
    if left:
        pms.always("booking", hang)
        with pytest.raises(Exception, match="timed out"):
            agent.client.post(RESERVATIONS, json=guest(), timeout=0.3)
    agent.program.signal(signal.SIGTERM)
    assert ends(agent, within=20) < (2 * timeout + 2 if left else 2)


def in_the_outbox(agent: RunningAgent) -> list[str]:
    """The statuses of all reservations, of an agent that does not run."""
    with sqlite3.connect(agent.folder / "outbox.sqlite") as store:
        return [status for (status,) in store.execute("SELECT status FROM intent")]


def test_a_guest_under_way_at_sigterm_is_answered_and_no_new_one_is_taken(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(PMS_TIMEOUT="10", PMS_CURRENCY="PLN")
    pms.next("booking", late(3))
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(agent.book)
        eventually(lambda: pms.count("booking"))
        agent.program.signal(signal.SIGTERM)
        eventually(lambda: not accepts_connections(agent))
        assert not under_way.done()
        answer = under_way.result(timeout=20)
    assert answer.status_code == 201
    ends(agent, within=20)
    assert in_the_outbox(agent) == ["confirmed"]
    assert pms.count("booking") == len(pms.live) == 1


def test_an_attempt_that_cannot_end_at_sigterm_is_pending_and_blocks_its_hotel_no_longer_than_settle(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(PMS_TIMEOUT="1.5", PMS_SETTLE="3", PMS_CURRENCY="PLN", **PATIENT)
    pms.next("booking", hang)
    pms.always("orders", hang)
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(agent.book)
        eventually(lambda: pms.count("booking"))
        agent.program.signal(signal.SIGTERM)
        answer = under_way.result(timeout=20)
    assert answer.status_code == 202
    ends(agent, within=20)
    pms.heal()
    agent.restart()
    begin = time.monotonic()
    second = agent.book(email="second@example.com").json()["reservation_id"]
    agent.becomes(second, "confirmed")
    assert time.monotonic() - begin < 3 + 2
    agent.becomes(answer.json()["reservation_id"], "confirmed")
    assert len(pms.live) == 2


def test_a_reservation_of_the_outbox_under_way_at_sigterm_is_brought_to_its_end(
    start_agent: StartAgent, pms: ScriptedPms
) -> None:
    agent = start_agent(PMS_TIMEOUT="10", PMS_CURRENCY="PLN", PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="0.2")
    pms.down()
    assert agent.book().status_code == 202
    pms.next("booking", late(2))
    pms.up()
    eventually(lambda: pms.count("booking"))
    agent.program.signal(signal.SIGTERM)
    ends(agent, within=20)
    assert in_the_outbox(agent) == ["confirmed"]
    assert pms.count("booking") == len(pms.live) == 1


def accepts_connections(agent: RunningAgent) -> bool:
    try:
        with socket.create_connection((agent.client.base_url.host, agent.client.base_url.port or 0), timeout=2):
            return True
    except ConnectionRefusedError:
        return False


# -- readiness


def test_readiness_has_its_shape_and_asks_nobody(agent: RunningAgent, pms: ScriptedPms) -> None:
    before = len(pms.calls)
    answer = agent.client.get("/health/ready")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ready"
    assert set(body["pms"]) >= {"status", "adapter", "breaker", "checked_at", "pending"}
    assert (body["pms"]["adapter"], body["pms"]["breaker"], body["pms"]["pending"]) == ("qloapps", "closed", 0)
    assert body["pms"]["checked_at"].endswith("Z")
    assert len(pms.calls) == before


def test_readiness_tells_the_states_apart(start_agent: StartAgent, pms: ScriptedPms) -> None:
    pms.next("probe", late(0.6))
    agent = start_agent(known_up=False, PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60")
    assert agent.pms()["status"] == "degraded"
    assert agent.pms()["checked_at"] is None
    eventually(lambda: agent.pms()["status"] == "up")
    pms.next("availability", answers(401))
    agent.ask()
    assert agent.pms()["status"] == "auth_failed"
    agent.ask()
    assert agent.pms()["status"] == "up"
    pms.next("availability", answers(500))
    agent.ask()
    assert agent.pms()["status"] == "degraded"
    pms.next("availability", *[answers(500)] * 4)
    for _ in range(4):
        agent.ask(room_type=3)
    assert agent.client.get("/health/ready").status_code == 200
    assert (agent.pms()["status"], agent.pms()["breaker"]) == ("down", "open")
    assert agent.client.get("/health/live").status_code == 200


def test_a_key_that_is_refused_is_told_apart_from_an_outage(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT="60")
    pms.always("availability", answers(401))
    for _ in range(5):
        agent.ask()
    assert agent.state() == "open"
    assert agent.pms()["status"] == "auth_failed"


def test_a_refused_key_stays_the_last_answer_when_no_answer_follows(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(**PATIENT)
    pms.next("availability", answers(403), reset)
    agent.ask(), agent.ask()
    assert agent.pms()["status"] == "auth_failed"
    agent.ask()
    assert agent.pms()["status"] == "up"


def test_a_pms_that_never_answered_is_not_up_after_a_reset(start_agent: StartAgent, pms: ScriptedPms) -> None:
    pms.down()
    agent = start_agent(known_up=False)
    eventually(lambda: agent.pms()["checked_at"])
    agent.reset()
    assert agent.pms()["status"] == "degraded"
    pms.up()
    agent.ask()
    assert agent.pms()["status"] == "up"


def test_ready_is_503_when_the_outbox_cannot_be_written(agent: RunningAgent) -> None:
    with sqlite3.connect(agent.folder / "outbox.sqlite") as other:
        other.execute("BEGIN IMMEDIATE")
        # SQLite itself would wait for the lock for 5 s.
        eventually(lambda: agent.client.get("/health/ready", timeout=3).status_code == 503)
        assert agent.client.get("/health/live").status_code == 200
    eventually(lambda: agent.client.get("/health/ready").status_code == 200)


# -- metrics


def test_every_series_exists_before_the_first_call(start_agent: StartAgent) -> None:
    agent = start_agent(PMS_TYPE="mock", known_up=False)
    assert agent.metric("pms_circuit_breaker_state", service="pms") == 0
    for before, after in (
        ("closed", "open"),
        ("open", "half_open"),
        ("half_open", "open"),
        ("half_open", "closed"),
        ("open", "closed"),
    ):
        found = agent.metric("pms_circuit_breaker_transitions_total", service="pms", from_=before, to=after)
        assert found == 0
    for operation in OPERATIONS:
        named = {"service": "pms", "operation": operation}
        assert agent.metric("pms_circuit_breaker_rejections_total", **named) == 0
        assert agent.metric("pms_api_latency_seconds_count", **named) == 0
        for status in ("success", "error"):
            assert agent.metric("pms_api_calls_total", **named, status=status) == 0
        for kind in ("connect", "lost", "timeout", "bad_answer", "server", "auth", "rate_limit"):
            assert agent.metric("pms_api_errors_total", **named, kind=kind) == 0
        for bucket in ("0.005", "30.0", "+Inf"):
            assert agent.metric("pms_api_latency_seconds_bucket", **named, le=bucket) == 0
    for operation, source in (("availability", "stale"), ("availability", "mock"), ("reservation", "outbox")):
        assert agent.metric("pms_failover_answers_total", operation=operation, source=source) == 0
    assert agent.metric("pms_reservations_pending") == 0
    assert agent.metric("pms_duplicates_cancelled_total") == 0
    assert agent.metric("pms_circuit_breaker_transitions_total", from_="closed", to="half_open") is None


# -- logs


def about_the_pms(agent: RunningAgent) -> list[str]:
    return [line for line in agent.logs().splitlines() if "PMS" in line]


def test_failures_stand_in_the_log_as_the_runbook_greps_them(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(PMS_TIMEOUT="0.4", **PATIENT)
    pms.next("availability", answers(401), answers(403), hang, answers(503), refuses("no"))
    for _ in range(5):
        agent.ask()
    pms.next("availability", answers(429))
    agent.ask()
    eventually(lambda: any("429" in line for line in about_the_pms(agent)))
    for word in ("401", "403", "429", "timeout", "503", "400"):
        assert any(word in line for line in about_the_pms(agent)), f"{word} is missing"
    moved = [line for line in agent.logs().splitlines() if '"to"' in line or "to=" in line]
    assert len(moved) == 1
    for word in ("closed", "open", "reason", "count", "wait"):
        assert word in moved[0]
    eventually(lambda: agent.log_file.read_text() == agent.logs())


def test_each_call_is_one_line(start_agent: StartAgent, pms: ScriptedPms) -> None:
    agent = start_agent(**PATIENT)
    eventually(lambda: len(about_the_pms(agent)) == 2)  # the start and its probe
    pms.next("availability", answers(500))
    for _ in range(10):
        agent.ask()
    agent.program.stop()
    assert len(about_the_pms(agent)) == 12


def test_keys_and_traces_appear_nowhere(start_agent: StartAgent, pms: ScriptedPms, tmp_path: Path) -> None:
    agent = start_agent(PMS_TIMEOUT="0.4")
    texts = [
        agent.reset().text,
        agent.reset(token="wrong").text,
        agent.ask().text,
        agent.book(key="secret-of-the-guest").text,
        agent.client.post(AVAILABILITY, content=b"{").text,
    ]
    for act in (answers(401, f"key {KEY} is wrong"), answers(200, "x"), hang, refuses(f"no such key {KEY}")):
        pms.next("availability", act)
        texts.append(agent.ask().text)
    pms.down()
    texts.append(agent.ask().text)
    texts += [agent.client.get(path).text for path in ("/health/ready", "/metrics", "/openapi.json")]
    texts += [agent.logs(), agent.log_file.read_text()]
    basic = pms.calls[0].authorization.removeprefix("Basic ")
    for text in texts:
        for secret in (KEY, TOKEN, basic, "Traceback", 'File "'):
            assert secret not in text


# -- certificates


def test_the_certificate_file_of_the_environment_is_trusted(
    start_agent: StartAgent, pms: ScriptedPms, tmp_path: Path
) -> None:
    authority, certificates = make_all(tmp_path)
    pms.serve_tls(certificates["good"], certificates["good"])
    address = {"PMS_BASE_URL": f"https://127.0.0.1:{pms.port}"}
    trusting = start_agent(known_up=False, SSL_CERT_FILE=str(authority), **address)
    assert trusting.ask().status_code == 200
    doubting = start_agent(known_up=False, SSL_CERT_FILE=None, **address, **PATIENT)
    assert doubting.ask().status_code == 502
    assert doubting.metric("pms_api_errors_total", operation="availability", kind="connect") == 1


# -- its own description


def test_openapi_names_every_operation_and_its_statuses(shared_agent: RunningAgent) -> None:
    described = shared_agent.client.get("/openapi.json").json()
    expected = {
        ("post", AVAILABILITY): {"200", "404", "422", "502", "503", "504"},
        ("post", RESERVATIONS): {"201", "202", "404", "409", "422", "502", "503", "504"},
        ("get", RESERVATIONS + "/{reservation_id}"): {"200", "404"},
        ("post", RESET): {"200", "401", "403"},
        ("get", "/health/live"): {"200"},
        ("get", "/health/ready"): {"200", "503"},
        ("get", "/metrics"): {"200"},
    }
    for (method, path), statuses in expected.items():
        answers_ = described["paths"][path][method]["responses"]
        assert statuses <= set(answers_), f"{method} {path}"
        for status in statuses & {"401", "403", "404", "409", "422", "502", "504"}:
            assert "application/problem+json" in answers_[status]["content"], f"{method} {path} {status}"


def test_openapi_contains_the_frozen_contract(shared_agent: RunningAgent) -> None:
    frozen = yaml.safe_load((REPOSITORY / "contracts/agent_api/openapi.yaml").read_text())
    verdict = contains(frozen, shared_agent.client.get("/openapi.json").json())
    assert verdict.outcome is Outcome.PASSED, verdict


def test_openapi_is_valid(shared_agent: RunningAgent) -> None:
    from openapi_spec_validator import validate

    validate(shared_agent.client.get("/openapi.json").json())


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    text = (REPOSITORY / "hotel_agent" / "README.md").read_text(encoding="utf-8").partition("## Settings")[2]
    rows = [line.split("|")[1:3] for line in text.splitlines() if line.startswith("| `")]
    told = {
        name: default
        for names, defaults in rows
        for name, default in zip_longest(re.findall(r"`(\w+)`", names), re.findall(r"`([^`]+)`", defaults))
    }
    assert set(told) == {name.upper() for name in Settings.model_fields}
    for name, default in told.items():
        own = Settings.model_fields[name.lower()].default
        if isinstance(own, int | float) and own:
            assert float(default or "nan") == own, name
        elif isinstance(own, str | Path) and str(own):
            assert default == str(own), name
