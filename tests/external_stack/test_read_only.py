"""Without --allow-writes nothing is changed: proved by servers that write down all that reaches them."""

from __future__ import annotations

import pytest

from pms_drill.checks.verdict import Outcome
from tests.external_stack.conftest import Hotel, RunExternal

pytestmark = [pytest.mark.timeout(350), pytest.mark.xdist_group("hotel")]

_SAFE = ("GET", "HEAD", "OPTIONS")
_CHANGING = ("POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY")


def test_read_only_run_of_everything_sends_no_reservation_no_fault_and_no_reset(
    hotel: Hotel, run_external: RunExternal
) -> None:
    held = hotel.stack.bookings()
    # This hotel's PMS is a twin, and the twin does not play these two pages (contracts/pms/divergences.toml).
    played = "not availability-fields and not booking-fields"
    ran = run_external(*hotel.everything(), "-k", played, parts=("contracts", "chaos", "load"))
    ends = hotel.stack.profile.endpoints
    assert hotel.agent.asked(*_CHANGING) == {ends.availability}, ran.said
    assert hotel.pms.asked(*_CHANGING) == {"/api/hotel_ari"}
    assert hotel.toxiproxy.asked(*_CHANGING) == hotel.fault_proxy.asked(*_CHANGING) == set()
    assert {recorder.asked("GET") != set() for recorder in (hotel.agent, hotel.pms, hotel.fault_proxy)} == {True}
    assert hotel.stack.bookings() == held
    verdict = ran.verdict
    assert (verdict.counts.failed, verdict.counts.unknown) == (0, 0), ran.said
    # Two parts of which nothing could be judged were asked for by name: that is no pass.
    told = [line.partition(", all")[0] for line in verdict.trouble]
    assert told == ["chaos: nothing was judged", "load: nothing was judged"]
    assert ran.code == 2
    assert verdict.counts.passed > 40
    # The version of a PMS that runs already is not known, so that nothing is compared with its recordings.
    assert set(verdict.counts.skipped) == {"stack-cannot", "no-witness", "not-claimed"}
    skipped = {name.rpartition("-")[0] for name, one in verdict.properties.items() if one.verdict is Outcome.SKIPPED}
    assert skipped >= {"BRK", "FAIL", "BOOK", "MET", "LOG", "RESET", "MOCK", "LOAD"}
    assert not verdict.left_behind
    for secret in hotel.secrets.values():
        assert secret not in ran.said


def test_without_names_only_the_parts_are_run_of_which_anything_can_be_judged(
    hotel: Hotel, run_external: RunExternal
) -> None:
    ran = run_external(f"--agent-url={hotel.agent.url}", "-k", "API-05 or BRK-18 or LOAD-01", parts=())
    assert (ran.code, ran.verdict.parts) == (0, ["contracts"]), ran.said
    assert ran.verdict.headline.startswith(
        "PMS integration, a selection (-k 'API-05 or BRK-18 or LOAD-01'; part contracts)"
    )


def test_run_in_which_everything_was_skipped_is_unknown(hotel: Hotel, run_external: RunExternal) -> None:
    ran = run_external(f"--agent-url={hotel.agent.url}", parts=("load",))
    assert ran.code == 2
    assert "nothing was judged" in ran.said


def test_agent_alone_is_judged_and_the_rest_is_skipped_as_unseen(hotel: Hotel, run_external: RunExternal) -> None:
    ran = run_external(f"--agent-url={hotel.agent.url}")
    assert ran.code == 0, ran.said
    assert ran.verdict.counts.passed >= 15
    assert ran.verdict.counts.skipped["no-witness"] > 30
