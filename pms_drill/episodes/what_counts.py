"""What counts as a failure, answer by answer: as many questions as the threshold meet each, then a reset."""

from __future__ import annotations

from collections.abc import Mapping

from pms_drill import clock
from pms_drill.checks import breaker_statuses as statuses
from pms_drill.episodes.outage import steady
from pms_drill.episodes.scene import Scene
from pms_drill.episodes.steps import ask, bundle, close_again, fail, trip
from pms_drill.evidence.bundle import Evidence, Span
from pms_drill.faults import catalogue_gateway as gateway
from pms_drill.faults import catalogue_http as http
from pms_drill.faults.catalogue_mangled import other_stay, wrong_type
from pms_drill.faults.catalogue_midway import pms_gone
from pms_drill.faults.http_rules import Match
from pms_drill.faults.lifecycle import Fault, injected
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack

_QUESTIONS = Match(method="POST", path="/api/hotel_ari")
#: One for each row of `breaker_statuses.ROWS`.
FAULTS: Mapping[str, Fault] = {
    "500": http.server_error(),
    "502": gateway.bad_gateway(),
    "503": gateway.unavailable(retry_after=3600),
    "504": gateway.gateway_timeout(),
    "302": gateway.redirected(),
    "401": http.unauthorized(),
    "403": http.forbidden(),
    "405": http.method_not_allowed(),
    "400 not in QloApps' words": gateway.bad_request_page(),
    "404": gateway.ingress_404(),
    "408": gateway.in_front(408, "Request Timeout"),
    "413": gateway.in_front(413, "Content Too Large"),
    "421": gateway.in_front(421, "Misdirected Request"),
    "425": gateway.in_front(425, "Too Early"),
    "431": gateway.in_front(431, "Request Header Fields Too Large"),
    "200 garbage": http.garbage_200(),
    "200 without a body": http.empty_200(),
    "200 login page": gateway.login_page(),
    "200 about another stay": other_stay(),
    "200 with less than no rooms": wrong_type("hotel_ari.total_available_rooms", "number", _QUESTIONS),
    "connection closed": pms_gone(),
}


def run(stack: Stack, name: str, seed: int) -> Evidence:
    """Run the experiment. Phases: one for each answer; almost, question refused, booking refused, the last one, then.

    Raises:
        Unproven: a fault or its heal could not be proved, the control was already out of bounds, or the breaker did
            not close again between two answers.
    """
    with Scene(stack, name, seed) as scene:
        steady(scene)
        begun = clock.now()
        for answer, fault in FAULTS.items():
            with injected(fault, stack.place):
                trip(scene, answer)
            close_again(scene)
        _refusals_in_between(scene)
        scene.phases["armed"] = Span(begun, clock.now())
        scene.await_scrape()
    return bundle(scene)


def _refusals_in_between(scene: Scene) -> None:
    short, last = statuses.BROKEN
    question, booking = statuses.REFUSED
    fail(scene, scene.profile.breaker.failure_threshold - 1, short)
    with injected(http.question_refused(), scene.stack.place):
        ask(scene, question)
    with scene.phase(booking), injected(http.booking_refused(), scene.stack.place):
        scene.guests.reserve(scene.book.guest(), booking)
    with injected(http.server_error(), scene.stack.place):
        ask(scene, last)
        ask(scene, statuses.AFTER)


def planned_seconds(name: str, profile: Profile) -> float:  # noqa: ARG001
    """About how long it takes."""
    return 3.0 + 0.25 * len(FAULTS)
