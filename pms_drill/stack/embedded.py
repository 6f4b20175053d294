"""The stack `embedded`: everything as child processes, with the twin as the PMS."""

from __future__ import annotations

from pathlib import Path

from pms_drill.lease import Lease
from pms_drill.profile import Profile
from pms_drill.stack.process_stack import ProcessStack
from pms_drill.stack.twin_pms import TwinPms

#: Enough that no test runs out of rooms by accident; sold-out tests fill a type on a date of their own.
ROOMS_PER_TYPE = 40


def embedded_stack(
    profile: Profile,
    run_dir: Path,
    *,
    label: str,
    lease: Lease,
    seed: int,
    latency: str = "none",
    rooms_per_type: int = ROOMS_PER_TYPE,
    agent_port: int = 0,
) -> ProcessStack:
    """The stack, not started yet.

    Args:
        seed: of the twin's randomness.
        latency: "recorded" gives the twin the latencies measured at QloApps, "none" answers at once.
        rooms_per_type: physical rooms of each type in the twin.
        agent_port: where the agent listens; 0 for a free one.
    """
    twin = TwinPms(seed=seed, latency=latency, rooms_per_type=rooms_per_type)
    return ProcessStack(profile, run_dir, label=label, lease=lease, pms=twin, agent_port=agent_port)
