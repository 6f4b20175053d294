"""Calls compose: the plug-in of docker (v2) where it is, otherwise docker-compose 1.29."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence

from pms_drill.errors import DrillError

#: Another command, for example "podman compose".
VARIABLE = "PMS_DRILL_COMPOSE"
_OLDEST = (1, 29)
_LIMIT_S = 180


@functools.cache
def command() -> tuple[str, ...]:
    """The words that compose starts with.

    Raises:
        DrillError: there is none, or it is too old.
    """
    given = os.environ.get(VARIABLE, "").split()
    for words in [given] if given else [["docker", "compose"], ["docker-compose"]]:
        told = _version(words)
        if told is not None:
            if told < _OLDEST:
                raise DrillError(
                    f"{' '.join(words)} is too old: {'.'.join(map(str, told))}",
                    todo="install docker compose v2, or docker-compose 1.29",
                )
            return tuple(words)
    raise DrillError(
        "there is no compose",
        where=" ".join(given) or "neither `docker compose` nor `docker-compose` answers",
        todo=f"install docker compose v2 or docker-compose 1.29, or set {VARIABLE} to the command",
    )


def _version(words: Sequence[str]) -> tuple[int, ...] | None:
    """What `version --short` says, as numbers; None if it is no compose."""
    if not words or shutil.which(words[0]) is None:
        return None
    try:
        done = subprocess.run([*words, "version", "--short"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    numbers = done.stdout.strip().lstrip("v").split("-")[0].split(".")
    if done.returncode or not all(number.isdecimal() for number in numbers):
        return None
    return tuple(int(number) for number in numbers)


def call(words: Sequence[str], env: Mapping[str, str], note: Callable[[int, str], None]) -> str:
    """Run compose with these words after the command; returns what it wrote.

    Args:
        env: laid over this process's environment.
        note: told its process id, for the lease.

    Raises:
        DrillError: it failed, or took too long.
    """
    argv = [*command(), *words]
    # A session of its own: Ctrl-C comes to the harness, which then removes what compose made.
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **env},
        text=True,
        start_new_session=True,
    )
    note(process.pid, "compose")
    try:
        told, _ = process.communicate(timeout=_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise DrillError(f"compose did not end within {_LIMIT_S} s", where=" ".join(argv)) from error
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode:
        raise explained(told, " ".join(argv))
    return told


def explained(told: str, where: str) -> DrillError:
    """The error for what compose said when it failed. A pure function, so that each text can be tested."""
    lines = [line for line in told.splitlines() if line.strip() and not line.startswith(("Creating", "Recreating"))]
    detail = "\n".join(lines[-12:])
    if "port is already allocated" in told or "address already in use" in told:
        return DrillError(
            "a port is taken by another program or container",
            where=where,
            todo="end it, or leave the ports to pms-drill; with docker-compose.runbook.yml 8000 and 9090 must be free",
            detail=detail,
        )
    if "is already in use by container" in told:
        return DrillError(
            "a container of that name is there already",
            where=where,
            todo="remove it if it is yours; the names of docker-compose.runbook.yml exist once per machine",
            detail=detail,
        )
    if any(word in told for word in ("pull access denied", "manifest unknown", "No such image", "failed to resolve")):
        return DrillError(
            "an image is not here and cannot be pulled",
            where=where,
            todo="set its *_IMAGE variable (docs/backends.md), or run docker/local-images.sh",
            detail=detail,
        )
    if "all predefined address pools have been fully subnetted" in told or "could not find an available" in told:
        return DrillError(
            "the Docker engine has no free network left",
            where=where,
            todo="pms-drill heal, then docker network ls: each stack needs five networks",
            detail=detail,
        )
    return DrillError("compose failed", where=where, todo="see what it said", detail=detail)
