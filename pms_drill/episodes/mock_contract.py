"""The same generated requests, first to the agent on its mock and then to the agent on the PMS."""

from __future__ import annotations

import random
from collections.abc import Mapping

from pms_drill import clock
from pms_drill.checks.verdict import SkipReason
from pms_drill.episodes.guests import label
from pms_drill.evidence.generated import Generated
from pms_drill.evidence.mock_switch import MockContract
from pms_drill.profile import Profile
from pms_drill.report.skips import skip
from pms_drill.stack.base import Stack

_OPERATIONS = ("checkAvailability", "makeReservation")
#: Cases of the fuzzing phase; the coverage phase, which has one case per rule of the schema, comes on top.
_EXAMPLES = 5


def run(stack: Stack, name: str, seed: int) -> MockContract:
    """Run the experiment.

    Raises:
        TypedSkip: the profile does not say how to switch, or the stack cannot restart the agent.
        DrillError: the agent did not start.
    """
    if not stack.profile.agent.mock_env:
        skip(SkipReason.AGENT_CANNOT, f"the profile {stack.profile.name} has no [agent.mock_env]")
    if "restart-agent" not in stack.capabilities:
        skip(SkipReason.STACK_CANNOT, "the stack cannot restart the agent")
    stack.make_clean()
    try:
        stack.restart_agent(env=stack.profile.agent.mock_env)
        on_mock = _generate(stack, name, seed)
    finally:
        stack.restart_agent()  # without what was reserved on the mock
    return MockContract(on_mock, _generate(stack, name, seed))


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 20.0


def _generate(stack: Stack, name: str, seed: int) -> Mapping[str, Generated]:
    # Imported here: it costs a second, which other experiments need not pay.
    from pms_drill.contract import generated
    from pms_drill.contract.stays import Wishes

    return {
        operation: generated.run(
            operation,
            base_url=stack.addresses.agent,
            endpoints=stack.profile.endpoints,
            admin_token=stack.admin_token,
            wishes=Wishes(
                draw=random.Random(f"{seed}/{operation}"),  # noqa: S311 - reproducible, not secret
                today=clock.today(stack.profile.pms.timezone),
                domain=f"{label(name)}.example.com",
                hotel_id=stack.profile.pms.hotel_id,
            ),
            known_reservation="",
            examples=_EXAMPLES,
            seed=seed,
        )
        for operation in _OPERATIONS
    }
