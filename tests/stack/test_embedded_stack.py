"""The embedded stack starts, tells why it cannot, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill import lease as leases
from pms_drill.errors import DrillError
from pms_drill.faults import catalogue
from pms_drill.faults.lifecycle import injected
from pms_drill.profile import Profile
from pms_drill.stack import agent_program
from pms_drill.stack.own_programs import start_listening
from tests.stack.conftest import OpenEmbedded, changed

HOLD = Path(__file__).with_name("hold_a_stack.py")


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def eventually(what: str, condition: object, within: float = 10.0) -> None:
    assert callable(condition)
    polling = Retrying(
        stop=stop_after_delay(within),
        wait=wait_fixed(0.05),
        retry=retry_if_result(lambda done: not done),
        reraise=False,
    )
    try:
        polling(condition)
    except Exception as error:
        raise AssertionError(f"in {within:g} s it did not come true: {what}") from error


def test_guest_is_answered_by_the_pms_through_both_proxies(open_embedded: OpenEmbedded, fast_profile: Profile) -> None:
    with open_embedded(fast_profile) as stack:
        before = stack.ledger_position()
        answer = httpx.post(
            f"{stack.addresses.agent}/api/v1/pms/availability",
            json={"hotel_id": 1, "check_in": "2027-03-01", "check_out": "2027-03-03", "room_type": 1},
        )
        calls = stack.ledger(before)
    assert (answer.status_code, answer.json()["source"]) == (200, "pms")
    assert [(call.method, call.path) for call in calls] == [("POST", "/api/hotel_ari")]


def test_stopped_stack_leaves_no_process(open_embedded: OpenEmbedded, fast_profile: Profile) -> None:
    before = {child.pid for child in children()}
    with open_embedded(fast_profile):
        started = {child.pid for child in children()} - before
    assert len(started) >= 4
    assert not {child.pid for child in children()} & started


def test_every_listener_is_on_loopback(open_embedded: OpenEmbedded, fast_profile: Profile) -> None:
    with open_embedded(fast_profile):
        listening = {
            connection.laddr.ip
            for child in children()
            for connection in child.net_connections()
            if connection.status == psutil.CONN_LISTEN
        }
    assert listening == {"127.0.0.1"}


def test_agent_keeps_its_address_and_gets_an_empty_state_at_a_fresh_restart(
    open_embedded: OpenEmbedded, fast_profile: Profile
) -> None:
    with open_embedded(fast_profile) as stack:
        address = stack.addresses.agent
        stack.restart_agent()
        assert stack.addresses.agent == address
        assert stack.agent_log().count("PMS adapter type") == 1


def test_leftover_faults_are_removed_and_named(open_embedded: OpenEmbedded, fast_profile: Profile) -> None:
    with open_embedded(fast_profile) as stack:
        catalogue.unauthorized().action.arm(stack.place)
        catalogue.hang().action.arm(stack.place)
        mended = stack.make_clean()
        assert len(mended) == 2
        assert stack.make_clean() == []
        with injected(catalogue.connection_refused(), stack.place):
            pass


def test_agent_that_goes_round_the_proxies_is_found_at_start(
    open_embedded: OpenEmbedded, fast_profile: Profile, tmp_path: Path
) -> None:
    key = "A" * 32
    words = [sys.executable, "-m", "qloapps_twin"]
    secret = {"TWIN_API_KEY": key, "TWIN_CONTROL_TOKEN": "t", "PYTHONPATH": str(agent_program.REPO)}
    other = start_listening(
        "other twin", words, env=secret, folder=tmp_path, log=tmp_path / "twin.log", note=lambda _pid, _name: None
    )
    try:
        profile = changed(fast_profile, env={"PMS_BASE_URL": f"http://{other.address}", "PMS_API_KEY": key})
        with pytest.raises(DrillError, match="do not cross the proxies") as error, open_embedded(profile):
            pass
    finally:
        other.program.stop()
    assert '"source":"pms"' in error.value.where
    assert not children()


def test_agent_on_its_mock_is_found_at_start(open_embedded: OpenEmbedded, fast_profile: Profile) -> None:
    profile = changed(fast_profile, env={"PMS_TYPE": "mock"})
    with pytest.raises(DrillError, match="do not cross the proxies"), open_embedded(profile):
        pass


def test_agent_that_exits_at_start_is_told_with_its_last_lines(
    open_embedded: OpenEmbedded, fast_profile: Profile
) -> None:
    profile = changed(fast_profile, env={"PMS_TIMEOUT": "soon"})
    with pytest.raises(DrillError, match="ended at start with exit code 2") as error, open_embedded(profile):
        pass
    assert "PMS_TIMEOUT" in error.value.detail
    assert not children()


def test_agent_that_is_never_ready_is_told_after_its_time(open_embedded: OpenEmbedded, fast_profile: Profile) -> None:
    silent = [sys.executable, "-c", "import threading; print('thinking'); threading.Event().wait(60)"]
    profile = changed(fast_profile, start=silent, start_timeout=1.0)
    with pytest.raises(DrillError, match="not ready after 1 s") as error, open_embedded(profile):
        pass
    assert "thinking" in error.value.detail
    assert not children()


def test_command_that_is_not_there_is_told(open_embedded: OpenEmbedded, fast_profile: Profile) -> None:
    profile = changed(fast_profile, start=["no-such-agent"])
    with pytest.raises(DrillError, match="could not be started"), open_embedded(profile):
        pass


def test_unknown_place_in_the_profile_is_named(open_embedded: OpenEmbedded, fast_profile: Profile) -> None:
    profile = changed(fast_profile, env={"PORT": "{prot}"})
    with pytest.raises(DrillError, match="prot") as error, open_embedded(profile):
        pass
    assert error.value.where == "agent.env.PORT"


def test_taken_port_is_told_and_its_owner_is_left_alone(
    open_embedded: OpenEmbedded, fast_profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as owner:
        monkeypatch.setattr(agent_program, "stable_port", lambda: owner.getsockname()[1])
        with pytest.raises(DrillError, match="port is taken"), open_embedded(fast_profile):
            pass
        with socket.create_connection(owner.getsockname(), timeout=1):
            pass


def test_profile_without_a_command_is_refused(open_embedded: OpenEmbedded, fast_profile: Profile) -> None:
    with pytest.raises(DrillError, match="does not say how to start"):
        open_embedded(changed(fast_profile, start=[]))


@pytest.mark.skipif(sys.platform != "linux", reason="children die with their parent on Linux only")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_killed_harness_leaves_no_process_and_heal_removes_its_folders(
    number: signal.Signals, state_folder: Path, tmp_path: Path
) -> None:
    ready = tmp_path / "ready.json"
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    holder = subprocess.Popen(
        [sys.executable, str(HOLD), str(tmp_path / "run"), str(ready)],
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    eventually("the stack is up", ready.exists, within=30)
    assert list(temporary.iterdir())
    pids = json.loads(ready.read_text())
    assert len(pids) >= 4
    holder.send_signal(number)
    holder.wait(timeout=20)
    eventually("its children are gone", lambda: not any(psutil.pid_exists(pid) for pid in pids))
    report = leases.heal()
    assert not report.trouble
    assert list(temporary.iterdir()) == []
