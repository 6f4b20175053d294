"""Faults of the bytes on a connection, made with Toxiproxy: late, slow, in drops, broken off."""

from __future__ import annotations

from pms_drill.faults import symptoms
from pms_drill.faults.actions import Toxics
from pms_drill.faults.lifecycle import Fault, Heal
from pms_drill.faults.owed import Runs, limps, opens, patchy
from pms_drill.faults.proofs import SILENCE_S, broken_off, incomplete_for, left_open, no_byte_within
from pms_drill.faults.scale import Scale
from pms_drill.faults.story import Story
from pms_drill.faults.toxics import Bandwidth, Latency, LimitData, Slicer, SlowClose, Stream

TITLE = "Bytes: late, slow, in drops, broken off"


def faults(scale: Scale) -> list[Fault]:
    """All of this kind."""
    return [
        slow(scale.noticeable),
        slow_requests(scale.late),
        slow_both_ways(scale.noticeable),
        stalled_requests(),
        cut_in_headers(),
        drip(scale.timeout),
        narrow(),
        slow_close(scale.noticeable),
    ]


def slow(seconds: float) -> Fault:
    """Answers come late and within the deadline. `seconds`: the delay."""
    return Fault(
        name="slow",
        cause="E",
        tells=f"answers come {seconds:g} s late, within the deadline",
        client_sees="an answer as usual, late",
        pms_did_the_work=True,
        action=Toxics((Latency(latency=_ms(seconds), name="slow"),)),
        owes=limps(runs=Runs.PR),
        symptom=symptoms.USUAL,
        proof=no_byte_within(),
        story=Story(
            how="A latency toxic on the way back.",
            metrics='p95 of `pms_api_latency_seconds` rises by the delay, `status="success"` throughout; the breaker '
            "stays closed unless slow calls are declared to count.",
            trap="Nothing is wrong by any counter of errors. The toxic acts at once on pooled, idle connections. Each "
            "round trip is delayed: over TLS a fresh connection pays for the handshake too. Removing it releases "
            "waiting data at once (a request with 600 ms of delay ended after 104), so judge no latency across a heal.",
            example="Friday afternoon; the first minutes of every outage of cause E.",
        ),
    )


def slow_requests(seconds: float, *, heal: Heal = Heal.CUT) -> Fault:
    """Requests are late on their way; the client has given up when they arrive.

    Args:
        seconds: the delay.
        heal: RESUME sends the waiting ones on at once.
    """
    return Fault(
        name="slow_requests",
        cause="E",
        tells=f"requests reach the PMS {seconds:g} s late, their clients have given up by then",
        client_sees="its own read timeout",
        pms_did_the_work=True,
        action=Toxics((Latency(latency=_ms(seconds), stream=Stream.UPSTREAM),)),
        owes=opens("timeout", in_ledger=False, late=True, runs=Runs.WEEKLY),
        symptom=symptoms.TIMEOUT,
        proof=no_byte_within(),
        heal=heal,
        story=Story(
            how="A latency toxic on the way there. That the client closes does not take back what is on its way.",
            metrics='`kind="timeout"`; seconds later the PMS has a booking.',
            trap="The late booking: read back right after the timeout and you find nothing, read back a second later "
            "and you find one (client limit 0.3 s, delay 1 s: 0 bookings at the timeout, 1 afterwards). A final read "
            "must wait for longer than the delay. A *cut* heal drops what still waits, a *resume* delivers it.",
            example="A queue in front of the PMS's workers.",
        ),
    )


def slow_both_ways(seconds: float) -> Fault:
    """Requests and answers are late, each by half of `seconds`."""
    half = _ms(seconds / 2)
    toxics = (
        Latency(latency=half, stream=Stream.UPSTREAM, name="slow_there"),
        Latency(latency=half, stream=Stream.DOWNSTREAM, name="slow_back"),
    )
    return Fault(
        name="slow_both_ways",
        cause="E",
        tells=f"requests and answers are {half / 1000:g} s late each",
        client_sees="an answer as usual, late",
        pms_did_the_work=True,
        action=Toxics(toxics),
        owes=limps(),
        symptom=symptoms.USUAL,
        proof=no_byte_within(),
        story=Story(
            how="Two latency toxics, one for each direction; one toxic acts on one direction only.",
            metrics="As for `slow`; the PMS's own timing shows nothing, since it sees only quick requests.",
            trap="Latencies add up (300 + 300 ms measured as 603 to 606). Toxics are named `<type>_<direction>` by "
            "default; a second one of the same type and direction needs a name of its own (409).",
            example="A VPN over another continent.",
        ),
    )


