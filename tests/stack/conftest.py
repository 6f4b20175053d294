"""Embedded stacks for tests: started by `open_embedded`, with a lease folder of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pms_drill import profile as profiles
from pms_drill.lease import STATE_VARIABLE, Lease
from pms_drill.profile import Profile
from pms_drill.stack.embedded import embedded_stack
from pms_drill.stack.process_stack import ProcessStack

OpenEmbedded = Callable[..., ProcessStack]


def changed(profile: Profile, **agent: Any) -> Profile:
    """The profile with another [agent]; `env` is laid over the profile's."""
    env = {**profile.agent.env, **agent.pop("env", {})}
    return profile.model_copy(update={"agent": profile.agent.model_copy(update={"env": env, **agent})})


@pytest.fixture
def fast_profile() -> Profile:
    return profiles.load("reference-fast")


@pytest.fixture
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def lease(state_folder: Path) -> Iterator[Lease]:
    with Lease() as held:
        yield held


@pytest.fixture
def open_embedded(lease: Lease, tmp_path: Path) -> OpenEmbedded:
    """Gives a stack that is not started yet; enter it."""

    def build(profile: Profile) -> ProcessStack:
        run_dir = tmp_path / "run"
        (run_dir / "logs").mkdir(parents=True, exist_ok=True)
        return embedded_stack(profile, run_dir, label="test", lease=lease, seed=1)

    return build
