"""With --allow-writes bookings are made, listed and cancelled, and faults go through the hotel's own proxies."""

from __future__ import annotations

import pytest

from pms_drill.checks.verdict import Outcome
from tests.external_stack.conftest import Hotel, RunExternal

pytestmark = [pytest.mark.timeout(350), pytest.mark.xdist_group("hotel")]

_ALLOW = "--allow-writes=127.0.0.1"


def test_bookings_are_made_and_cancelled_at_the_end(hotel: Hotel, run_external: RunExternal) -> None:
    before = {booking.order_id for booking in hotel.stack.bookings()}
    ran = run_external(*hotel.everything(), _ALLOW, "-k", "API-09 or API-12 or API-15 or PMS-21")
    assert ran.code == 0, ran.said
    made = [booking for booking in hotel.stack.bookings() if booking.order_id not in before]
    assert len(made) > 40  # a sold-out room type among them
    assert [booking.order_id for booking in made if booking.live] == []
    assert ran.verdict.left_behind == []
    assert ran.verdict.cancelled >= len(made)  # the same key asks twice and books once
    assert "the PMS holds a room for none of them" in ran.said.replace("\n", " ")


def test_bookings_that_cannot_be_cancelled_are_listed_loudly(hotel: Hotel, run_external: RunExternal) -> None:
    before = {booking.order_id for booking in hotel.stack.bookings()}
    ran = run_external(f"--agent-url={hotel.agent.url}", _ALLOW, "-k", "API-09 or API-14")
    assert ran.code == 0, ran.said
    made = [booking for booking in hotel.stack.bookings() if booking.order_id not in before]
    assert len(made) == len(ran.verdict.left_behind) == 3
    page = ran.said
    assert "BOOKINGS LEFT BEHIND: cancel them by hand" in page
    for booking in made:
        assert booking.live
        assert f"booking {booking.order_id} of the PMS" in page.replace("\n    ", " ")
        assert booking.email in page


def test_outage_by_the_hotels_own_proxies_is_judged_and_leaves_them_clean(
    hotel: Hotel, run_external: RunExternal
) -> None:
    ran = run_external(*hotel.everything(), _ALLOW, "-k", "hang and not changes", parts=("chaos",))
    assert ran.code == 0, ran.said
    verdicts = {name: one.verdict for name, one in ran.verdict.properties.items()}
    assert verdicts["BRK-18"] is verdicts["BOOK-01"] is verdicts["FAIL-03"] is verdicts["MET-02"] is Outcome.PASSED
    assert verdicts["LOG-01"] is Outcome.SKIPPED
    assert hotel.stack.make_clean() == []
    assert ran.verdict.left_behind == []
    assert ran.verdict.cancelled > 0


def test_admin_reset_works_with_the_token_of_the_variable(hotel: Hotel, run_external: RunExternal) -> None:
    ran = run_external(*hotel.everything(), _ALLOW, "-k", "API-26 or API-27")
    assert ran.code == 0, ran.said
    assert {"API-26", "API-27", "SEC-02"} <= ran.verdict.properties.keys()
    assert ran.verdict.counts.passed >= 11


@pytest.mark.parametrize(
    ("words", "environment", "says"),
    [
        (["--allow-writes=other.example"], "staging", "names another host"),
        (["--allow-writes=127.0.0.1"], "production", "not allowed on a profile of production"),
        (["--pms-url=http://user:hunter2@127.0.0.1:1"], "test", "carries a name or a password"),
    ],
)
def test_wrong_permission_is_refused_before_anything_is_sent(
    hotel: Hotel, tmp_path, capsys, words: list[str], environment: str, says: str
) -> None:
    from pms_drill import cli

    profile = tmp_path / "theirs.toml"
    profile.write_text(f'extends = "reference-fast"\nenvironment = "{environment}"\n')
    seen = len(hotel.agent.requests)
    argv = ["run", "contracts", "--pms-stack", "external", f"--agent-url={hotel.agent.url}"]
    with pytest.raises(SystemExit) as end:
        cli.main([*argv, "--pms-profile", str(profile), "--results", str(tmp_path / "runs"), *words])
    told = capsys.readouterr()
    assert end.value.code == 2
    assert says in told.err
    assert "hunter2" not in told.err + told.out
    assert len(hotel.agent.requests) == seen
    assert not (tmp_path / "runs").exists()
