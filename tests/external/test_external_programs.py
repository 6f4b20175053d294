"""The ways to an external program, with a release server on loopback and a go of our own."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pms_drill.errors import DrillError
from pms_drill.external import PROMTOOL, TOXIPROXY, find, present
from pms_drill.external.__main__ import main
from pms_drill.external.programs import this_platform


def program(version: str) -> str:
    return f"#!/bin/sh\necho toxiproxy-server version {version}\n"


ASSET = "toxiproxy-server-{}-{}".format(*this_platform())
PLATFORM = dict(zip(("os", "arch"), this_platform(), strict=True))


@dataclass
class World:
    """A machine with nothing on it, until a test puts something there."""

    root: Path
    files: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def put(self, name: str, content: str, folder: str = "bin") -> Path:
        path = self.root / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        path.chmod(0o755)
        return path

    def release(self, content: str, *, checksum: str | None = None, asset: str = ASSET) -> None:
        data = content.encode()
        self.files[f"/{asset}"] = data
        total = checksum or hashlib.sha256(data).hexdigest()
        self.files["/checksums.txt"] = f"{'0' * 64}  other\n{total}  {asset}\n".encode()

    def archive(self, member: str, content: str) -> None:
        """Prometheus's release: the executable lies in an archive."""
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w:gz") as files:
            entry = tarfile.TarInfo(member)
            entry.size = len(content.encode())
            files.addfile(entry, io.BytesIO(content.encode()))
        name = PROMTOOL.release.asset.format(**PLATFORM)
        self.files[f"/{name}"] = data.getvalue()
        self.files["/sha256sums.txt"] = f"{hashlib.sha256(data.getvalue()).hexdigest()}  {name}\n".encode()

    def go(self, version: str = "2.12.0") -> None:
        self.put(
            "go",
            "#!/bin/sh\n"
            f'echo "$@" >> {self.root}/go.calls\n'
            f"printf '#!/bin/sh\\necho version {version}\\n' > \"$GOBIN/server\"\n"
            'chmod +x "$GOBIN/server"\n',
        )

    @property
    def builds(self) -> list[str]:
        calls = self.root / "go.calls"
        return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.fetched.append(self.path)
            content = made.files.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.delenv("TOXIPROXY_BIN", raising=False)
    monkeypatch.delenv("PROMTOOL_BIN", raising=False)
    monkeypatch.setenv("PMS_DRILL_CACHE", str(made.cache))
    monkeypatch.setattr("shutil.which", lambda name: str(p) if (p := tmp_path / "bin" / name).exists() else None)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        for variable in ("TOXIPROXY_RELEASE_URL", "PROMETHEUS_RELEASE_URL"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{server.server_port}")
        yield made
        server.shutdown()


def test_variable_wins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = world.put("mine", program("2.13.0"), "elsewhere")
    world.put("toxiproxy-server", program("2.12.0"))
    monkeypatch.setenv("TOXIPROXY_BIN", str(mine))
    assert find(TOXIPROXY) == mine


def test_variable_may_name_a_build_without_a_version(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = world.put("mine", program("git"), "elsewhere")
    monkeypatch.setenv("TOXIPROXY_BIN", str(mine))
    assert find(TOXIPROXY) == mine


@pytest.mark.parametrize("version", ["2.11.9", "3.0.0", "1.2.1"])
def test_variable_with_another_version_is_an_error_and_not_passed_over(
    world: World, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("TOXIPROXY_BIN", str(world.put("mine", program(version), "elsewhere")))
    world.put("toxiproxy-server", program("2.12.0"))
    with pytest.raises(DrillError, match=rf"version {version}"):
        find(TOXIPROXY)


def test_variable_that_names_nothing_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOXIPROXY_BIN", str(world.root / "nothing"))
    with pytest.raises(DrillError, match="correct or unset TOXIPROXY_BIN"):
        find(TOXIPROXY)


def test_fitting_program_on_the_path_is_taken(world: World) -> None:
    there = world.put("toxiproxy-server", program("2.12.3"))
    assert find(TOXIPROXY) == there
    assert world.fetched == []


def test_old_program_on_the_path_is_passed_over(world: World) -> None:
    world.put("toxiproxy-server", program("2.1.4"))
    world.release(program("2.12.0"))
    assert world.cache in find(TOXIPROXY).parents


def test_release_is_checked_and_kept(world: World) -> None:
    world.release(program("2.12.0"))
    found = find(TOXIPROXY)
    assert found.read_text() == program("2.12.0")
    world.fetched.clear()
    assert find(TOXIPROXY) == found
    assert world.fetched == []
    assert [path.name for path in found.parent.iterdir() if path.name.startswith(".new")] == []


def test_wrong_sum_is_not_run_and_go_builds_instead(world: World) -> None:
    marker = world.root / "was-run"
    world.release(f"#!/bin/sh\ntouch {marker}\necho version 2.12.0\n", checksum="f" * 64)
    world.go()
    found = find(TOXIPROXY)
    assert not marker.exists()
    assert found.read_text() == "#!/bin/sh\necho version 2.12.0\n"


def test_release_without_this_platform_falls_through(world: World) -> None:
    world.release(program("2.12.0"), asset="toxiproxy-server-plan9-mips")
    world.go()
    find(TOXIPROXY)
    assert len(world.builds) == 1


def test_go_is_given_the_pinned_module_and_the_version_to_report(world: World) -> None:
    world.go()
    find(TOXIPROXY)
    assert "github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0" in world.builds[0]
    assert "-X github.com/Shopify/toxiproxy/v2.Version=2.12.0" in world.builds[0]


def test_built_program_that_reports_another_version_is_not_kept(world: World) -> None:
    world.go(version="2.9.0")
    with pytest.raises(DrillError, match=r"go install: .* is version 2\.9\.0"):
        find(TOXIPROXY)


def test_no_way_names_every_way(world: World) -> None:
    world.put("toxiproxy-server", program("2.1.4"))
    with pytest.raises(DrillError) as caught:
        find(TOXIPROXY)
    for way in ("TOXIPROXY_BIN: not set", "PATH:", "2.1.4", "cache:", "release:", "go install: no go"):
        assert way in str(caught.value)


def test_unreachable_release_server_falls_through_soon(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOXIPROXY_RELEASE_URL", "http://127.0.0.1:9")
    world.go()
    assert find(TOXIPROXY).exists()


def test_parallel_set_ups_get_it_once(world: World) -> None:
    world.go()
    with ThreadPoolExecutor(6) as pool:
        paths = set(pool.map(lambda _: find(TOXIPROXY), range(6)))
    assert len(paths) == 1
    assert len(world.builds) == 1


def test_damaged_cache_is_replaced(world: World) -> None:
    world.release(program("2.12.0"))
    found = find(TOXIPROXY)
    found.write_text("#!/bin/sh\nexit 1\n")
    assert find(TOXIPROXY).read_text() == program("2.12.0")


def test_cache_that_cannot_be_written_is_an_error_to_act_on(world: World) -> None:
    world.cache.write_text("a file")
    with pytest.raises(DrillError, match="PMS_DRILL_CACHE"):
        find(TOXIPROXY)


def test_executable_in_an_archive_is_taken_out_and_nothing_else_is(world: World) -> None:
    world.archive(PROMTOOL.release.member.format(**PLATFORM), program("2.42.0"))
    found = find(PROMTOOL)
    assert found.read_text() == program("2.42.0")
    assert world.cache in found.parents
    assert [path.name for path in found.parent.iterdir() if path.name != ".lock"] == ["promtool"]


def test_archive_without_the_executable_is_an_error_and_go_is_not_asked(world: World) -> None:
    world.archive("elsewhere/promtool", program("2.42.0"))
    world.go()
    with pytest.raises(DrillError) as caught:
        find(PROMTOOL)
    assert "release: prometheus-2.42.0" in str(caught.value)
    assert "go install: promtool cannot be built this way" in str(caught.value)
    assert world.builds == []


def test_a_look_for_what_is_here_gets_nothing(world: World) -> None:
    world.archive(PROMTOOL.release.member.format(**PLATFORM), program("2.42.0"))
    assert present(PROMTOOL) is None
    assert world.fetched == []
    got = find(PROMTOOL)
    assert present(PROMTOOL) == got


def test_command_prints_the_path_or_ends_with_2(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["toxiproxy"]) == 2
    assert "could not be got" in capsys.readouterr().err
    there = world.put("toxiproxy-server", program("2.12.0"))
    assert main(["toxiproxy"]) == 0
    assert capsys.readouterr().out == f"{there}\n"


def test_command_runs_as_a_module_and_its_program_reports_the_pinned_version() -> None:
    path = subprocess.run(
        [sys.executable, "-m", "pms_drill.external", "toxiproxy"], capture_output=True, text=True, check=True
    ).stdout.strip()
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    assert "2.12" in said
