"""Which stack runs what is under test, by its name on the command line."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx

from pms_drill.errors import DrillError
from pms_drill.lease import Lease
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack
from pms_drill.stack.compose import check_compose, compose_stack
from pms_drill.stack.embedded import embedded_stack

_NOT_YET = "use --pms-stack embedded; this version does not have the others"


def check(stack: str, agent_url: str) -> None:
    """Look before anything starts whether the stack has what it needs.

    Raises:
        DrillError: something is missing; the message says what and what to do.
    """
    needed = {"native": _native, "compose": check_compose}
    if stack in needed:
        needed[stack]()
    if stack == "external":
        _external(agent_url)
    elif agent_url:
        raise DrillError(
            "--agent-url names an agent that runs already, and the stack starts one of its own",
            where=f"--pms-stack {stack} --agent-url {agent_url}",
            todo="leave one of the two out, or use --pms-stack external",
        )
    if stack not in ("embedded", "compose"):
        raise DrillError(f"the stack {stack} is not in this version", where=f"--pms-stack {stack}", todo=_NOT_YET)


def open_stack(
    name: str, profile: Profile, run_dir: Path, *, label: str, lease: Lease, seed: int, **settings: Any
) -> AbstractContextManager[Stack]:
    """The stack, not started yet; entering it starts it.

    Args:
        settings: of the backend (`latency`, `rooms_per_type`).

    Raises:
        DrillError: there is no such stack, or it lacks what it needs.
    """
    check(name, "")
    if name == "compose":
        return compose_stack(profile, run_dir, label=label, lease=lease, seed=seed, **settings)
    return embedded_stack(profile, run_dir, label=label, lease=lease, seed=seed, **settings)


def _native() -> None:
    tree = os.environ.get("QLOAPPS_DIR", "")
    if not tree:
        raise DrillError(
            "the stack native needs a QloApps source tree",
            where="QLOAPPS_DIR is not set",
            todo="set QLOAPPS_DIR to an unpacked QloApps 1.6.1 or 1.7.0",
        )
    if not (Path(tree) / "webservice" / "dispatcher.php").is_file():
        raise DrillError(
            "QLOAPPS_DIR names no QloApps source tree",
            where=f"{tree} has no webservice/dispatcher.php",
            todo="unpack a QloApps release and give its folder",
        )


def _external(agent_url: str) -> None:
    if not agent_url:
        raise DrillError("the stack external needs an agent", where="--agent-url is not given", todo="give its address")
    try:
        httpx.get(agent_url, timeout=5.0, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DrillError(
            f"the agent cannot be reached: {type(error).__name__}: {error}",
            where=agent_url,
            todo="start it, or correct --agent-url",
        ) from error
