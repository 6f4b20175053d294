"""The compose stack for real, with the twin: wherever a Docker engine answers. Elsewhere a skip that says why."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill import lease as leases
from pms_drill import profile as profiles
from pms_drill.errors import DrillError
from pms_drill.faults import catalogue_engine, catalogue_process, catalogue_tcp
from pms_drill.faults.lifecycle import Fault, injected
from pms_drill.lease import STATE_VARIABLE, EngineAway, Lease
from pms_drill.stack.agent_program import REPO
from pms_drill.stack.compose import PMS_VARIABLE, ComposeStack, compose_stack
from pms_drill.stack.compose_images import choices, images
from pms_drill.stack.engine import RUN_LABEL, connect, remove_engine_run

pytestmark = [pytest.mark.xdist_group("compose"), pytest.mark.timeout(900)]

HOLD = Path(__file__).with_name("hold_a_compose_stack.py")
STAY = {"hotel_id": 1, "check_in": "2027-03-01", "check_out": "2027-03-03", "room_type": 1}


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    """An engine with our images: built from Debian packages where no registry answers."""
    try:
        client = connect()
    except EngineAway as error:
        pytest.skip(f"needs-engine: {error.what}")
    try:
        images(client, REPO, choices(REPO, os.environ), twin=True, say=print)
    except DrillError as error:
        if os.geteuid() != 0 or shutil.which("debootstrap") is None:
            pytest.skip(f"needs-images: {error.what}; docker/local-images.sh needs root and debootstrap")
        subprocess.run(["sh", str(REPO / "docker" / "local-images.sh")], check=True, timeout=800)
        images(client, REPO, choices(REPO, os.environ), twin=True, say=print)
    yield client
    client.close()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for runs, with leases of its own, and the twin as the PMS."""
    folder = tmp_path_factory.mktemp("compose")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATE_VARIABLE, str(folder / "state"))
        patch.setenv(PMS_VARIABLE, "twin")
        yield folder


def opened(place: Path, lease: Lease, label: str, **settings: Any) -> ComposeStack:
    run_dir = place / label
    (run_dir / "logs").mkdir(parents=True, exist_ok=True)
    profile = profiles.load("reference-fast")
    return compose_stack(profile, run_dir, label=label, lease=lease, seed=1, **settings)


@pytest.fixture(scope="session")
def stack(engine: Any, place: Path) -> Iterator[ComposeStack]:
    with Lease() as lease, opened(place, lease, "shared") as running:
        yield running


@pytest.fixture
def clean(stack: ComposeStack) -> Iterator[ComposeStack]:
    yield stack
    assert stack.make_clean() == []


def ask(stack: ComposeStack) -> httpx.Response:
    return httpx.post(f"{stack.addresses.agent}/api/v1/pms/availability", json=STAY, timeout=20.0)


def inside(stack: ComposeStack, service: str, *words: str) -> tuple[int, str]:
    code, told = stack.container(service).exec_run(list(words))
    return code, told.decode(errors="replace")


def left(client: Any, run: str) -> list[Any]:
    filters = {"label": f"{RUN_LABEL}={run}"}
    return [*client.containers.list(all=True, filters=filters), *client.networks.list(filters=filters),
            *client.volumes.list(filters=filters)]  # fmt: skip


def eventually(what: str, condition: Any, within: float) -> None:
    polling = Retrying(
        stop=stop_after_delay(within), wait=wait_fixed(0.1), retry=retry_if_result(lambda done: not done)
    )
    try:
        polling(condition)
    except Exception as error:
        raise AssertionError(f"in {within:g} s it did not come true: {what}") from error


def test_guest_is_answered_by_the_pms_through_both_proxies(clean: ComposeStack) -> None:
    before = clean.ledger_position()
    answer = ask(clean)
    assert (answer.status_code, answer.json()["source"]) == (200, "pms")
    assert [(call.method, call.path) for call in clean.ledger(before)] == [("POST", "/api/hotel_ari")]


@pytest.mark.parametrize(
    "fault",
    [
        catalogue_tcp.connection_refused(),
        catalogue_tcp.hang(),
        catalogue_engine.pms_cut_off(),
        catalogue_process.pms_paused(),
        catalogue_process.agent_paused(),
        catalogue_process.agent_killed(),
    ],
    ids=lambda fault: fault.name,
)
def test_fault_is_measured_and_its_heal_too(clean: ComposeStack, fault: Fault) -> None:
    with injected(fault, clean.place):
        pass
    clean.restart_agent()
    assert ask(clean).json()["source"] == "pms"


def test_locked_toxiproxy_is_restarted_and_holds_its_proxies_again(clean: ComposeStack) -> None:
    clean.place.toxiproxy.restart()
    with injected(catalogue_tcp.connection_refused(), clean.place):
        pass


def test_agent_cannot_reach_a_control_listener(clean: ComposeStack) -> None:
    for address in ("toxiproxy:8474", "fault-proxy-control:8081", "fault-proxy:8081", "twin-control:8081"):
        code, _ = inside(clean, "agente-api", "curl", "-s", "-m", "2", f"http://{address}/")
        assert code != 0, address
    code, _ = inside(clean, "agente-api", "curl", "-s", "-m", "5", "-o", "/dev/null", "http://toxiproxy:8666/api/")
    assert code == 0  # the way that it may go


