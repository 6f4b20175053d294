"""Plans, schedules and guests: reproducible, complete, never the same guest twice."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pms_drill import profile as profiles
from pms_drill.errors import DrillError
from pms_drill.load.bands import load_targets
from pms_drill.load.generator import GeneratorSettings
from pms_drill.load.plan import LoadPlan, Waits, plan_for
from pms_drill.load.schedule import DAYS, Arrival, Guests, arrivals, letters
from pms_drill.options import Options
from pms_drill.profile import EndpointsPart
from pms_drill.target import Target
from pms_drill.tiers import load_tier

WAITS = Waits(recovery=30.0, deadline=10.0)
GUESTS = Guests(seed=3, token="abc", first_night=date(2027, 3, 1), hotel_id=1, room_type=2)


def test_segments_follow_each_other_without_a_gap() -> None:
    plan = plan_for("pr")
    parts = plan.segments(WAITS)
    assert [part.name for part in parts] == [
        "warmup",
        "steady",
        "guard before outage",
        "outage",
        "recovering",
        "recovered",
        "guard before hang",
        "hang",
        "recovering again",
        "recovered again",
    ]
    for before, after in itertools.pairwise(parts):
        assert after.begin == before.begin + before.seconds
    assert parts[3].begin == plan.begins("outage", WAITS)
    assert parts[7].begin == plan.begins("hang", WAITS)
    assert plan.total(WAITS) == parts[-1].begin + parts[-1].seconds


def test_smoke_is_steady_only_and_the_other_tiers_recover() -> None:
    assert plan_for("smoke").judged_phases == ("steady",)
    assert [part.name for part in plan_for("smoke").segments(WAITS)] == ["warmup", "steady"]
    for tier in ("pr", "weekly"):
        assert plan_for(tier).judged_phases == ("steady", "recovered", "recovered again")


def test_a_hang_lasts_so_long_that_all_calls_that_were_under_way_when_it_opened_the_breaker_run_into_it() -> None:
    deadline = profiles.load("reference").pms.timeout
    assert all(plan_for(tier).hang > 2 * deadline for tier in ("pr", "weekly"))


@pytest.mark.parametrize(("hang", "after_the_heal"), [(9.0, 30.0), (21.0, 19.0), (41.0, 30.0)])
def test_a_wait_that_began_during_the_hang_is_shorter_after_it_unless_a_probe_failed(
    hang: float, after_the_heal: float
) -> None:
    plan = LoadPlan(hang=hang)
    assert plan.recovery(plan.strikes[0], WAITS) == plan.margin + after_the_heal


def test_a_reset_saves_the_wait_after_the_first_outage_only() -> None:
    plan = LoadPlan(outage=4, hang=10, closes="reset")
    recovering = {part.name: part.seconds for part in plan.segments(WAITS) if part.name.startswith("recovering")}
    assert recovering == {"recovering": plan.slack + plan.margin, "recovering again": plan.slack + 30.0 + plan.margin}


def test_an_agent_without_a_reset_is_given_its_wait(tmp_path: Path) -> None:
    bare = profiles.load("reference").model_copy(update={"endpoints": EndpointsPart(reset="")})
    asked = Options(bare, "bare", load_tier("pr"), "embedded", 1, tmp_path, "load", "main", Target())
    assert asked.load_plan.closes == "wait"
    assert replace(asked, profile=profiles.load("reference")).load_plan.closes == "reset"


def test_the_direct_control_sends_the_beginning_of_the_same_schedule() -> None:
    plan = LoadPlan(warmup=2, steady=20, outage=5, direct=6)
    given = {
        "plan": plan, "seed": 5, "agent_url": "", "availability_path": "", "reservations_path": "",
        "waits": WAITS, "patience": 1.0, "hotel_id": 1, "room_type": 1, "first_night": "2027-03-01",
        "token": "t", "folder": "load",
    }  # fmt: skip
    load = GeneratorSettings.model_validate(given)
    direct = load.model_copy(update={"direct_currency": "EUR"})
    assert direct.total == 8
    assert direct.schedule == [arrival for arrival in load.schedule if arrival.at < 8]
    assert len(direct.schedule) > 100


@pytest.mark.parametrize("real_pms", [False, True], ids=["twin", "real PMS"])
@pytest.mark.parametrize("name", ["smoke", "pr", "weekly"])
def test_every_judged_phase_of_a_tier_has_samples_enough_for_a_verdict(name: str, real_pms: bool) -> None:
    tier, table = load_tier(name), load_targets()
    plan = plan_for(name, tier.load | (tier.load_on_real_pms if real_pms else {}))
    lengths = {part.name: part.seconds for part in plan.segments(WAITS)}
    for seconds in (*(lengths[phase] for phase in plan.judged_phases), *filter(None, [plan.direct])):
        calls = seconds * (plan.availability + plan.reservations)
        assert calls >= table.availability.minimum
        assert calls >= table.error_rate.minimum
        assert int(seconds * plan.reservations) >= table.response_time.minimum
        assert int(seconds * plan.reservations) >= table.again.minimum
        assert seconds / plan.scrape_interval > table.circuit_breaker.minimum


def test_a_tier_takes_seconds_from_its_table() -> None:
    assert plan_for("pr", {"steady": 5, "arrivals": "uniform"}) == LoadPlan(
        steady=5, outage=4.0, closes="reset", hang=21.0, recovered=14.0, meanwhile=0.5, arrivals="uniform"
    )


@pytest.mark.parametrize(
    ("tier", "given"),
    [
        ("nightly", {}),
        ("pr", {"stady": 5}),
        ("pr", {"steady": "5 s"}),
        ("pr", {"steady": -1}),
        ("pr", {"steady": True}),
        ("pr", {"arrivals": "even"}),
    ],
)
def test_a_wrong_tier_or_setting_is_an_error(tier: str, given: dict[str, object]) -> None:
    with pytest.raises(DrillError):
        plan_for(tier, given)


@pytest.mark.parametrize("arrivals_kind", ["poisson", "uniform"])
def test_a_schedule_has_a_fixed_number_of_arrivals_per_segment(arrivals_kind: str) -> None:
    plan = plan_for("pr", {"arrivals": arrivals_kind})
    schedule = arrivals(plan, WAITS, seed=1)
    assert [arrival.number for arrival in schedule] == list(range(len(schedule)))
    assert [arrival.at for arrival in schedule] == sorted(arrival.at for arrival in schedule)
    for part in plan.segments(WAITS):
        inside = Counter(a.endpoint for a in schedule if part.begin <= a.at < part.begin + part.seconds)
        assert inside["availability"] == round(20 * part.seconds)
        judged = part.name in ("warmup", *plan.judged_phases)
        assert inside["reservations"] == round((1.5 if judged else 0.5) * part.seconds)


def test_the_same_seed_gives_the_same_schedule_and_another_seed_another_one() -> None:
    plan = plan_for("smoke")
    assert arrivals(plan, WAITS, seed=1) == arrivals(plan, WAITS, seed=1)
    assert arrivals(plan, WAITS, seed=1) != arrivals(plan, WAITS, seed=2)


def test_uniform_arrivals_come_at_even_gaps() -> None:
    plan = LoadPlan(availability=4, reservations=0, warmup=0, steady=1, arrivals="uniform")
    assert [arrival.at for arrival in arrivals(plan, WAITS, 1)] == [0.125, 0.375, 0.625, 0.875]


def test_poisson_arrivals_have_gaps_as_different_as_their_mean() -> None:
    plan = LoadPlan(availability=100, reservations=0, warmup=0, steady=100)
    times = [arrival.at for arrival in arrivals(plan, WAITS, 1)]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert 0.9 < spread / mean < 1.1


def test_a_plan_without_rates_has_no_arrivals() -> None:
    assert arrivals(LoadPlan(availability=0, reservations=0, arrivals="uniform"), WAITS, 1) == []


def test_reservations_use_every_night_once_before_any_night_again() -> None:
    bodies = [GUESTS.body(Arrival(n, 0.0, "reservations", n)) for n in range(DAYS)]
    nights = {str(body["check_in"]) for body in bodies}
    assert len(nights) == DAYS
    assert min(nights) == "2027-03-01"
    assert all(
        (date.fromisoformat(str(b["check_out"])) - date.fromisoformat(str(b["check_in"]))).days == 1 for b in bodies
    )


def test_no_two_guests_share_a_name_or_an_address_and_names_have_no_digits() -> None:
    bodies = [GUESTS.body(Arrival(n, 0.0, "reservations", n)) for n in range(3000)]
    names = [str(body["guest_name"]) for body in bodies]
    assert len(set(names)) == len({body["email"] for body in bodies}) == 3000
    assert all(name.replace(" ", "").isalpha() for name in names)
    assert max(len(word) for name in names for word in name.split()) <= 32


def test_an_availability_names_no_guest() -> None:
    body = GUESTS.body(Arrival(0, 0.0, "availability", 0))
    assert set(body) == {"hotel_id", "room_type", "check_in", "check_out"}


def test_numbers_become_different_words() -> None:
    assert [letters(n) for n in (0, 25, 26, 27, 675, 676)] == ["Ga", "Gz", "Gba", "Gbb", "Gzz", "Gbaa"]
