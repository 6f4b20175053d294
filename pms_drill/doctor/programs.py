"""Which programs each backend needs, and whether they are there. Nothing is downloaded, started or changed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pms_drill.errors import DrillError
from pms_drill.external import PROMTOOL, TOXIPROXY, Program
from pms_drill.external.finder import cache_folder
from pms_drill.stack import compose_images
from pms_drill.stack.agent_program import REPO
from pms_drill.stack.backends import CHECKS
from pms_drill.stack.look import Found, State
from pms_drill.stack.mariadb import find_database
from pms_drill.stack.native import TREE_VARIABLE
from pms_drill.stack.php import find_php
from pms_drill.stack.qloapps_tree import look

_PATIENCE_S = 10.0


def programs(stack: str) -> Iterator[Found]:
    """What is there for the backend, one row each; what is missing is only in the way of that backend.

    Args:
        stack: embedded, native, compose or external.
    """
    if stack in ("embedded", "native"):
        yield _program("Toxiproxy", TOXIPROXY, "make setup gets it")
    if stack == "native":
        yield _row("PHP", _php)
        yield _row("database server", _database)
        yield _row("QloApps", _tree)
    if stack == "compose":
        yield _row("Docker", _docker)
        yield _compose_tool()
        told = ", ".join(compose_images.sources(compose_images.choices(REPO, os.environ)))
        yield Found("images", State.OK, f"{told}; what is not here is pulled at the first start")
    if stack != "external":
        yield _program("promtool", PROMTOOL, "BRK-56 is skipped without it: make promtool gets it")


def _row(what: str, look_for: Callable[[], str]) -> Found:
    """What the stack's own search says, so that the doctor and a run never disagree."""
    try:
        return Found(what, State.OK, look_for())
    except DrillError as error:
        return Found(what, State.MISSING, f"{error.what} ({error.where})" if error.where else error.what, error.todo)


def _php() -> str:
    php = find_php()
    return f"{php.version} with the extensions that QloApps needs ({php.binary})"


def _database() -> str:
    server = find_database()
    return f"{server.name} {server.version} ({server.binary})"


def _tree() -> str:
    given = os.environ.get(TREE_VARIABLE, "")
    if not given:
        raise DrillError(
            f"{TREE_VARIABLE} is not set", todo="make qloapps gets a QloApps, or set it to an unpacked one"
        )
    tree = look(Path(given).expanduser())
    return f"{tree.version}, {'with' if tree.installer else 'without'} its installer ({tree.path})"


def _docker() -> str:
    CHECKS["compose"]()
    return "its engine answers"


def _program(what: str, program: Program, todo: str) -> Found:
    given = os.environ.get(program.variable, "")
    places = [given or None, shutil.which(program.executable)]
    places += [str(path) for path in sorted(cache_folder().glob(f"{program.name}-*/{program.executable}"))]
    found = next((place for place in places if place and os.access(place, os.X_OK)), None)
    if found:
        told = next(iter(_output([found, *program.version_args]).splitlines()), "it tells no version")
        return Found(what, State.OK, f"{told} ({found})")
    return Found(what, State.MISSING, "not here yet", f"{todo}, or set {program.variable}")


def _compose_tool() -> Found:
    told = _output(["docker", "compose", "version"]) or _output(["docker-compose", "--version"])
    if told:
        return Found("compose", State.OK, told.splitlines()[0])
    return Found(
        "compose", State.MISSING, "neither docker compose nor docker-compose", "install docker-compose (Debian)"
    )


def _output(words: Sequence[str]) -> str:
    try:
        done = subprocess.run(list(words), capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
