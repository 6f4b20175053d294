"""`pms-drill up` and `down`: a stack that is held until Ctrl-C, or until another terminal ends it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from pydantic import ValidationError
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill import healing
from pms_drill import lease as leases
from pms_drill import profile as profiles
from pms_drill.errors import DrillError
from pms_drill.files import PRIVATE
from pms_drill.lease import Lease, Process
from pms_drill.stack import backends
from pms_drill.stack.base import Stack
from pms_drill.stack.compose import ComposeStack
from pms_drill.target import Target

#: Seconds that a held stack gets to stop its programs.
_END_LIMIT_S = 20.0


def up(stack: str, profile: str, run_dir: Path, say: Callable[[str], None], *, runbook: bool = False) -> None:
    """Start a stack, say where everything is, and hold it until a signal comes.

    Args:
        runbook: with the container names and ports of the runbook; for the stack compose only.
        run_dir: gets logs, ledger and journal; what an earlier stack left there is removed.

    Raises:
        DrillError: a stack is held already, or this one does not start.
    """
    if runbook and stack != "compose":
        raise DrillError(
            "only containers have the runbook's names",
            where=f"--pms-stack {stack}",
            todo="--pms-stack compose --runbook",
        )
    agent = profiles.load(profile)
    backends.check(stack, Target(), agent)
    settings: dict[str, Any] = {"runbook": True} if runbook else {}
    healing.heal()
    with (
        until_a_signal() as ended,
        only_one("pms-drill up"),
        _empty(run_dir),
        Lease() as lease,
        backends.open_stack(stack, agent, run_dir, label="up", lease=lease, seed=1, **settings) as running,
    ):
        say("\n".join(running.for_people()) if isinstance(running, ComposeStack) and runbook else _told(running))
        ended.wait()
        say("stopping")


def down(say: Callable[[str], None]) -> int:
    """End the stack that `up` holds, and clean what is left of one that was killed. Exit code 0, or 2."""
    holder = _holder()
    if holder is not None:
        holder.terminate()
        if not _gone():
            holder.kill()
            _gone()
        say(f"ended the stack that process {holder.pid} held")
    return healing.heal_command(say)


def _gone() -> bool:
    """Wait for the holder's end. A dead entry that its parent has not fetched is an end, too."""
    try:
        Retrying(stop=stop_after_delay(_END_LIMIT_S), wait=wait_fixed(0.1), retry=retry_if_result(bool))(_holder)
    except RetryError:
        return False
    return True


def _told(stack: Stack) -> str:
    at = stack.addresses
    paths = stack.profile.endpoints
    return "\n".join(
        [
            f"agent    {at.agent}",
            f"metrics  {at.agent}{paths.metrics}",
            f"PMS      {at.pms}   (directly; the agent uses {at.upstream}, which crosses the proxies)",
            f"logs     {stack.run_dir / 'logs'}",
            "Ctrl-C ends it, or `pms-drill down` in another terminal.",
        ]
    )


def _note() -> Path:
    return leases.state_folder().with_name("held.json")


def _holder() -> psutil.Process | None:
    """The process that holds a stack now; ids are used again, so its time of creation is compared."""
    try:
        return Process.model_validate_json(_note().read_text(encoding="utf-8")).running()
    except (OSError, ValidationError, json.JSONDecodeError):
        return None


@contextmanager
def only_one(who: str) -> Iterator[None]:
    """Note that this process holds a stack, for `down` and for other terminals.

    Args:
        who: the command.

    Raises:
        DrillError: another one does.
    """
    if (holder := _holder()) is not None:
        raise DrillError(
            "a stack is held already", where=f"process {holder.pid}", todo="end it with Ctrl-C or `pms-drill down`"
        )
    note = _note()
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(Process.of(os.getpid(), who).model_dump_json(), encoding="utf-8")
        yield
    finally:
        note.unlink(missing_ok=True)


@contextmanager
def _empty(run_dir: Path) -> Iterator[None]:
    shutil.rmtree(run_dir, ignore_errors=True)
    run_dir.mkdir(mode=PRIVATE, parents=True)
    (run_dir / "logs").mkdir()
    yield


@contextmanager
def until_a_signal() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and SIGHUP set, also while the stack still starts."""
    ended = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in numbers}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