def test_no_container_has_the_engine_socket(clean: ComposeStack, engine: Any) -> None:
    found = engine.containers.list(filters={"label": f"{RUN_LABEL}={clean.run}"})
    assert len(found) == 5
    assert not [mount for one in found for mount in one.attrs["Mounts"] if "docker.sock" in mount["Source"]]


def test_published_ports_are_on_loopback(clean: ComposeStack, engine: Any) -> None:
    bindings = [
        binding["HostIp"]
        for one in engine.containers.list(filters={"label": f"{RUN_LABEL}={clean.run}"})
        for bound in one.attrs["NetworkSettings"]["Ports"].values()
        for binding in bound or []
    ]
    assert set(bindings) == {"127.0.0.1"}


def test_restart_changes_one_setting_and_keeps_address_and_rest(clean: ComposeStack) -> None:
    address = clean.addresses.agent
    clean.restart_agent(env={"PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT": "77"})
    code, told = inside(clean, "agente-api", "env")
    assert code == 0
    assert "PMS_CIRCUIT_BREAKER_RECOVERY_TIMEOUT=77" in told
    assert "PMS_TIMEOUT=0.5" in told
    assert not [line for line in told.splitlines() if line.startswith(("PMS_TYPE", "PMS_API_KEY"))]
    assert clean.addresses.agent == address
    assert clean.agent_log().count("PMS adapter type") == 1
    clean.restart_agent()


def test_mock_is_switched_on_as_the_runbook_says(clean: ComposeStack) -> None:
    code, _ = inside(clean, "agente-api", "sh", "-c", 'echo "PMS_TYPE=mock" >> /app/.env')
    assert code == 0
    clean.container("agente-api").restart(timeout=3)
    eventually("the mock is in the log", lambda: "PMS adapter type: mock" in clean.agent_log(), within=20)
    clean.restart_agent()
    assert ask(clean).json()["source"] == "pms"


def test_prometheus_scrapes_the_agent_and_has_its_rules(clean: ComposeStack) -> None:
    def upward() -> bool:
        code, told = inside(clean, "prometheus", "promtool", "query", "instant", "http://127.0.0.1:9090", "up")
        return code == 0 and "=> 1 " in told

    eventually("up is 1", upward, within=30)
    code, told = inside(clean, "prometheus", "promtool", "check", "config", "/etc/prometheus/prometheus.yml")
    assert code == 0
    assert "rules found" in told


def test_tools_of_the_runbook_work_inside(clean: ComposeStack) -> None:
    for words in (["curl", "--version"], ["nc", "-zv", "toxiproxy", "8666"], ["nslookup", "toxiproxy"]):
        code, told = inside(clean, "agente-api", *words)
        assert code == 0, told


def test_down_removes_what_is_ours_and_nothing_else(engine: Any, place: Path) -> None:
    image = next(iter(images(engine, REPO, choices(REPO, os.environ), twin=True, say=print).values()))
    stranger = engine.containers.create(image, labels={RUN_LABEL: "of-somebody-else"})
    try:
        with Lease() as lease, opened(place, lease, "short") as running:
            run = running.run
            assert len(left(engine, run)) >= 10
        assert left(engine, run) == []
        stranger.reload()
    finally:
        stranger.remove(force=True)
    assert (place / "short" / "logs" / "short-agente-api.log").read_text()
    assert (place / "short" / "evidence" / "short" / "ledger.jsonl").read_text()


def test_killed_run_is_cleaned_by_heal_and_the_one_beside_it_lives(
    engine: Any, place: Path, stack: ComposeStack, tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    holder = subprocess.Popen([sys.executable, str(HOLD), str(tmp_path / "run"), str(ready)], cwd=REPO)
    try:
        eventually("the other stack is up", lambda: ready.exists() or holder.poll() is not None, within=180)
        assert holder.poll() is None
        run = ready.read_text()
        assert left(engine, run)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait(timeout=20)
    report = leases.heal(remove_engine_run=remove_engine_run)
    assert report.trouble == []
    assert report.engine
    assert left(engine, run) == []
    assert ask(stack).status_code == 200


def test_taken_port_is_told_and_nothing_is_left(engine: Any, place: Path) -> None:
    with socket.create_server(("127.0.0.1", 9090)), Lease() as lease:
        stack = opened(place, lease, "conflict", runbook=True)
        with pytest.raises(DrillError, match="a port is taken"), stack:
            pass
        assert left(engine, stack.run) == []


def test_image_that_is_not_to_be_had_is_told_and_nothing_is_left(
    engine: Any, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PMS_DRILL_TOXIPROXY_IMAGE", "127.0.0.1:1/no-such-image:1")
    with Lease() as lease:
        stack = opened(place, lease, "no-image")
        with pytest.raises(DrillError, match="cannot be pulled") as error, stack:
            pass
        assert error.value.where == "PMS_DRILL_TOXIPROXY_IMAGE"
        assert left(engine, stack.run) == []
