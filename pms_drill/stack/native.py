"""The stack `native`: everything as child processes, with a real QloApps as the PMS. No Docker, no root."""

from __future__ import annotations

import os
from pathlib import Path

from pms_drill.errors import DrillError
from pms_drill.lease import Lease
from pms_drill.profile import Profile
from pms_drill.stack.process_stack import ProcessStack
from pms_drill.stack.qloapps_pms import QloAppsPms

TREE_VARIABLE = "QLOAPPS_DIR"
DUMP_VARIABLE = "QLOAPPS_DUMP"
#: As many as the twin has; QloApps answers questions about rooms with all of them, so that more would slow it down.
ROOMS_PER_TYPE = 40


def native_stack(
    profile: Profile,
    run_dir: Path,
    *,
    label: str,
    lease: Lease,
    seed: int,  # noqa: ARG001 - the real PMS draws its own random numbers
    latency: str = "none",  # noqa: ARG001 - and has its own latency
    rooms_per_type: int = ROOMS_PER_TYPE,
    agent_port: int = 0,
) -> ProcessStack:
    """The stack, not started yet.

    Raises:
        DrillError: tree, PHP or database server is missing or does not fit.
    """
    pms = pms_from_environment(rooms_per_type)
    return ProcessStack(profile, run_dir, label=label, lease=lease, pms=pms, agent_port=agent_port)


def look_around() -> None:
    """Look whether tree, PHP and database server are there.

    Raises:
        DrillError: one is not; the message says which and what to do.
    """
    pms_from_environment()


def pms_from_environment(rooms_per_type: int = ROOMS_PER_TYPE) -> QloAppsPms:
    """The QloApps that QLOAPPS_DIR and QLOAPPS_DUMP name.

    Raises:
        DrillError: it does not fit, or what it needs is missing.
    """
    tree = os.environ.get(TREE_VARIABLE, "")
    if not tree:
        raise DrillError(
            "the stack native needs a QloApps source tree",
            where=f"{TREE_VARIABLE} is not set",
            todo=f"set {TREE_VARIABLE} to an unpacked QloApps 1.6.1 or 1.7.0; `make qloapps` says how to get one",
        )
    dump = os.environ.get(DUMP_VARIABLE, "")
    return QloAppsPms(Path(tree).expanduser(), Path(dump).expanduser() if dump else None, rooms_per_type=rooms_per_type)
