"""The agent in a container: started as its profile says, restarted, killed, and never changed."""

from __future__ import annotations

import math
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx

from pms_drill.errors import DrillError
from pms_drill.evidence import canaries
from pms_drill.faults.controls import LogReader
from pms_drill.faults.faketime import TEST_STEP_S, SteppableClock, is_step
from pms_drill.faults.scale import grace_s
from pms_drill.faults.toxiproxy_server import stable_port
from pms_drill.profile import Profile
from pms_drill.stack.agent_command import command_for
from pms_drill.stack.compose_project import Project
from pms_drill.stack.engine import engine_errors

SERVICE = "agente-api"
#: Inside the container.
_PORT = 8000
_FOLDER = "/app"
_CLOCK = "clock"
#: As the package `libfaketime` of PyPI and that of Debian and Ubuntu call it.
_LIBFAKETIME = ("libfaketimeMT.so.1", "libfaketime.so.1")


class AgentContainer:
    """Starts the agent of a profile at one address, as often as needed; the same calls as `AgentProgram`.

    Names of the profile's `dotenv` reach it by `.env` in its folder only, the rest by its environment.

    Args:
        project: the containers.
        profile: says how to start it; `{python}` and `{repo}` are those of our image.
        pms_url: base URL of the PMS with the proxies in between, as containers know it.
        pms_key: key of the PMS's web service.
        folder: the agent's folder, which the container has as its own.
        log: file that keeps what removed containers said.
    """

    def __init__(
        self, project: Project, profile: Profile, *, pms_url: str, pms_key: str, folder: Path, log: Path
    ) -> None:
        self._project = project
        self._profile = profile
        self._pms_url = pms_url
        self._given_url = pms_url
        self._pms_key = pms_key
        self._folder = folder
        self._log = log
        self._port = stable_port()
        # No kept connections: each question is to find out whether a new one is answered.
        self._http = httpx.Client(timeout=1.0, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
        self._env: dict[str, str] | None = None
        self._base_env: dict[str, str] = {}
        self._kept = ""
        self._since = 0.0
        self._lent: dict[str, bytes] = {}
        self.admin_token = canaries.plant(canaries.ADMIN_TOKEN, secrets.token_urlsafe(24))

    @property
    def url(self) -> str:
        """Base URL."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def upstream(self) -> str:
        """Base URL of the PMS that the agent was given last."""
        return self._given_url

    def start(self, *, fresh: bool = True, env: Mapping[str, str] | None = None, upstream: str | None = None) -> None:
        """Start the agent and wait until its readiness answers 200.

        Args:
            fresh: with an empty folder, and with a log that begins here.
            env: laid over the profile's environment for this start.
            upstream: another base URL of the PMS for this start.

        Raises:
            DrillError: the container ended (with its last log lines) or was not ready in time.
        """
        self._given_url = upstream or self._pms_url
        words, wanted, dotenv = self._settings(env or {})
        if fresh:
            self._empty()
            self._kept, self._since = "", time.time()
        for name, content in self._lent.items():
            (self._folder / name).write_bytes(content)
        (self._folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in dotenv.items()), "utf-8")
        if self._env is None:
            self._create(words, wanted)
        else:
            if wanted != self._env:
                self._keep_log()
                self._project.recreate(SERVICE, {**self._base_env, **wanted})
            with engine_errors("start the agent"):
                self._project.container(SERVICE).start()
        self._env = wanted
        self._project.wait_until(
            SERVICE,
            self._ready,
            within=self._profile.agent.start_timeout,
            todo=f"check [agent] in the profile {self._profile.name}: start, env and endpoints.ready",
        )

    def stop(self) -> None:
        """End it: SIGTERM, then SIGKILL."""
        if self._env is not None:
            with engine_errors("stop the agent"):
                self._project.container(SERVICE).stop(timeout=math.ceil(grace_s(self._profile.pms.timeout)))

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._env is not None:
            with engine_errors("kill the agent"):
                container = self._project.container(SERVICE)
                if container.attrs["State"]["Running"]:
                    container.kill()
                    container.wait(timeout=10)

    def log(self) -> str:
        """What the agent has written since its last fresh start."""
        return self._kept + self._said()

    def log_file(self) -> str:
        """What the agent has written to `{log_file}`; empty if it has none."""
        try:
            return (self._folder / "agent.log").read_text(errors="replace")
        except OSError:
            return ""

    def lend(self, file: Path) -> str:
        """Have a copy of a file in its folder at each further start; gives the path that it sees."""
        self._lent[file.name] = file.read_bytes()
        return f"{_FOLDER}/{file.name}"

    def clock(self) -> SteppableClock | None:
        """A wall clock that can be stepped, by the libfaketime that the image has; None where none works there.

        The agent must be running. What is tried is the image's own `date`.
        """
        named = " -o ".join(f"-name '{name}'" for name in _LIBFAKETIME)
        found = self._inside("sh", "-c", f"find / -xdev \\( {named} \\) 2>/dev/null; true").split()
        for library in sorted(found, key=lambda path: Path(path).name, reverse=True):  # for threads first
            self._lent[_CLOCK] = b"+0\n"
            clock = SteppableClock(self._folder / _CLOCK, library, f"{_FOLDER}/{_CLOCK}")
            clock.step(TEST_STEP_S)
            told = self._inside("date", "+%s", env=clock.env)
            clock.step(0.0)
            if told.isdecimal() and is_step(int(told) - time.time()):
                return clock
        return None

    def log_reader(self, folder: Path) -> AbstractContextManager[LogReader]:  # noqa: ARG002
        """None: the engine reads the output of all containers, and is not ours to take away."""
        raise DrillError("the output of a container is read by its engine", where=self.url)

    def forget(self) -> None:
        """Nothing to do: a fresh start empties the one folder."""

    def _inside(self, *words: str, env: Mapping[str, str] | None = None) -> str:
        """What a command in the container writes to its output, stripped; empty if it fails."""
        with engine_errors("run a command in the agent's container"):
            code, told = self._project.container(SERVICE).exec_run(list(words), environment=dict(env or {}))
        return told.decode(errors="replace").strip() if code == 0 and isinstance(told, bytes) else ""

    def _settings(self, over: Mapping[str, str]) -> tuple[list[str], dict[str, str], dict[str, str]]:
        """Words, environment, and what goes to `.env`."""
        places = {
            "python": "python3",
            "host": "0.0.0.0",  # noqa: S104 -- the container's; the port is published on loopback
            "port": str(_PORT),
            "pms_url": self._given_url,
            "pms_key": self._pms_key,
            "admin_token": self.admin_token,
            "state_dir": _FOLDER,
            "timezone": self._profile.pms.timezone,
            "log_file": f"{_FOLDER}/agent.log",
            "repo": "/opt/pms-drill",
        }
        command = command_for(self._profile, places, over)
        dotenv = {name: value for name, value in command.env.items() if name in self._profile.agent.dotenv}
        return command.words, {name: value for name, value in command.env.items() if name not in dotenv}, dotenv

    def _create(self, words: list[str], env: Mapping[str, str]) -> None:
        """The first start, by compose, on the port that stays."""
        service: dict[str, Any] = {"command": words, "environment": dict(env), "working_dir": _FOLDER}
        self._project.define(
            {
                "PMS_DRILL_AGENT_PORT": str(self._port),
                "PMS_DRILL_AGENT_DIR": str(self._folder),
                # What it writes belongs to the user who runs us, who must be able to remove it.
                "PMS_DRILL_USER": f"{os.getuid()}:{os.getgid()}",
            },
            {SERVICE: service},
        )
        self._env = {}  # from here on there may be a container
        self._project.up(SERVICE, "prometheus")
        # What image and compose file set besides; a container that is made again needs it too.
        entries = (entry.partition("=") for entry in self._project.container(SERVICE).attrs["Config"]["Env"])
        self._base_env = {name: value for name, _, value in entries if name not in env}

    def _empty(self) -> None:
        for entry in self._folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def _keep_log(self) -> None:
        said = self._said()
        self._kept += said
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("a", encoding="utf-8") as sink:
            sink.write(said)

    def _said(self) -> str:
        with engine_errors("give the log of the agent"):
            said: bytes = self._project.container(SERVICE).logs(since=self._since)
        return said.decode(errors="replace")

    def _ready(self) -> bool:
        try:
            answer = self._http.get(f"{self.url}{self._profile.endpoints.ready}")
        except httpx.HTTPError:
            return False
        return answer.status_code == 200
