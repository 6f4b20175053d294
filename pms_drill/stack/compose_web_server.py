"""QloApps' web server in a container, with the calls of `PhpServer`, and what is changed inside it."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable

import httpx

from pms_drill.errors import DrillError
from pms_drill.faults.toxiproxy_server import stable_port
from pms_drill.stack.compose_project import Project
from pms_drill.stack.engine import engine_errors
from pms_drill.stack.php import PhpServer

SERVICE = "qloapps"
ROOT = "/var/www/html"
#: It copies the tree first.
_START_LIMIT_S = 60.0
_WWW_DATA = 33


class ContainerWebServer(PhpServer):
    """The project's service `qloapps`; kill and start are the engine's.

    Args:
        project: its containers.
    """

    def __init__(self, project: Project) -> None:  # no program of ours to set up
        self._project = project
        self._published = stable_port()

    @property
    def port(self) -> int:
        """On loopback."""
        return self._published

    @property
    def address(self) -> str:
        """Published on loopback; the same after a restart."""
        return f"127.0.0.1:{self._published}"

    @property
    def pid(self) -> int:
        """Of its first process on the engine's machine; 0 while it does not run."""
        return int(self._project.container(SERVICE).attrs["State"].get("Pid", 0))

    @property
    def running(self) -> bool:
        """Whether the container runs."""
        return bool(self._project.container(SERVICE).attrs["State"].get("Running"))

    def start(self, note_child: Callable[[int, str], None]) -> None:  # noqa: ARG002 -- the engine's, not ours
        """Start the container unless it runs, and wait until it answers something.

        Raises:
            DrillError: it ended (its last log lines are told) or did not answer in time.
        """
        if not self.running:
            with engine_errors("start QloApps"):
                self._project.container(SERVICE).start()
        self._project.wait_until(SERVICE, self._answers, within=_START_LIMIT_S, todo="see what it said")

    def stop(self) -> None:
        """End it with its workers."""
        with engine_errors("stop QloApps"):
            self._project.container(SERVICE).stop(timeout=1)

    def kill(self) -> None:
        """End it with its workers at once, whatever they are doing."""
        if self.running:
            with engine_errors("kill QloApps"):
                container = self._project.container(SERVICE)
                container.kill()
                container.wait(timeout=10)

    def run(self, *words: str, folder: str = ROOT) -> str:
        """Run a command inside as the web server's user; returns what it wrote.

        Raises:
            DrillError: it failed; with its last lines.
        """
        with engine_errors(f"run {words[0]} in {SERVICE}"):
            code, told = self._project.container(SERVICE).exec_run(list(words), user="www-data", workdir=folder)
        text = told.decode(errors="replace") if isinstance(told, bytes) else ""
        if code:
            raise DrillError(
                f"a command in the container {SERVICE} failed with exit code {code}",
                where=" ".join(words)[:200],
                detail="\n".join(text.strip().splitlines()[-15:]),
            )
        return text

    def read(self, path: str) -> str:
        """The text of a file of the tree."""
        return self.run("cat", f"{ROOT}/{path}")

    def write(self, path: str, text: str) -> None:
        """Replace a file of the tree."""
        packed, content = io.BytesIO(), text.encode()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            entry = tarfile.TarInfo(path)
            entry.size, entry.uid, entry.gid, entry.mode = len(content), _WWW_DATA, _WWW_DATA, 0o640
            archive.addfile(entry, io.BytesIO(content))
        with engine_errors(f"write {path} in {SERVICE}"):
            self._project.container(SERVICE).put_archive(ROOT, packed.getvalue())

    def _answers(self) -> bool:
        try:
            httpx.get(f"http://{self.address}/robots.txt", timeout=2.0, trust_env=False)
        except httpx.HTTPError:
            return False
        return True
