"""What tests of the compose stack share."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill import profile as profiles
from pms_drill.checks.verdict import SkipReason
from pms_drill.errors import DrillError
from pms_drill.lease import STATE_VARIABLE, EngineAway, Lease
from pms_drill.report.skips import skip
from pms_drill.stack.agent_program import REPO
from pms_drill.stack.compose import PMS_VARIABLE, ComposeStack, compose_stack
from pms_drill.stack.compose_images import choices, images
from pms_drill.stack.engine import RUN_LABEL, connect

HOLD = Path(__file__).with_name("hold_a_compose_stack.py")


def have_images(client: Any, *, twin: bool) -> dict[str, str]:
    return images(client, REPO, choices(REPO, os.environ), twin=twin, say=print)


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    """An engine with our images: built from Debian packages where no registry answers."""
    try:
        client = connect()
    except EngineAway as error:
        skip(SkipReason.NEEDS_ENGINE, error.what)
    try:
        have_images(client, twin=True)
    except DrillError as error:
        if os.geteuid() != 0 or shutil.which("debootstrap") is None:
            skip(SkipReason.NEEDS_IMAGES, f"{error.what}; docker/local-images.sh needs root and debootstrap")
        subprocess.run(["sh", str(REPO / "docker" / "local-images.sh")], check=True, timeout=800)
        have_images(client, twin=True)
    yield client
    client.close()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for runs, with leases of its own, and the twin as the PMS."""
    folder = tmp_path_factory.mktemp("compose")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(STATE_VARIABLE, str(folder / "state"))
        patch.setenv(PMS_VARIABLE, "twin")
        yield folder


def opened(place: Path, lease: Lease, label: str, **settings: Any) -> ComposeStack:
    run_dir = place / label
    (run_dir / "logs").mkdir(parents=True, exist_ok=True)
    profile = profiles.load("reference-fast")
    return compose_stack(profile, run_dir, label=label, lease=lease, seed=1, **settings)


def left(client: Any, run: str) -> list[Any]:
    """What carries this run's label."""
    filters = {"label": f"{RUN_LABEL}={run}"}
    containers = client.containers.list(all=True, ignore_removed=True, filters=filters)
    return [*containers, *client.networks.list(filters=filters), *client.volumes.list(filters=filters)]


def eventually(what: str, condition: Any, within: float) -> None:
    polling = Retrying(
        stop=stop_after_delay(within), wait=wait_fixed(0.1), retry=retry_if_result(lambda done: not done)
    )
    try:
        polling(condition)
    except Exception as error:
        raise AssertionError(f"in {within:g} s it did not come true: {what}") from error
