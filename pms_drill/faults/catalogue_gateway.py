"""More answers that the PMS never gave: from something in front of it, and for some of the requests only."""

from __future__ import annotations

from pms_drill.faults.catalogue_http import EVERYTHING, HTML, answered
from pms_drill.faults.http_rules import Match
from pms_drill.faults.lifecycle import Fault
from pms_drill.faults.scale import Scale
from pms_drill.faults.story import Story

TITLE = "Statuses of gateways, and statuses now and then"

_GATEWAY = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"


def faults(scale: Scale) -> list[Fault]:
    """All of this kind."""
    gateways = [bad_gateway(), unavailable(scale.retry_after), gateway_timeout(), redirected()]
    return [*gateways, first_fail(2), some_fail(0.5)]


def bad_gateway(match: Match = EVERYTHING) -> Fault:
    """A web server whose PHP is gone."""
    return _gateway("bad_gateway", "502 Bad Gateway", match, "nginx without its PHP-FPM")


def unavailable(retry_after: int, match: Match = EVERYTHING) -> Fault:
    """The web service is switched off, or a load balancer has no server. `retry_after`: seconds that it names."""
    return _gateway(
        "unavailable",
        "503 Service Unavailable",
        match,
        "the web service is switched off in the back office; a release is under way",
        {"Retry-After": str(retry_after)},
    )


def gateway_timeout(match: Match = EVERYTHING) -> Fault:
    """A proxy on the way has lost patience; here nothing was done, in life nobody knows."""
    return _gateway("gateway_timeout", "504 Gateway Timeout", match, "a load balancer with a patience of 60 s")


def redirected(match: Match = EVERYTHING) -> Fault:
    """QloApps sends everybody to its own domain, the web service included."""
    return answered(
        "redirected",
        "A",
        "every request is answered 302 to another host",
        302,
        {"Location": "http://127.0.0.1:9/", "Cache-Control": "no-cache", "Content-Type": "text/html"},
        "",
        match,
        story=Story(
            how="The fault proxy answers 302, as QloApps does when the `Host` is not its own domain, below `/api/` "
            "too. The address that it names leads nowhere.",
            metrics='`kind="bad_answer"`.',
            trap="A client that follows redirects leaves the proxy, and every chaos test behind it is green for ever. "
            "So the harness proves at start that calls cross the proxies.",
            example="The shop's domain was changed in the back office.",
        ),
    )


def first_fail(count: int, match: Match = EVERYTHING) -> Fault:
    """The first requests are answered 500, all others as usual. `count`: how many."""
    only = Match(match.method, match.path, match.path_glob, nth=tuple(range(1, count + 1)))
    return answered(
        "first_fail",
        "A",
        f"the first {count} requests are answered 500, the next ones as usual",
        500,
        HTML,
        "<!DOCTYPE html><html><body><h1>500 Server Error</h1></body></html>",
        only,
        story=Story(
            how="A rule of the fault proxy that acts on requests number 1 to n, counted from arming.",
            metrics='`kind="server"` exactly so many times.',
            trap="Toxiproxy knows no requests, only connections, and cannot do this. Probes of the harness get the "
            "effect and do not advance the count.",
            example="A cold cache; also the exact probe outcomes that tests of half-open need.",
        ),
    )


def some_fail(share: float, match: Match = EVERYTHING, *, seed: int = 0) -> Fault:
    """A part of the requests is answered 500: a PMS that is half dead.

    Args:
        share: part, above 0 to 1.
        match: which requests.
        seed: decides which ones; the n-th request's fate depends on `seed` and n only.
    """
    part = Match(match.method, match.path, match.path_glob, share=share, seed=seed)
    return answered(
        "some_fail",
        "A",
        f"about {share:.0%} of the requests are answered 500",
        500,
        HTML,
        "<!DOCTYPE html><html><body><h1>500 Server Error</h1></body></html>",
        part,
        story=Story(
            how="A rule of the fault proxy with a share and a seed, drawn for each request.",
            metrics='`kind="server"` beside successes. A breaker of consecutive failures may never open; one of '
            "ratios opens at its threshold.",
            trap="Toxiproxy's `toxicity` is no substitute: it is drawn once for each *connection*, so that a pool of "
            "one makes 0 or 100 % of 50 %, it is drawn anew when the toxic is changed, and its seed has no effect.",
            example="One of two web servers is broken.",
        ),
    )


def _gateway(name: str, title: str, match: Match, example: str, more: dict[str, str] | None = None) -> Fault:
    code = int(title.split()[0])
    return answered(
        name,
        "A",
        f"every request is answered {code} with a gateway's HTML page",
        code,
        {**HTML, **(more or {})},
        _GATEWAY.format(title),
        match,
        story=Story(
            how="The fault proxy answers as a web server or load balancer in front of the PMS does.",
            metrics='`kind="server"`.',
            trap="502 and 504 come from something that may have passed the request on: for a booking the outcome is "
            "unknown. Here nothing was done, and the agent cannot know that."
            if code != 503
            else "A `Retry-After` of a 503 is a hint; the breaker's own wait is what the contract demands.",
            example=example,
        ),
    )
