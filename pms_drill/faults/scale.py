"""What the sizes of faults depend on."""

from __future__ import annotations

from dataclasses import dataclass

from pms_drill.faults.proofs import SILENCE_S


def grace_s(timeout: float) -> float:
    """How long an agent may take to end, in seconds, with this deadline for an exchange with the PMS.

    A guest waits at most twice the deadline (contract, "A deploy loses nobody"), and the process then has to go.
    """
    return 2 * timeout + 2.0


@dataclass(frozen=True)
class Scale:
    """Figures of the agent under test.

    Attributes:
        timeout: the agent's deadline for one exchange with the PMS, in seconds.
        retry_after: seconds that a 429 asks to wait.
        settle: seconds for which nothing is repeated after an unknown booking attempt.
    """

    timeout: float
    retry_after: int
    settle: float = 0.0

    @property
    def late(self) -> float:
        """A delay over the deadline, in seconds, that a probe can tell from none."""
        return max(1.5 * self.timeout, 2 * SILENCE_S)

    @property
    def noticeable(self) -> float:
        """A delay well within the deadline, in seconds, that a probe can still tell from none."""
        return max(0.3 * self.timeout, 2 * SILENCE_S)

    @property
    def until_settled(self) -> float:
        """A delay, in seconds, after which an agent that waits too briefly has repeated its request."""
        return (self.settle or 3 * self.timeout) + self.timeout
