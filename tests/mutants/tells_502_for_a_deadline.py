"""A question over the deadline is told as any other failure of the PMS, with 502.   must: FAIL-06"""

from __future__ import annotations

from hotel_agent import availability
from hotel_agent.__main__ import serve
from hotel_agent.agent import Agent
from hotel_agent.failures import Kind, PmsFailure
from hotel_agent.problems import ProblemError


def apply(agent: Agent) -> None:
    """Take each failure for a lost connection."""
    tell = availability.pms_failed

    def as_lost(failure: PmsFailure) -> ProblemError:
        return tell(PmsFailure(Kind.LOST, str(failure)) if failure.kind is Kind.TIMEOUT else failure)

    availability.pms_failed = as_lost  # type: ignore[attr-defined]


if __name__ == "__main__":
    serve(apply)
