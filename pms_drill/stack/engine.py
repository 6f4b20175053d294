"""The container engine: connected with clear errors, and cleaned by the label of a run only.

The SDK takes half a second to import, so it is imported when it is needed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill.errors import DrillError
from pms_drill.lease import EngineAway

if TYPE_CHECKING:
    from docker.models.containers import Container

    from docker import DockerClient

#: Everything that a run makes at the engine carries this label; nothing else is ever removed.
RUN_LABEL = "io.pms-drill.run"

#: QloApps' installer says nothing for half a minute on a busy machine.
_CALL_LIMIT_S = 180
_REMOVE_LIMIT_S = 20.0
_EMPTY_SWEEPS = 2


def connect() -> DockerClient:
    """A client of the engine that DOCKER_HOST or the default socket names.

    Raises:
        EngineAway: no socket, no permission, or nobody answers.
    """
    import docker

    where = os.environ.get("DOCKER_HOST", "the default socket")
    try:
        client = docker.from_env(timeout=_CALL_LIMIT_S)
        client.ping()
    except (docker.errors.DockerException, OSError) as error:
        denied = "Permission denied" in str(error)
        raise EngineAway(
            "the Docker engine may not be used" if denied else "no Docker engine answers",
            where=where,
            todo="become a member of the group docker, or use --pms-stack native"
            if denied
            else "start it, and check that you may use it (docker info); or use --pms-stack native",
            detail=str(error),
        ) from error
    return client


@contextlib.contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Turn the SDK's errors into one for the user; `doing` says what was tried."""
    import requests

    import docker

    try:
        yield
    except (docker.errors.DockerException, requests.RequestException) as error:
        told = getattr(error, "explanation", None) or error
        raise DrillError(f"the Docker engine did not {doing}", where=type(error).__name__, detail=str(told)) from error


def container_of(client: DockerClient, run: str, service: str) -> Container:
    """The container of a compose service of a run.

    Raises:
        DrillError: there is none.
    """
    labels = [f"{RUN_LABEL}={run}", f"com.docker.compose.service={service}"]
    with engine_errors("list the containers"):
        found = client.containers.list(all=True, ignore_removed=True, filters={"label": labels})
    if found:
        return found[0]
    raise DrillError(f"there is no container of the service {service}", where=f"{RUN_LABEL}={run}")


def recreate(client: DockerClient, old: Container, env: dict[str, str]) -> Container:
    """Remove a container and create it again, not started, with another environment and the rest as it was.

    Name, labels, ports and mounts stay, so for compose it is the same one. For containers on one network only.
    """
    with engine_errors(f"recreate {old.name}"):
        old.reload()
        config: dict[str, Any] = {**old.attrs["Config"], "Env": [f"{name}={value}" for name, value in env.items()]}
        config["HostConfig"] = old.attrs["HostConfig"]
        short = old.id[:12] if old.id else ""
        ends = {}
        for network, settings in old.attrs["NetworkSettings"]["Networks"].items():
            aliases = [alias for alias in settings.get("Aliases") or [] if alias != short]
            ends[network] = {"Aliases": aliases}
        config["NetworkingConfig"] = {"EndpointsConfig": ends}
        # The id of the old one; the new one gets its own.
        if config.get("Hostname") == short:
            del config["Hostname"]
        old.remove(force=True)
        created = client.api.create_container_from_config(config, old.name)  # type: ignore[no-untyped-call]
        return client.containers.get(created["Id"])


def remove_engine_run(run: str) -> list[str]:
    """Remove containers, networks and volumes with the label of this run, and only those.

    Returns:
        What was removed, one line each.

    Raises:
        EngineAway: nobody answers.
        DrillError: something is still there.
    """
    client = connect()
    try:
        return _remove(client, run)
    finally:
        client.close()


def _remove(client: DockerClient, run: str) -> list[str]:
    import docker

    filters: dict[str, str | list[str] | bool] = {"label": f"{RUN_LABEL}={run}"}
    removed: list[str] = []

    def sweep(kind: str, found: list[Any], remove: Callable[[Any], None]) -> bool:
        for thing in found:
            with contextlib.suppress(docker.errors.APIError):  # gone by itself, or in use until the next sweep
                remove(thing)
                removed.append(f"{kind} {thing.name}")
        return bool(found)

    empty = 0

    def rest() -> bool:
        """One sweep; whether another is needed. What a cut compose has asked for may still come into being."""
        nonlocal empty
        containers = client.containers.list(all=True, ignore_removed=True, filters=filters)
        found = [sweep("container", containers, lambda one: one.remove(force=True, v=True))]
        found.append(sweep("network", client.networks.list(filters=filters), lambda one: one.remove()))
        found.append(sweep("volume", client.volumes.list(filters=filters), lambda one: one.remove(force=True)))
        empty = 0 if any(found) else empty + 1
        return empty < _EMPTY_SWEEPS

    polling = Retrying(stop=stop_after_delay(_REMOVE_LIMIT_S), wait=wait_fixed(0.2), retry=retry_if_result(bool))
    with engine_errors("remove what this run made"):
        try:
            polling(rest)
        except RetryError as error:
            raise DrillError(
                "the Docker engine does not remove everything of the run",
                where=f"{RUN_LABEL}={run}",
                todo=f"docker ps -a --filter label={RUN_LABEL}={run}",
            ) from error
    return removed
