"""Of the stack compose what can be tested without an engine: compose files, image names, messages, leases."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from pms_drill.errors import DrillError
from pms_drill.lease import EngineAway, Lease, heal
from pms_drill.stack import compose, compose_images, compose_tool, engine
from pms_drill.stack.agent_program import REPO

TEST_FILE = REPO / "docker-compose.test.yml"
RUNBOOK_FILE = REPO / "docker-compose.runbook.yml"
LOCAL_IMAGES_SCRIPT = REPO / "docker" / "local-images.sh"


def services(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text())["services"]
    return found


def test_docker_socket_is_mounted_nowhere() -> None:
    mounts = [str(mount) for file in (TEST_FILE, RUNBOOK_FILE) for one in services(file).values()
              for mount in one.get("volumes", [])]  # fmt: skip
    assert mounts
    assert not [mount for mount in mounts if "docker.sock" in mount]


def test_every_published_port_is_on_loopback() -> None:
    ports = [port for file in (TEST_FILE, RUNBOOK_FILE) for one in services(file).values()
             for port in one.get("ports", [])]  # fmt: skip
    assert len(ports) >= 6
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_image_can_be_chosen_by_a_variable() -> None:
    images = {name: service["image"] for name, service in services(TEST_FILE).items()}
    assert all(image.startswith("${PMS_DRILL_") and "_IMAGE:-" in image for image in images.values()), images


def test_images_that_are_pulled_are_those_of_the_compose_file() -> None:
    text = TEST_FILE.read_text()
    for variable, default in compose_images.PULLED.items():
        assert f"${{{variable}:-{default}}}" in text
    for built in (compose_images.PYTHON, compose_images.QLOAPPS):
        assert f"${{{built.base_variable}:-{built.base}}}" in text


def test_agent_is_on_no_network_with_a_control_listener() -> None:
    found = services(TEST_FILE)
    assert set(found["agente-api"]["networks"]) == {"front"}
    with_control = [name for name, one in found.items() if {"control", "control-twin"} & set(one["networks"])]
    assert sorted(with_control) == ["fault-proxy", "toxiproxy", "twin"]


def test_everything_carries_the_label_of_the_run() -> None:
    content = yaml.safe_load(TEST_FILE.read_text())
    parts = [*content["services"].values(), *content["networks"].values(), *content["volumes"].values()]
    assert all(engine.RUN_LABEL in part["labels"] for part in parts)


def test_every_service_but_toxiproxy_has_a_health_check() -> None:
    without = [name for name, one in services(TEST_FILE).items() if "healthcheck" not in one]
    assert without == ["toxiproxy"]  # its image holds one program only; its control listener is asked instead


def test_type_and_key_reach_the_agent_by_its_env_file_only() -> None:
    settings = services(TEST_FILE)["agente-api"]["environment"]
    assert not {"PMS_TYPE", "PMS_API_KEY"} & settings.keys()


def test_runbook_finds_its_names_and_ports() -> None:
    found = services(RUNBOOK_FILE)
    names = {one.get("container_name") for one in found.values()}
    assert {"agente-api", "qloapps", "mysql-qloapps"} <= names
    ports = [port for one in found.values() for port in one.get("ports", [])]
    assert ports == ["127.0.0.1:8000:8000", "127.0.0.1:9090:9090"]


def test_tools_of_the_runbook_are_in_the_images() -> None:
    packages = (REPO / "docker" / "tools.packages").read_text().split()
    assert {"curl", "netcat-openbsd", "dnsutils"} <= set(packages)  # dnsutils brings nslookup


def test_image_gets_another_tag_when_one_byte_of_its_parts_changes(tmp_path: Path) -> None:
    built = compose_images.QLOAPPS
    for part in (built.dockerfile, *built.parts):
        (tmp_path / part).parent.mkdir(exist_ok=True)
        (tmp_path / part).write_text("x")
    before = compose_images.tag_of(built, tmp_path, {})
    assert before == compose_images.tag_of(built, tmp_path, {})
    (tmp_path / built.parts[0]).write_text("y")
    assert before != compose_images.tag_of(built, tmp_path, {})


def test_base_image_is_part_of_the_tag() -> None:
    built = compose_images.QLOAPPS
    plain = compose_images.tag_of(built, REPO, {})
    assert plain != compose_images.tag_of(built, REPO, {built.base_variable: "registry.example/debian"})


def local_images(checkout: Path, made_by: str) -> None:
    (checkout / compose_images.LOCAL_IMAGES).write_text(
        f"PMS_DRILL_LOCAL_IMAGES_OF={made_by}\nPMS_DRILL_PHP_BASE=here\nPMS_DRILL_MYSQL_IMAGE=here\n"
    )


def test_fresh_clone_chooses_the_public_images(tmp_path: Path) -> None:
    """Also in a checkout that has made images of its own: what is tracked names none."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(REPO), str(clone)], check=True, timeout=60)
    assert compose_images.choices(clone, {}) == {}
    assert compose_images.sources({}) == [
        "python:3.11-slim-bookworm",
        "debian:bookworm-slim",
        "ghcr.io/shopify/toxiproxy:2.12.0",
        "prom/prometheus:v2.53.4",
        "mariadb:10.11",
    ]


