"""More answers that the PMS never gave: from something in front of it, and for some of the requests only."""

from __future__ import annotations

from pms_drill.faults.catalogue_http import EVERYTHING, HTML, answered
from pms_drill.faults.http_rules import Match
from pms_drill.faults.lifecycle import Fault
from pms_drill.faults.owed import Runs, limps, opens, patchy
from pms_drill.faults.proofs import body_begins
from pms_drill.faults.scale import Scale
from pms_drill.faults.story import Story

TITLE = "Statuses of gateways, and statuses now and then"

_GATEWAY = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"

_LOGIN = (
    "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1>"
    '<form method="post" action="/login"><input name="user"><input name="password" type="password"></form>'
    "</body></html>"
)

_MAINTENANCE = (
    "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>"
    "<h1>We'll be back soon</h1><p>The site is being worked on.</p></body></html>"
)


def faults(scale: Scale) -> list[Fault]:
    """All of this kind."""
    gateways = [bad_gateway(), unavailable(scale.retry_after), gateway_timeout(), redirected()]
    pages = [ingress_404(), bad_request_page(), login_page(), maintenance_page()]
    return [*gateways, *pages, first_fail(2), some_fail(0.5)]


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
        owes=opens("bad_answer"),
        story=Story(
            how="The fault proxy answers 302, as QloApps does when the `Host` is not its own domain, below `/api/` "
            "too. The address that it names leads nowhere.",
            metrics='`kind="bad_answer"`.',
            trap="A client that follows redirects leaves the proxy, and every chaos test behind it is green for ever. "
            "So the harness proves at start that calls cross the proxies.",
            example="The shop's domain was changed in the back office.",
        ),
    )


def ingress_404() -> Fault:
    """The way to the PMS has lost its destination: everything is 404."""
    return in_front(
        404,
        "Not Found",
        name="ingress_404",
        runs=Runs.PR,
        trap="404 looks like an answer of the PMS: guests hear that there is no such hotel, the breaker stays closed, "
        "the share of successes grows, no alert fires. QloApps says 404 to nothing but a single row that is not there, "
        "and to that with an empty body; an unknown hotel is 200 without rooms.",
        example="A release renamed the service behind the ingress; the site of the hotel is switched off.",
    )


def bad_request_page() -> Fault:
    """A web server in front refuses the request: 400, and not in QloApps' words."""
    return in_front(
        400,
        "Bad Request",
        name="bad_request_page",
        trap="QloApps refuses with 400, too. Only the body tells them apart: its refusals are JSON with `errors`.",
        example='"Plain HTTP request was sent to HTTPS port"; a header that became too long.',
    )


def in_front(
    code: int,
    title: str,
    match: Match = EVERYTHING,
    *,
    name: str = "",
    runs: Runs = Runs.WEEKLY,
    trap: str = "A 4xx of something in front of the PMS is no decision of the PMS.",
    example: str = "A load balancer or a firewall with rules of its own.",
) -> Fault:
    """Any 4xx with the page of something in front of the PMS.

    Args:
        code, title: status and reason phrase.
        match: which requests.
        name: in the catalogue; made of the code where it is not given.
        runs: when its experiment is run.
        trap, example: for the docs.
    """
    return answered(
        name or f"in_front_{code}",
        "A",
        f"every request is answered {code} with the page of something in front of the PMS",
        code,
        HTML,
        _GATEWAY.format(f"{code} {title}"),
        match,
        owes=opens("bad_answer", runs=runs),
        story=Story(
            how="The fault proxy answers as an ingress, a load balancer or a firewall in front of the PMS does.",
            metrics='`kind="bad_answer"`: QloApps would not have said so.',
            trap=trap,
            example=example,
        ),
    )


def login_page(match: Match = EVERYTHING) -> Fault:
    """Something in front wants people to log in: 200 with a form."""
    return answered(
        "login_page",
        "A",
        "every request is answered 200 with the HTML of a login form",
        200,
        HTML,
        _LOGIN,
        match,
        proof=body_begins(_LOGIN.encode()[:40]),
        owes=opens("bad_answer"),
        story=Story(
            how="The fault proxy answers with the page that a single sign-on or a captive portal shows to everybody.",
            metrics='`kind="bad_answer"`. By the status alone everything is fine.',
            trap="An uptime check that asks for 200 is green all day. A client that follows redirects gets here from "
            "a 302, too.",
            example="Somebody put the whole host behind the company's login.",
        ),
    )


def maintenance_page(match: Match = EVERYTHING) -> Fault:
    """The shop is closed for maintenance, and the page that says so covers the web service as well."""
    return answered(
        "maintenance_page",
        "A",
        "every request is answered 503 with the HTML of a maintenance page",
        503,
        HTML,
        _MAINTENANCE,
        match,
        owes=opens("server"),
        story=Story(
            how="The fault proxy answers as QloApps' shop does while it is closed: 503 with a page for people, and no "
            "`Retry-After`.",
            metrics='`kind="server"`.',
            trap="QloApps' own switch closes the shop and not the web service, so that agents are used to working "
            "through it. A release that puts the same page before everything stops them, and nobody thinks of them.",
            example="An update that was announced to guests and not to the agents.",
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
        owes=limps("server"),
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
        owes=patchy("server"),
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
        owes=opens("server"),
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
