"""The images of the compose stack: ours are built when they are missing, the others pulled when they are missing.

The tag of an image of ours is a sum over everything that goes into it, so that an old one is never taken.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from pms_drill.errors import DrillError
from pms_drill.lease import state_folder

if TYPE_CHECKING:
    from docker import DockerClient

_LOCAL = "docker/local-images.sh builds all bases from Debian packages, without a registry"
#: Written by docker/local-images.sh on a machine that wants it, ignored by git.
LOCAL_IMAGES = "docker/local-images.env"
#: The variable in that file which names the checkout and the machine that made it.
_MADE_FOR = "PMS_DRILL_LOCAL_IMAGES_OF"
_BUILD_LIMIT_S = 1800


@dataclass(frozen=True)
class Built:
    """An image of ours.

    Attributes:
        name: without the tag.
        dockerfile, parts: what it is made of, in the project.
        base_variable, base: the image that it starts from.
        variables: variables of the compose file that name it.
    """

    name: str
    dockerfile: str
    parts: tuple[str, ...]
    base_variable: str
    base: str
    variables: tuple[str, ...]


PYTHON = Built(
    "pms-drill/python",
    "docker/python.Dockerfile",
    ("docker/tools.packages", "docker/install.sh", "requirements.lock", "pms_drill", "hotel_agent", "qloapps_twin"),
    "PMS_DRILL_PYTHON_BASE",
    "python:3.11-slim-bookworm",
    ("PMS_DRILL_AGENT_IMAGE", "PMS_DRILL_PROXY_IMAGE", "PMS_DRILL_TWIN_IMAGE"),
)
QLOAPPS = Built(
    "pms-drill/qloapps",
    "docker/qloapps.Dockerfile",
    (
        "docker/tools.packages",
        "docker/php.packages",
        "docker/install.sh",
        "docker/qloapps.conf",
        "docker/qloapps-entry.sh",
    ),
    "PMS_DRILL_PHP_BASE",
    "debian:bookworm-slim",
    ("PMS_DRILL_QLOAPPS_IMAGE",),
)
#: Images of others: variable -> default. The same defaults stand in docker-compose.test.yml (a test compares them).
PULLED = {
    "PMS_DRILL_TOXIPROXY_IMAGE": "ghcr.io/shopify/toxiproxy:2.12.0",
    "PMS_DRILL_PROMETHEUS_IMAGE": "prom/prometheus:v2.53.4",
    "PMS_DRILL_MYSQL_IMAGE": "mariadb:10.11",
}
_ONLY_FOR_QLOAPPS = "PMS_DRILL_MYSQL_IMAGE"


def images(
    client: DockerClient, repo: Path, env: Mapping[str, str], *, twin: bool, say: Callable[[str], None]
) -> dict[str, str]:
    """Have every image that the stack needs, and name them.

    Args:
        repo: the project.
        env: the user's choices, by variable (`choices`).
        twin: whether the twin takes the place of QloApps and its database.
        say: told before something takes long.

    Returns:
        Image by variable of the compose file.

    Raises:
        DrillError: an image can be neither pulled nor built.
    """
    chosen: dict[str, str] = {}
    folder = state_folder().parent
    folder.mkdir(parents=True, exist_ok=True)
    # One worker builds, the others find it built.
    with filelock.FileLock(folder / "images.lock", timeout=_BUILD_LIMIT_S):
        for built in (PYTHON,) if twin else (PYTHON, QLOAPPS):
            needed = [variable for variable in built.variables if not env.get(variable)]
            if needed:
                tag = tag_of(built, repo, env)
                _have_built(client, built, tag, repo, env, say)
                chosen |= dict.fromkeys(needed, tag)
        for built in (PYTHON, QLOAPPS):
            chosen |= {variable: env[variable] for variable in built.variables if env.get(variable)}
        for variable, default in PULLED.items():
            if not (twin and variable == _ONLY_FOR_QLOAPPS):
                chosen[variable] = env.get(variable) or default
        for variable, image in chosen.items():
            _have(client, variable, image, say)
    return chosen


def choices(repo: Path, env: Mapping[str, str]) -> dict[str, str]:
    """What is chosen by variable: the environment first, then what docker/local-images.sh has made for this checkout.

    The images of that script exist on the machine that ran it and nowhere else. A file that another checkout or
    machine has made, copied or committed, is not read: the public images are chosen.
    """
    try:
        lines = (repo / LOCAL_IMAGES).read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    local = {name: value for name, _, value in (line.partition("=") for line in lines) if value}
    if local.pop(_MADE_FOR, "") != f"{platform.node()}:{repo.resolve()}":
        local = {}
    return {**local, **{name: value for name, value in env.items() if value}}


def sources(env: Mapping[str, str]) -> list[str]:
    """The images that everything starts from, by what was chosen: bases of ours that are built, and those of others.

    Args:
        env: the user's choices, by variable (`choices`).
    """
    built = [env.get(one.base_variable) or one.base for one in (PYTHON, QLOAPPS)]
    return [*built, *(env.get(variable) or default for variable, default in PULLED.items())]


def tag_of(built: Built, repo: Path, env: Mapping[str, str]) -> str:
    """Name and tag: the tag is a sum over base, Dockerfile and parts."""
    total = hashlib.sha256((env.get(built.base_variable) or built.base).encode())
    for part in (built.dockerfile, *built.parts):
        root = repo / part
        files = sorted(root.rglob("*")) if root.is_dir() else [root]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                total.update(str(file.relative_to(repo)).encode() + b"\0" + file.read_bytes())
    return f"{built.name}:{total.hexdigest()[:16]}"


def _have_built(
    client: DockerClient, built: Built, tag: str, repo: Path, env: Mapping[str, str], say: Callable[[str], None]
) -> None:
    import requests

    import docker

    if _present(client, tag):
        return
    base = env.get(built.base_variable) or built.base
    say(f"building the image {tag} on {base}")
    try:
        client.images.build(
            path=str(repo), dockerfile=built.dockerfile, tag=tag, buildargs={"BASE": base}, rm=True, forcerm=True
        )
    except docker.errors.BuildError as error:
        lines = [str(entry.get("stream") or entry.get("error") or "").rstrip() for entry in error.build_log]
        raise DrillError(
            f"the image {built.name} could not be built",
            where=f"{built.dockerfile} on {base}",
            todo=f"set {built.base_variable} to a base that this machine has; {_LOCAL}",
            detail="\n".join([line for line in lines if line][-15:]),
        ) from error
    except (docker.errors.APIError, requests.RequestException) as error:
        raise _unreachable(built.base_variable, base, error) from error


def _have(client: DockerClient, variable: str, image: str, say: Callable[[str], None]) -> None:
    import requests

    import docker

    if _present(client, image):
        return
    say(f"pulling the image {image}")
    try:
        name, _, tag = image.rpartition(":") if ":" in image.rsplit("/", 1)[-1] else (image, "", "latest")
        client.images.pull(name, tag=tag)
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise _unreachable(variable, image, error) from error


def _present(client: DockerClient, image: str) -> bool:
    import docker

    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        return False
    return True


def _unreachable(variable: str, image: str, error: Exception) -> DrillError:
    return DrillError(
        f"the image {image} is not here and cannot be pulled",
        where=variable,
        todo=f"set {variable} to an image of your registry, or load it; {_LOCAL}",
        detail=str(getattr(error, "explanation", None) or error),
    )
