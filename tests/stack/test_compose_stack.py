"""The compose stack for real, with the twin: wherever a Docker engine answers. Elsewhere a skip that says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pms_drill.checks.verdict import SkipReason
from pms_drill.errors import DrillError
from pms_drill.faults import catalogue, catalogue_engine, catalogue_process, catalogue_tcp
from pms_drill.faults.lifecycle import Fault, injected
from pms_drill.faults.story import Needs
from pms_drill.lease import Lease
from pms_drill.stack.base import Stack
from pms_drill.stack.compose import ComposeStack
from pms_drill.stack.engine import RUN_LABEL
from pms_drill.stack.equipped import equipped, missing
from tests.faults.test_faults_of_processes_and_tls import SEEN, SPECIAL, kinds
from tests.stack.compose_help import engine, eventually, have_images, left, opened, place

__all__ = ["engine", "place"]

pytestmark = [pytest.mark.xdist_group("compose"), pytest.mark.timeout(900)]

STAY = {"hotel_id": 1, "check_in": "2027-03-01", "check_out": "2027-03-03", "room_type": 1}


@pytest.fixture(scope="session")
def stack(engine: Any, place: Path) -> Iterator[ComposeStack]:
    with Lease() as lease, opened(place, lease, "shared") as running:
        yield running


@pytest.fixture
def clean(stack: ComposeStack) -> Iterator[ComposeStack]:
    yield stack
    assert stack.make_clean() == []


def ask(stack: Stack) -> httpx.Response:
    return httpx.post(f"{stack.addresses.agent}/api/v1/pms/availability", json=STAY, timeout=20.0)


def inside(stack: ComposeStack, service: str, *words: str) -> tuple[int, str]:
    code, told = stack.container(service).exec_run(list(words))
    return code, told.decode(errors="replace")


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


#: Of the faults that need more than the proxies, those that containers cannot have, and the reason.
NOT_HERE = {
    "full_backlog": SkipReason.STACK_CANNOT,
}


@pytest.mark.parametrize("fault", SPECIAL.values(), ids=SPECIAL)
def test_equipment_for_a_fault_works_or_is_a_typed_skip(clean: ComposeStack, fault: Fault) -> None:
    lacks = missing(clean, fault.needs)
    assert (lacks[0] if lacks else None) == NOT_HERE.get(fault.name)
    if lacks:
        return
    with equipped(clean, fault.needs) as ready:
        ready.restart_agent()
        assert ask(ready).json()["source"] == "pms"
        with injected(fault, ready.place):
            if seen := SEEN[fault.name]:
                assert (ask(ready).status_code, kinds(ready)) == (seen[0], {seen[1]} if seen[1] else set())
        assert ask(ready).json()["source"] == "pms"
    clean.restart_agent()
    assert ask(clean).json()["source"] == "pms"


def test_faults_of_http_act_over_tls_too(clean: ComposeStack, engine: Any) -> None:
    with equipped(clean, frozenset({Needs.HTTPS})) as ready:
        ready.restart_agent()
        for name in ("server_error", "hang", "reset_before"):
            with injected(catalogue.named(name, catalogue.Scale(0.5, 2)), ready.place):
                assert ask(ready).status_code in (502, 504)
        assert ask(ready).json()["source"] == "pms"
    services = [one.labels["com.docker.compose.service"] for one in left(engine, clean.run) if hasattr(one, "labels")]
    assert "tls-front" not in services


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
    image = next(iter(have_images(engine, twin=True).values()))
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
