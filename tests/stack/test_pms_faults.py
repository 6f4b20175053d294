"""Every fault at the PMS is armed, proved, healed and proved, at the twin and at a real QloApps.

The tests with QloApps need a source tree (QLOAPPS_DIR) and are skipped without one.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pymysql
import pytest

from pms_drill import lease as leases
from pms_drill import profile as profiles
from pms_drill.checks.verdict import SkipReason, Unproven
from pms_drill.external.finder import cache_folder
from pms_drill.faults import catalogue_pms
from pms_drill.faults.lifecycle import Fault, injected
from pms_drill.faults.scale import Scale
from pms_drill.lease import Lease
from pms_drill.report.skips import skip
from pms_drill.stack import qloapps_settings as settings
from pms_drill.stack import qloapps_sql as sql
from pms_drill.stack.embedded import embedded_stack
from pms_drill.stack.native import native_stack
from pms_drill.stack.process_stack import ProcessStack
from pms_drill.stack.qloapps_pms import QloAppsPms
from pms_drill.stack.qloapps_tree import look
from tests.stack.test_embedded_stack import HOLD, eventually

FAULTS = {fault.name: fault for fault in catalogue_pms.faults(Scale(3.0, 2))}


@pytest.fixture(scope="module")
def lease(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lease]:
    with Lease(tmp_path_factory.mktemp("state")) as held:
        yield held


@pytest.fixture(scope="module")
def twin_stack(lease: Lease, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessStack]:
    run_dir = tmp_path_factory.mktemp("twin")
    with embedded_stack(profiles.load("reference-fast"), run_dir, label="t", lease=lease, seed=1) as stack:
        yield stack


@pytest.fixture(scope="module")
def qloapps_stack(lease: Lease, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessStack]:
    if not os.environ.get("QLOAPPS_DIR"):
        skip(SkipReason.NEEDS_REAL_PMS, "QLOAPPS_DIR is not set")
    run_dir = tmp_path_factory.mktemp("qloapps")
    before = look(Path(os.environ["QLOAPPS_DIR"])).digest()
    with native_stack(profiles.load("reference-real"), run_dir, label="q", lease=lease, seed=1) as stack:
        yield stack
    assert look(Path(os.environ["QLOAPPS_DIR"])).digest() == before, "the user's tree was changed"


def test_twin_has_every_fault_that_needs_no_process_of_its_own(twin_stack: ProcessStack) -> None:
    lacking = set(FAULTS) - twin_stack.place.pms.names
    assert lacking == {"db_refused", "db_slow", "table_locked", "pms_killed", "killed_in_booking"}


def test_qloapps_has_every_fault(qloapps_stack: ProcessStack) -> None:
    assert set(FAULTS) <= qloapps_stack.place.pms.names


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_fault_is_proved_at_the_twin_and_gone_after_the_heal(fault: Fault, twin_stack: ProcessStack) -> None:
    if fault.name not in twin_stack.place.pms.names:
        skip(twin_stack.place.pms.lacking, fault.name)
    with injected(fault, twin_stack.place):
        pass
    assert twin_stack.make_clean() == []


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_fault_is_proved_at_qloapps_and_gone_after_the_heal(fault: Fault, qloapps_stack: ProcessStack) -> None:
    with injected(fault, qloapps_stack.place):
        pass
    assert qloapps_stack.make_clean() == []


@pytest.mark.parametrize("name", ["key_disabled", "db_paused", "wrong_host"])
def test_fault_that_is_left_behind_is_undone_and_named(name: str, twin_stack: ProcessStack) -> None:
    twin_stack.place.pms.arm(name)
    assert twin_stack.make_clean() == [f"{name} at the PMS"]
    assert twin_stack.make_clean() == []


def test_switch_without_effect_is_unproven(twin_stack: ProcessStack, monkeypatch: pytest.MonkeyPatch) -> None:
    switches = twin_stack.place.pms
    monkeypatch.setattr(switches, "arm", lambda _name: None)
    with pytest.raises(Unproven, match="status 401"), injected(FAULTS["key_disabled"], twin_stack.place):
        pass


def test_dead_database_and_web_server_are_started_again(qloapps_stack: ProcessStack) -> None:
    for child in psutil.Process().children():
        if child.name() in ("php", "mariadbd", "mysqld"):
            child.kill()
            child.wait(5)
    mended = qloapps_stack.make_clean()
    assert [line.partition(" had ended")[0] for line in mended] == ["the database", "the PMS's web server"]
    assert qloapps_stack.make_clean() == []
    assert qloapps_stack.bookings() is not None


def test_agents_key_is_refused_what_the_contract_does_not_need(qloapps_stack: ProcessStack) -> None:
    url = f"{qloapps_stack.addresses.pms}/api/customers?output_format=JSON"
    with httpx.Client(trust_env=False, timeout=10.0) as http:
        assert http.get(url, auth=(qloapps_stack.agent_key, "")).status_code == 401
        assert http.get(url, auth=(qloapps_stack.pms_key, "")).status_code == 200


def test_versions_name_what_the_verdict_is_about(qloapps_stack: ProcessStack) -> None:
    told = (qloapps_stack.run_dir / "versions.json").read_text()
    assert all(word in told for word in ('"pms": "QloApps 1.', '"database": "', '"php": "8.', '"toxiproxy": "'))


def test_every_listener_of_qloapps_is_on_loopback(qloapps_stack: ProcessStack) -> None:
    listening = {
        connection.laddr.ip
        for child in psutil.Process().children(recursive=True)
        for connection in child.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_key_of_the_run_stands_in_no_log_of_the_pms(qloapps_stack: ProcessStack) -> None:
    logs = "".join(path.read_text(errors="replace") for path in (qloapps_stack.run_dir / "logs").glob("q-*.log"))
    assert qloapps_stack.agent_key not in logs
    assert qloapps_stack.pms_key not in logs


def test_database_password_is_the_runs_own_and_that_of_the_base_state_opens_nothing(
    qloapps_stack: ProcessStack,
) -> None:
    pms = qloapps_stack._pms
    assert isinstance(pms, QloAppsPms)
    assert pms._database is not None
    base = cache_folder() / pms._origin.name() / "tree" / "config" / "settings.inc.php"
    kept = settings.value(base.read_text(), "_DB_PASSWD_")
    assert kept != pms._password
    with pms._database.connection(sql.SCHEMA, user=sql.USER, password=pms._password) as link:
        link.ping(reconnect=False)
    with (
        pytest.raises(pymysql.OperationalError, match="Access denied"),
        pms._database.connection(sql.SCHEMA, user=sql.USER, password=kept),
    ):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="children die with their parent on Linux only")
def test_killed_harness_with_a_paused_database_leaves_nothing_after_the_heal(
    state_folder: Path, tmp_path: Path
) -> None:
    if not os.environ.get("QLOAPPS_DIR"):
        skip(SkipReason.NEEDS_REAL_PMS, "QLOAPPS_DIR is not set")
    ready, temporary = tmp_path / "ready.json", Path(tempfile.mkdtemp(prefix="t-", dir="/tmp"))
    words = [sys.executable, str(HOLD), str(tmp_path / "run"), str(ready), "native"]
    holder = subprocess.Popen(words, cwd=tmp_path, env={**os.environ, "TMPDIR": str(temporary)})
    eventually("the stack is up", ready.exists, within=90)
    pids = json.loads(ready.read_text())
    [database] = [pid for pid in pids if psutil.Process(pid).name() in ("mariadbd", "mysqld")]
    os.kill(database, signal.SIGSTOP)
    holder.kill()
    holder.wait(timeout=20)
    report = leases.heal()
    assert not report.trouble
    eventually("its children are gone", lambda: not any(psutil.pid_exists(pid) for pid in pids))
    assert list(temporary.iterdir()) == []
    temporary.rmdir()