@pytest.mark.parametrize(
    "made_by",
    ["", "another-machine:{checkout}", "{machine}:/another/checkout"],
    ids=["nobody", "another machine", "another checkout"],
)
def test_images_made_elsewhere_are_not_chosen(tmp_path: Path, made_by: str) -> None:
    (tmp_path / "docker").mkdir()
    local_images(tmp_path, made_by.format(machine=platform.node(), checkout=tmp_path))
    assert compose_images.choices(tmp_path, {}) == {}


def test_file_of_local_images_names_this_checkout_and_machine() -> None:
    """The script writes the mark that `choices` looks for."""
    lines = LOCAL_IMAGES_SCRIPT.read_text().splitlines()
    [mark] = [line for line in lines if line.startswith("PMS_DRILL_LOCAL_IMAGES_OF=")]
    told = subprocess.run(
        ["sh", "-c", f'repo={REPO}\necho "{mark.partition("=")[2]}"'], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == f"{platform.node()}:{REPO}"


def test_environment_wins_over_images_made_here(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    local_images(tmp_path, f"{platform.node()}:{tmp_path}")
    chosen = compose_images.choices(tmp_path, {"PMS_DRILL_PHP_BASE": "mine", "PMS_DRILL_MYSQL_IMAGE": ""})
    assert chosen == {"PMS_DRILL_PHP_BASE": "mine", "PMS_DRILL_MYSQL_IMAGE": "here"}


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ("Bind for 127.0.0.1:8000 failed: port is already allocated", "a port is taken"),
        ("listen tcp4 127.0.0.1:9090: bind: address already in use", "a port is taken"),
        ('The container name "/qloapps" is already in use by container "1f"', "a container of that name"),
        ("pull access denied for x, repository does not exist", "cannot be pulled"),
        ("No such image: pms-drill/python:1", "cannot be pulled"),
        ("could not find an available, non-overlapping IPv4 address pool", "no free network"),
        ("something else", "compose failed"),
    ],
)
def test_what_compose_says_becomes_one_clear_error(told: str, what: str) -> None:
    error = compose_tool.explained(f"Creating x ... done\n{told}\n", "compose up")
    assert what in error.what
    assert error.todo
    assert told in error.detail


def test_machine_without_compose_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    compose_tool.command.cache_clear()
    monkeypatch.setenv(compose_tool.VARIABLE, "no-such-compose")
    try:
        with pytest.raises(DrillError, match="there is no compose"):
            compose_tool.command()
    finally:
        compose_tool.command.cache_clear()


def test_missing_socket_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(DrillError, match="no Docker engine answers") as error:
        engine.connect()
    assert "native" in error.value.todo


def test_unknown_pms_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compose.PMS_VARIABLE, "opera")
    with pytest.raises(DrillError, match="no PMS 'opera'"):
        compose.check_compose()


def test_missing_tree_is_told_with_the_twin_as_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(compose.PMS_VARIABLE, raising=False)
    monkeypatch.delenv("QLOAPPS_DIR", raising=False)
    with pytest.raises(DrillError, match="needs a QloApps source tree") as error:
        compose.check_compose()
    assert "PMS=twin" in error.value.todo


def _dead_run(state: Path, label: str) -> None:
    lease = Lease(state)
    lease.__enter__()
    lease.add_engine_run(label)
    assert lease._lock is not None
    lease._lock.release()  # as the system does when a process ends


def test_heal_removes_what_a_dead_run_left_at_the_engine(tmp_path: Path) -> None:
    _dead_run(tmp_path, "4711-ab")
    asked: list[str] = []

    def remove(label: str) -> list[str]:
        asked.append(label)
        return [f"container of {label}"]

    report = heal(tmp_path, remove_engine_run=remove)
    assert (asked, report.engine, report.trouble) == (["4711-ab"], ["container of 4711-ab"], [])
    assert heal(tmp_path, remove_engine_run=remove).lines() == ["nothing was left behind"]


def test_heal_leaves_the_containers_of_a_living_run_alone(tmp_path: Path) -> None:
    with Lease(tmp_path) as lease:
        lease.add_engine_run("4711-ab")
        report = heal(tmp_path, remove_engine_run=lambda label: pytest.fail(label))
        assert report.alive == [lease.path.name]


def test_engine_that_is_away_postpones_the_heal_and_fails_nothing(tmp_path: Path) -> None:
    _dead_run(tmp_path, "4711-ab")

    def away(label: str) -> list[str]:
        raise EngineAway("no Docker engine answers")

    report = heal(tmp_path, remove_engine_run=away)
    assert report.trouble == []
    assert len(report.postponed) == 1
    assert heal(tmp_path, remove_engine_run=lambda label: [label]).engine == ["4711-ab"]


def test_script_for_local_images_names_no_host() -> None:
    text = LOCAL_IMAGES_SCRIPT.read_text()
    assert "http" not in text
    subprocess.run(["sh", "-n", str(LOCAL_IMAGES_SCRIPT)], check=True)
