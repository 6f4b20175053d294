"""PHP: is it there with all it needs, and its own web server as a program with several workers."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import psutil
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill.errors import DrillError
from pms_drill.faults.toxiproxy_server import stable_port
from pms_drill.stack.ports import listens
from pms_drill.stack.process import Program

#: Extension (as `php -m` names it) -> the Debian package that brings it, without the version.
_EXTENSIONS = {
    "pdo_mysql": "mysql",
    "mysqli": "mysql",
    "gd": "gd",
    "curl": "curl",
    "intl": "intl",
    "soap": "soap",
    "SimpleXML": "xml",
    "dom": "xml",
    "zip": "zip",
    "mbstring": "mbstring",
    "openssl": "cli",
    "json": "cli",
}
#: QloApps 1.6.1 and 1.7.0 were tried with 8.2 only; their code asks for 8.1 or newer.
_OLDEST = (8, 1)
_ASK_LIMIT_S = 20.0
_START_LIMIT_S = 20.0
#: As in PHP's production settings; QloApps' answers depend on it (a warning makes a 500 of a booking that was stored).
SETTINGS = (
    "display_errors=Off",
    "log_errors=On",
    "error_reporting=22527",  # E_ALL without E_DEPRECATED and E_STRICT
    "memory_limit=128M",
    "max_execution_time=0",
    "opcache.enable_cli=1",
    "date.timezone=UTC",
    "sendmail_path=true",
    "allow_url_fopen=On",
)
ROUTER = Path(__file__).with_name("qloapps_router.php")


class Php:
    """A PHP that has what QloApps needs.

    Attributes:
        binary: the program.
        version: such as "8.2.36".
    """

    def __init__(self, binary: Path, version: str) -> None:
        self.binary = binary
        self.version = version

    def words(self, *arguments: str) -> list[str]:
        """A command line with the settings that QloApps runs with."""
        settings = [word for setting in SETTINGS for word in ("-d", setting)]
        return [str(self.binary), *settings, *arguments]


def find_php() -> Php:
    """The PHP of the PATH.

    Raises:
        DrillError: none, too old, or an extension is missing; the message names the Debian package.
    """
    found = shutil.which("php")
    if found is None:
        raise DrillError(
            "the stack native needs PHP on the command line",
            where="no php on the PATH",
            todo=f"apt-get install php-cli {' '.join(_packages('php', _EXTENSIONS))}",
        )
    version = _ask(found, "-r", "echo PHP_VERSION;")
    number = re.match(r"(\d+)\.(\d+)", version)
    if number is None or (int(number[1]), int(number[2])) < _OLDEST:
        raise DrillError(
            f"PHP {version} is too old for QloApps",
            where=found,
            todo=f"install PHP {_OLDEST[0]}.{_OLDEST[1]} or newer (Debian: php-cli)",
        )
    loaded = {line.strip().lower() for line in _ask(found, "-m").splitlines()}
    missing = [name for name in _EXTENSIONS if name.lower() not in loaded]
    if missing:
        packages = _packages(f"php{number[1]}.{number[2]}", missing)
        raise DrillError(
            f"PHP lacks extensions that QloApps needs: {', '.join(missing)}",
            where=f"{found} -m",
            todo=f"apt-get install {' '.join(packages)}",
        )
    return Php(Path(found), version)


def _packages(prefix: str, extensions: Sequence[str] | dict[str, str]) -> list[str]:
    return sorted({f"{prefix}-{_EXTENSIONS[name]}" for name in extensions})


def _ask(php: str, *arguments: str) -> str:
    try:
        done = subprocess.run(
            [php, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_ASK_LIMIT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise DrillError(
            "PHP does not run", where=" ".join([php, *arguments]), todo="mend it", detail=str(error)
        ) from error
    return done.stdout.strip()


class PhpServer:
    """PHP's own web server in front of a QloApps tree; always at the same port.

    Args:
        php: the program.
        root: the tree that it serves.
        domain: the shop's domain. Requests to a loopback address are taken for it (see the router).
        workers: requests at a time.
        log: file for its output.
    """

    def __init__(self, php: Php, root: Path, *, domain: str, workers: int, log: Path) -> None:
        self._php = php
        self._root = root
        self._env = {"PHP_CLI_SERVER_WORKERS": str(workers), "PMS_DRILL_DOMAIN": domain}
        self._log = log
        self._port = stable_port()
        self._program: Program | None = None
        self._count = workers
        self._workers: list[psutil.Process] = []

    @property
    def address(self) -> str:
        """ "127.0.0.1:<port>"; the same after a restart."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Process id of the first process; 0 before the start."""
        return self._program.pid if self._program else 0

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._program is not None and self._program.running

    @property
    def exit_code(self) -> int | None:
        """Of its first process, once it has ended; negative for a signal."""
        return self._program.exit_code if self._program else None

    def start(self, note_child: Callable[[int, str], None]) -> None:
        """Start it and wait until it answers something.

        Args:
            note_child: told process id and name, for the lease.

        Raises:
            DrillError: it ended (its last log lines are told) or did not answer in time.
        """
        self._end_left_workers()
        self._wait_for_the_port()
        words = self._php.words("-q", "-q", "-S", self.address, "-t", str(self._root), str(ROUTER))
        self._program = Program("PHP server", words, env=self._env, cwd=self._root, log=self._log)
        self._program.start()
        note_child(self._program.pid, "PHP server")
        self._program.wait_until(
            self._is_complete, within=_START_LIMIT_S, todo="read the log; the port may be taken, or PHP lacks something"
        )
        for worker in self._workers:
            note_child(worker.pid, "PHP worker")
        self._program.wait_until(
            self._answers, within=_START_LIMIT_S, todo="read the log; the port may be taken, or PHP lacks something"
        )

    def stop(self) -> None:
        """End it with its workers."""
        if self._program is not None:
            self._program.stop(grace=1.0)
        self._end_left_workers()

    def kill(self) -> None:
        """End it with its workers at once, whatever they are doing."""
        if self._program is not None:
            self._program.kill()
        self._end_left_workers()

    def _is_complete(self) -> bool:
        """Whether every worker has been forked. They outlive their parent, so each one is noted."""
        with contextlib.suppress(psutil.Error):
            self._workers = psutil.Process(self.pid).children()
        return len(self._workers) >= self._count

    def _end_left_workers(self) -> None:
        """Workers go on when the first process alone was killed; they would hold the port and answer with old code."""
        for worker in self._workers:
            with contextlib.suppress(psutil.Error):
                worker.kill()  # psutil compares the time of creation, so no stranger is hit
        psutil.wait_procs(self._workers, timeout=3)
        self._workers = []

    def _wait_for_the_port(self) -> None:
        polling = Retrying(
            stop=stop_after_delay(_START_LIMIT_S), wait=wait_fixed(0.02), retry=retry_if_result(lambda taken: taken)
        )
        try:
            polling(listens, self._port)
        except RetryError:
            raise DrillError(
                "the port of the PHP server is taken by another program",
                where=self.address,
                todo="end that program, or run again: the port is drawn anew",
            ) from None

    def _answers(self) -> bool:
        try:
            httpx.get(f"http://{self.address}/__ready__", timeout=2.0, trust_env=False)
        except httpx.HTTPError:
            return False
        return True
