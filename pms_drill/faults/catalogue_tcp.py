"""The faults of the TCP level, made with Toxiproxy: what decides about the PMS's work is which direction is hit."""

from __future__ import annotations

from pms_drill.faults.actions import Disabled, Toxics
from pms_drill.faults.lifecycle import Fault, Heal
from pms_drill.faults.proofs import SILENCE_S, cut, no_byte_within, refused
from pms_drill.faults.toxics import Bandwidth, Latency, ResetPeer, Stream, Timeout


def connection_refused() -> Fault:
    """The PMS's machine is up and nothing listens."""
    return Fault(
        name="refused",
        cause="A",
        tells="no connection is made: nothing listens where the PMS should be",
        client_sees="connection refused at once",
        pms_did_the_work=False,
        action=Disabled(),
        proof=refused(),
    )


def latency_over_deadline(timeout: float, *, factor: float = 1.5, heal: Heal = Heal.CUT) -> Fault:
    """Answers come, but after the agent's deadline.

    Args:
        timeout: the agent's deadline for one exchange, in seconds (`profile.pms.timeout`).
        factor: the delay as a multiple of it.
        heal: RESUME gives waiting clients their answers at once.
    """
    delay = round(timeout * factor * 1000)
    return Fault(
        name="latency_over_deadline",
        cause="E",
        tells=f"answers come {delay / 1000:g} s late, the deadline is {timeout:g} s",
        client_sees="its own read timeout",
        pms_did_the_work=True,
        action=Toxics((Latency(latency=max(delay, round(SILENCE_S * 2000))),)),
        proof=no_byte_within(),
        heal=heal,
    )


def hang() -> Fault:
    """Answers never come back.

    A stall, not Toxiproxy's timeout: that one ends the connection as soon as the PMS closes its side, which
    QloApps does after errors and PHP's own server after every answer.
    """
    return Fault(
        name="hang",
        cause="E",
        tells="the connection stays open and no byte comes back",
        client_sees="its own read timeout",
        pms_did_the_work=True,
        action=Toxics((Bandwidth(rate=0, stream=Stream.DOWNSTREAM),)),
        proof=no_byte_within(),
    )


def request_lost() -> Fault:
    """Requests never arrive; to the client the same as `hang`."""
    return Fault(
        name="request_lost",
        cause="D",
        tells="the connection stays open, the request never arrives",
        client_sees="its own read timeout",
        pms_did_the_work=False,
        action=Toxics((Timeout(timeout=0, stream=Stream.UPSTREAM),)),
        proof=no_byte_within(),
    )


def reset_before() -> Fault:
    """The connection is reset before the request arrives."""
    return Fault(
        name="reset_before",
        cause="D",
        tells="the connection is reset before the PMS sees the request",
        client_sees="connection reset or closed without an answer",
        pms_did_the_work=False,
        action=Toxics((ResetPeer(timeout=0, stream=Stream.UPSTREAM),)),
        proof=cut(),
    )


def reset_after() -> Fault:
    """The connection is reset when the answer is on its way; to the client the same as `reset_before`."""
    return Fault(
        name="reset_after",
        cause="D",
        tells="the PMS does the work, then the connection is reset",
        client_sees="connection reset or closed without an answer",
        pms_did_the_work=True,
        action=Toxics((ResetPeer(timeout=0, stream=Stream.DOWNSTREAM),)),
        proof=cut(),
    )