def stalled_requests(*, heal: Heal = Heal.CUT) -> Fault:
    """Requests wait on the way without limit. `heal`: RESUME delivers them, CUT drops them."""
    return Fault(
        name="stalled_requests",
        cause="D",
        tells="requests wait on their way; what becomes of them is decided by the heal",
        client_sees="its own read timeout",
        pms_did_the_work=None,
        action=Toxics((Bandwidth(rate=0, stream=Stream.UPSTREAM, name="stalled"),)),
        owes=opens("timeout", in_ledger=False, runs=Runs.WEEKLY),
        symptom=symptoms.TIMEOUT,
        proof=no_byte_within(),
        heal=heal,
        story=Story(
            how="A bandwidth toxic of 0 KB/s on the way there.",
            metrics='`kind="timeout"`, as for `request_lost`.',
            trap="The zombie booking: removing the toxic *creates* the booking of a client that left long ago. "
            "Recreating the proxy drops it. So the way of healing is a part of the experiment, and the test after this "
            "one may find a booking that it did not make.",
            example="A switch buffers during a failover and then delivers everything.",
        ),
    )


def cut_in_headers() -> Fault:
    """Answers break off inside their head."""
    return Fault(
        name="cut_in_headers",
        cause="D",
        tells="answers break off after 20 bytes, inside the head",
        client_sees="connection closed inside the head of an answer",
        pms_did_the_work=True,
        action=Toxics((LimitData(bytes=20),)),
        owes=opens("lost"),
        symptom=symptoms.BROKEN_OFF,
        proof=broken_off(),
        story=Story(
            how="A toxic closes the connection after 20 bytes of answers.",
            metrics='`kind="lost"`; if a client takes the truncated head for an answer: `bad_answer`.',
            trap="Toxiproxy counts over *all* exchanges of a connection: with a limit of 1,000 bytes requests 1 to 5 "
            "passed, the 6th was cut, and from the 7th on, on a new connection, all was well again. A limit smaller "
            "than one head is the only one that hits every request. For bodies use `cut_in_body`.",
            example="A worker is killed for its memory while it writes.",
        ),
    )


def drip(timeout: float) -> Fault:
    """Answers come in drops, each within any read timeout, the whole far beyond the deadline.

    Args:
        timeout: the agent's deadline, in seconds; an answer of 400 bytes takes twice that.
    """
    pause = max(timeout * 2 / 50, 0.02)
    return Fault(
        name="drip",
        cause="E",
        tells=f"answers come 8 bytes at a time, every {pause * 1000:g} ms",
        client_sees="an answer that never gets complete",
        pms_did_the_work=True,
        action=Toxics((Slicer(average_size=8, size_variation=1, delay=round(pause * 1_000_000)),)),
        owes=opens("timeout"),
        proof=incomplete_for(),
        story=Story(
            how="A slicer toxic cuts answers into pieces and pauses between them.",
            metrics='`kind="timeout"` for an agent whose deadline is one for the whole exchange; successes of many '
            "seconds for one that only limits each read.",
            trap="httpx has no limit for the whole exchange. With `timeout=0.5` and 50 bytes per 200 ms it gave its "
            "200 after 6.2 s. The toxic's delay is in *micro*seconds, and one without `average_size` ends the server "
            "(stack overflow).",
            example="PHP flushes a long list line by line.",
        ),
    )


def narrow() -> Fault:
    """The line carries 1 KB/s on each connection."""
    return Fault(
        name="narrow",
        cause="E",
        tells="each connection carries 1 KB/s back",
        client_sees="an answer that comes slowly; a long one is over the deadline",
        pms_did_the_work=True,
        action=Toxics((Bandwidth(rate=1, name="narrow"),)),
        owes=patchy("timeout"),
        proof=incomplete_for(),
        story=Story(
            how="A bandwidth toxic on the way back.",
            metrics="Operations with long answers time out, those with short ones do not: compare by `operation`.",
            trap="The limit is for each connection, not for the proxy: ten connections get ten times as much. Short "
            "answers hardly feel it (20 KB at 10 KB/s: 2.08 s).",
            example="A backup runs over the same line.",
        ),
    )


def slow_close(seconds: float) -> Fault:
    """Connections are closed late, within the deadline where that ends the answer. `seconds`: the delay."""
    return Fault(
        name="slow_close",
        cause="D",
        tells=f"connections close {seconds:g} s after the PMS closed them",
        client_sees="an answer as usual",
        pms_did_the_work=True,
        action=Toxics((SlowClose(delay=_ms(seconds)),)),
        owes=limps(),
        symptom=symptoms.USUAL,
        proof=left_open(),
        story=Story(
            how="A toxic delays the end of connections.",
            metrics="None, if answers say their length. A client that reads until the end of the connection waits.",
            trap="Invisible while connections are kept alive. It shows only with `Connection: close`, as QloApps's "
            "errors and redirects and PHP's own server have it.",
            example="A load balancer that drains connections.",
        ),
    )


def _ms(seconds: float) -> int:
    return max(round(seconds * 1000), round(SILENCE_S * 2000))
