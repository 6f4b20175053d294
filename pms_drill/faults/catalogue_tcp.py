"""Faults of whole connections, made with Toxiproxy: what decides about the PMS's work is which direction is hit."""

from __future__ import annotations

from pms_drill.faults import symptoms
from pms_drill.faults.actions import Disabled, Toxics
from pms_drill.faults.lifecycle import Fault, Heal
from pms_drill.faults.owed import Runs, opens
from pms_drill.faults.proofs import SILENCE_S, cut, no_byte_within, refused
from pms_drill.faults.scale import Scale
from pms_drill.faults.story import Story
from pms_drill.faults.toxics import Bandwidth, Latency, ResetPeer, Stream, Timeout

TITLE = "Connections: refused, reset, silent"


def faults(scale: Scale) -> list[Fault]:
    """All of this kind."""
    return [
        connection_refused(),
        latency_over_deadline(scale.timeout),
        hang(),
        request_lost(),
        reset_before(),
        reset_after(),
        hang_then_close(scale.timeout),
    ]


def connection_refused() -> Fault:
    """The PMS's machine is up and nothing listens."""
    return Fault(
        name="refused",
        cause="A",
        tells="no connection is made: nothing listens where the PMS should be",
        client_sees="connection refused at once",
        pms_did_the_work=False,
        action=Disabled(),
        owes=opens("connect", certain=True, in_ledger=False),
        proof=refused(),
        story=Story(
            how="Toxiproxy stops listening and closes every connection that it has.",
            metrics='`pms_api_errors_total{kind="connect"}`; latencies of a millisecond, so that p95 '
            "*improves* while "
            "nothing works.",
            trap="A PMS process that is dead behind a living proxy or load balancer looks different: the "
            "connection is "
            "accepted and then closed (`pms_gone`). Pooled connections die with a FIN, which httpx notices before it "
            "uses them; so even the first call reports a refused connection and not a lost one.",
            example="Apache is stopped, or the container is restarting.",
        ),
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
        owes=opens("timeout"),
        symptom=symptoms.TIMEOUT,
        proof=no_byte_within(),
        heal=heal,
        story=Story(
            how="A latency toxic on the way back holds each piece of an answer (at most 32 KB) by its time of arrival.",
            metrics='`kind="timeout"`; the latency histogram has a wall at the deadline.',
            trap="Removing a latency toxic whose clients have given up can lock Toxiproxy's whole control API: "
            "5 s per "
            "piece that waits, measured 75 s with 1 MB. Recreating the proxy takes some milliseconds; that is the heal "
            "here. Connecting is not delayed (1.2 ms with 2 s of latency set): the kernel accepts first.",
            example="A report locks the tables of the PMS and every answer waits for it.",
        ),
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
        owes=opens("timeout"),
        symptom=symptoms.TIMEOUT,
        proof=no_byte_within(),
        story=Story(
            how="A bandwidth toxic of 0 KB/s on the way back; the request has passed.",
            metrics='`kind="timeout"`, each with the whole deadline in the histogram.',
            trap="The client cannot tell this from `request_lost`: same error, same duration, and here the booking "
            "exists. An agent that sends it again books twice.",
            example="A firewall drops the state of the connection while PHP is at work.",
        ),
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
        owes=opens("timeout", in_ledger=False),
        symptom=symptoms.TIMEOUT,
        proof=no_byte_within(),
        story=Story(
            how="A timeout toxic of 0 ms (which means: for ever) on the way there swallows every byte.",
            metrics='`kind="timeout"`; the PMS\'s own access log has nothing.',
            trap="Swallowed is swallowed: neither heal mode delivers these requests, unlike those of "
            "`stalled_requests`, which looks the same.",
            example="A link that is up and carries nothing.",
        ),
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
        owes=opens("lost", in_ledger=False),
        symptom=symptoms.CUT,
        proof=cut(),
        story=Story(
            how="A reset toxic on the way there; both sides of the connection get an RST.",
            metrics='`kind="lost"`, within milliseconds.',
            trap="A connection that was pooled *before* the toxic came gets a FIN and no RST; only later ones "
            "get the "
            "RST. Of 40 requests 39 ended in `ReadError` and one in `RemoteProtocolError`: test for the family "
            "`httpx.TransportError`, never for one class.",
            example="An overloaded load balancer or a firewall that sends resets.",
        ),
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
        owes=opens("lost"),
        symptom=symptoms.CUT,
        proof=cut(),
        story=Story(
            how="A reset toxic on the way back; the first byte of the answer triggers it.",
            metrics='`kind="lost"`, as for `reset_before`.',
            trap='Same error as `reset_before`, opposite truth. "The connection was reset" never means "nothing '
            'happened".',
            example="PHP-FPM is restarted while it writes.",
        ),
    )


def hang_then_close(timeout: float) -> Fault:
    """No byte comes back, and the connection is closed a while before the agent's deadline.

    Args:
        timeout: the agent's deadline for one exchange, in seconds.
    """
    after = max(round(timeout * 600), round(SILENCE_S * 3000))
    return Fault(
        name="hang_then_close",
        cause="D",
        tells=f"no byte comes back and the connection is closed after {after / 1000:g} s of silence",
        client_sees="a connection closed without an answer, after a wait",
        pms_did_the_work=False,
        action=Toxics((Timeout(timeout=after, stream=Stream.UPSTREAM),)),
        owes=opens("lost", in_ledger=False, runs=Runs.WEEKLY),
        symptom=symptoms.CUT,
        proof=no_byte_within(),
        story=Story(
            how=f"A timeout toxic of {after} ms on the way there.",
            metrics='`kind="lost"` with a latency below the deadline; not `timeout`.',
            trap="The name of the toxic misleads: it does not close *slow* requests, nothing passes at all. Its clock "
            "starts again with every piece of data, and it ends idle pooled connections too. On the way *back* it is "
            "no hang: it ends the connection as soon as the PMS closes its own side.",
            example="A proxy on the way with a shorter patience than ours.",
        ),
    )
