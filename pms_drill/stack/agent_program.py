"""The agent as a program: started as its profile says, restarted, killed, and never changed."""

from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from pms_drill.errors import DrillError
from pms_drill.evidence import canaries
from pms_drill.faults.scale import grace_s
from pms_drill.faults.toxiproxy_server import stable_port
from pms_drill.profile import Profile
from pms_drill.stack.agent_command import command_for
from pms_drill.stack.log_pipe import LogPipe, log_pipe
from pms_drill.stack.ports import listens
from pms_drill.stack.process import Program

#: The project: what `{repo}` in a profile stands for.
REPO = Path(__file__).resolve().parents[2]


class AgentProgram:
    """Starts the agent of a profile at one address, as often as needed.

    The address stays the same over restarts, and so does the state folder unless a fresh one is asked for.

    Args:
        profile: says how to start it.
        pms_url: base URL of the PMS with the proxies in between.
        pms_key: key of the PMS's web service.
        folder: where state folders are made.
        log: file for the agent's output.
        note: told process id and name of each start, for the lease.
        port: where it listens; 0 for a free one.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        pms_url: str,
        pms_key: str,
        folder: Path,
        log: Path,
        note: Callable[[int, str], None],
        port: int = 0,
    ) -> None:
        self._profile = profile
        self._pms_url = pms_url
        self._pms_key = pms_key
        self._folder = folder
        self._log = log
        self._note = note
        self._program: Program | None = None
        self._port = port
        self._starts = 0
        self._log_begins = 0
        self._pipe: LogPipe | None = None
        self.admin_token = canaries.plant(canaries.ADMIN_TOKEN, secrets.token_urlsafe(24))

    @property
    def url(self) -> str:
        """Base URL, known after the first start."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Process id of the running agent; 0 before the start."""
        return self._program.pid if self._program else 0

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._program is not None and self._program.running

    @property
    def state_dir(self) -> Path:
        """The folder that the agent keeps its state in."""
        return self._folder / f"state-{self._starts}"

    def start(self, *, fresh: bool = True, env: Mapping[str, str] | None = None) -> None:
        """Start the agent and wait until its readiness answers 200.

        Args:
            fresh: with an empty state folder, and with a log that begins here.
            env: laid over the profile's environment for this start.

        Raises:
            DrillError: the port is taken, the program ended (with its last log lines) or was not ready in time.
        """
        if not self._port:
            self._port = stable_port()
        if listens(self._port):
            raise DrillError(
                "the agent's port is taken by another program",
                where=self.url,
                todo="end that program, or run again: the port is drawn anew",
            )
        if fresh or not self._starts:
            self._starts += 1
            self.state_dir.mkdir(parents=True)
            self._log_begins = self._log.stat().st_size if self._log.is_file() else 0
        self._program = self._build(env or {})
        self._program.start()
        try:
            self._note(self._program.pid, "agent")
            self._program.wait_until(
                self._ready,
                within=self._profile.agent.start_timeout,
                todo=f"check [agent] in the profile {self._profile.name}: start, env and endpoints.ready",
            )
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it: SIGTERM, then SIGKILL when it has had its time."""
        if self._program is not None:
            self._program.stop(grace_s(self._profile.pms.timeout))

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._program is not None:
            self._program.kill()

    def log(self) -> str:
        """What the agent has written since its last fresh start, to its output and to its log file."""
        try:
            with self._log.open("rb") as file:
                file.seek(self._log_begins)
                return file.read().decode(errors="replace")
        except OSError:
            return ""

    def log_file(self) -> str:
        """What the agent has written to `{log_file}`; empty if it has none."""
        try:
            return (self.state_dir / "agent.log").read_text(errors="replace")
        except OSError:
            return ""

    @contextmanager
    def log_reader(self, folder: Path) -> Iterator[LogPipe]:
        """Let what is started from now on write to a pipe whose reader can be taken away, as long as this lasts.

        Args:
            folder: where the pipe is made.

        Raises:
            DrillError: the reader did not start.
        """
        with log_pipe(folder, self._log, self._note) as pipe:
            self._pipe = pipe
            try:
                yield pipe
            finally:
                self._pipe = None

    def forget(self) -> None:
        """Remove the state folders of earlier fresh starts."""
        for folder in self._folder.glob("state-*"):
            if folder != self.state_dir:
                shutil.rmtree(folder, ignore_errors=True)

    def _ready(self) -> bool:
        try:
            answer = httpx.get(f"{self.url}{self._profile.endpoints.ready}", timeout=1.0, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    def _build(self, env: Mapping[str, str]) -> Program:
        command = command_for(
            self._profile,
            {
                "python": sys.executable,
                "host": "127.0.0.1",
                "port": str(self._port),
                "pms_url": self._pms_url,
                "pms_key": self._pms_key,
                "admin_token": self.admin_token,
                "state_dir": str(self.state_dir),
                "timezone": self._profile.pms.timezone,
                "log_file": str(self.state_dir / "agent.log"),
                "repo": str(REPO),
            },
            env,
        )
        return Program(
            "agent",
            command.words,
            env=command.env,
            cwd=Path(command.workdir),
            log=self._log,
            output=self._pipe.output if self._pipe else None,
        )
