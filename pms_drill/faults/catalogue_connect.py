"""Faults before the first byte of HTTP: the name, the connection, the TLS handshake."""

from __future__ import annotations

from pms_drill.faults.actions import Backlog, Certificate, NoAddress, Toxics
from pms_drill.faults.lifecycle import Fault, Place
from pms_drill.faults.owed import Runs, opens
from pms_drill.faults.probe import Probe, Seen
from pms_drill.faults.proofs import cut, unconnected, unresolved, untrusted
from pms_drill.faults.scale import Scale
from pms_drill.faults.story import Needs, Story
from pms_drill.faults.toxics import LimitData

TITLE = "Before the first byte: name, connection, TLS"

#: Reserved for names that never exist (RFC 6761, 6.4).
NOWHERE = "pms.invalid"
_METRICS = '`kind="connect"`: TLS and names belong to connecting; the log line names the class of the error.'


def faults(scale: Scale) -> list[Fault]:  # noqa: ARG001 - none of these depends on it
    """All of this kind."""
    return [full_backlog(), no_address(), tls_expired(), tls_wrong_name(), tls_untrusted(), tls_cut()]


def full_backlog() -> Fault:
    """The PMS's machine neither accepts nor refuses: connecting takes until the client gives up."""
    return Fault(
        name="full_backlog",
        cause="A",
        tells="connecting neither succeeds nor fails: the queue of the listener is full",
        client_sees="its own connect timeout",
        pms_did_the_work=False,
        action=Backlog(),
        owes=opens("timeout", in_ledger=False, runs=Runs.WEEKLY),
        proof=unconnected(),
        needs=frozenset({Needs.LINUX}),
        story=Story(
            how="Toxiproxy closes its listener, and the harness opens one on the same port that it never accepts from, "
            "with its queue (`listen(0)`) filled. Linux then drops further SYNs.",
            metrics='`kind="connect"` or `"timeout"`, each after the whole deadline; the PMS\'s log has nothing.',
            trap="Toxiproxy cannot do this: the kernel accepts before any toxic acts. Never put such a listener "
            "*behind* it either: it dials without a limit, and its control API answers 503 after 25 s, for all "
            "proxies. The client's kernel repeats the SYN after 1, 3, 7 s, so a connection can still come about after "
            "the heal.",
            example="Apache with all workers busy; a firewall that drops instead of refusing.",
        ),
    )


def no_address() -> Fault:
    """The PMS's name has no address any more."""
    return Fault(
        name="no_address",
        cause="D",
        tells=f"the PMS's name has no address: the agent is started with {NOWHERE}",
        client_sees="a failed look-up of the name",
        pms_did_the_work=False,
        action=NoAddress(NOWHERE),
        owes=opens("connect", certain=True, in_ledger=False, experiment="cause_dns"),
        proof=unresolved(),
        look=_by_name,
        needs=frozenset({Needs.AGENT_SETTINGS}),
        story=Story(
            how=f"The agent is restarted, with its state, and given a base URL with a name under `.invalid` "
            f"({NOWHERE}), which never exists (RFC 6761). The heal restarts it with the right one.",
            metrics=_METRICS,
            trap="Pooled connections and resolvers' caches hide it, which is why a change of DNS bites at the next "
            "restart. Look-ups have no limit of their own in most clients: a resolver that is *silent* costs 5 s and "
            "more for each call and looks like cause E. The restart resets the agent's breaker.",
            example="The domain was not renewed; a container lost its network alias.",
        ),
    )


def tls_expired() -> Fault:
    """The PMS's certificate has expired."""
    return _certificate(
        "expired",
        "certificate has expired",
        "the certificate expired yesterday",
        "Pooled connections outlive it: nothing fails at the moment of expiry, everything fails at the next restart "
        "or after the idle time of the pool. Here they are cut when the fault begins.",
        "Nobody looked after the renewal.",
        Runs.PR,
    )


def tls_wrong_name() -> Fault:
    """The PMS's certificate is for another name."""
    return _certificate(
        "wrong_name",
        "certificate is not valid for",
        "the certificate is for another host",
        "A proxy between agent and PMS makes this by itself: the name that the agent asks for must be the one in the "
        "certificate.",
        "The load balancer serves its default site.",
    )


def tls_untrusted() -> Fault:
    """The PMS's certificate is signed by an authority that nobody knows."""
    return _certificate(
        "untrusted",
        "unable to get local issuer certificate",
        "the certificate is signed by an unknown authority",
        "The usual first aid, switching verification off, makes every later attack invisible and stays for years.",
        "A new certificate without its intermediate one.",
    )


def tls_cut() -> Fault:
    """The connection ends inside the TLS handshake."""
    return Fault(
        name="tls_cut",
        cause="D",
        tells="the connection ends inside the TLS handshake",
        client_sees="a connection closed while it was being made",
        pms_did_the_work=False,
        action=Toxics((LimitData(bytes=500, name="tls_cut"),), fresh=True),
        owes=opens("connect", certain=True, in_ledger=False, runs=Runs.WEEKLY),
        proof=cut(),
        needs=frozenset({Needs.HTTPS}),
        story=Story(
            how="Toxiproxy closes the connection after 500 bytes of the server's first flight, which has about 1.5 KB.",
            metrics=_METRICS,
            trap='The TCP connection was made, so checks of "is the port open" are green. The toxic would also cut '
            "answers on connections that exist, which is another fault (`lost`); so those are closed first.",
            example="A firewall that inspects TLS; a limit on connections at the PMS.",
        ),
    )


def _certificate(which: str, words: str, tells: str, trap: str, example: str, runs: Runs = Runs.WEEKLY) -> Fault:
    return Fault(
        name=f"tls_{which}",
        cause="D",
        tells=f"{tells}, and pooled connections are cut",
        client_sees="a refused certificate",
        pms_did_the_work=False,
        action=Certificate(which),
        owes=opens("connect", certain=True, in_ledger=False, runs=runs),
        proof=untrusted(words),
        needs=frozenset({Needs.HTTPS}),
        story=Story(
            how="A TLS front stands between Toxiproxy and the fault proxy, with certificates made for the run; the "
            "agent trusts its authority by `SSL_CERT_FILE`. The front shows another certificate from now on.",
            metrics=_METRICS,
            trap=trap,
            example=example,
        ),
    )


def _by_name(place: Place, probe: Probe) -> Seen:
    """Connect to the name that the agent was given while the fault acts."""
    host = NOWHERE if place.agent is not None and NOWHERE in place.agent.upstream else place.proxy.reach
    address = f"{NOWHERE}:80" if host == NOWHERE else host
    return probe.send(address, place.token)
