"""Plans, schedules and guests: reproducible, complete, never the same guest twice."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date

import pytest

from pms_drill.errors import DrillError
from pms_drill.load.bands import load_targets
from pms_drill.load.plan import LoadPlan, plan_for
from pms_drill.load.schedule import DAYS, Arrival, Guests, arrivals, letters
from pms_drill.tiers import load_tier

GUESTS = Guests(seed=3, token="abc", first_night=date(2027, 3, 1), hotel_id=1, room_type=2)


def test_segments_follow_each_other_without_a_gap() -> None:
    plan = plan_for("pr")
    parts = plan.segments(30.0)
    assert [part.name for part in parts] == [
        "warmup",
        "steady",
        "guard",
        "outage",
        "recovering",
        "recovered",
    ]
    for before, after in itertools.pairwise(parts):
        assert after.begin == before.begin + before.seconds
    assert parts[3].begin == plan.outage_begins
    assert plan.total(30.0) == parts[-1].begin + parts[-1].seconds


def test_smoke_is_steady_only_and_the_other_tiers_recover() -> None:
    assert plan_for("smoke").judged_phases == ("steady",)
    assert [part.name for part in plan_for("smoke").segments(30.0)] == ["warmup", "steady"]
    assert plan_for("pr").judged_phases == plan_for("weekly").judged_phases == ("steady", "recovered")


@pytest.mark.parametrize("real_pms", [False, True], ids=["twin", "real PMS"])
@pytest.mark.parametrize("name", ["smoke", "pr", "weekly"])
def test_every_judged_phase_of_a_tier_has_samples_enough_for_a_verdict(name: str, real_pms: bool) -> None:
    tier, table = load_tier(name), load_targets()
    plan = plan_for(name, tier.load | (tier.load_on_real_pms if real_pms else {}))
    for seconds in (getattr(plan, phase) for phase in plan.judged_phases):
        calls = seconds * (plan.availability + plan.reservations)
        assert calls >= table.availability.minimum
        assert calls >= table.error_rate.minimum
        assert int(seconds * plan.reservations) >= table.response_time.minimum
        assert seconds / plan.scrape_interval > table.circuit_breaker.minimum


def test_a_tier_takes_seconds_from_its_table() -> None:
    assert plan_for("pr", {"steady": 5, "arrivals": "uniform"}) == LoadPlan(
        steady=5, outage=10.0, recovered=15.0, arrivals="uniform"
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
    schedule = arrivals(plan, 30.0, seed=1)
    assert [arrival.number for arrival in schedule] == list(range(len(schedule)))
    assert [arrival.at for arrival in schedule] == sorted(arrival.at for arrival in schedule)
    for part in plan.segments(30.0):
        inside = Counter(a.endpoint for a in schedule if part.begin <= a.at < part.begin + part.seconds)
        assert inside["availability"] == round(20 * part.seconds)
        assert inside["reservations"] == round(1.5 * part.seconds)


def test_the_same_seed_gives_the_same_schedule_and_another_seed_another_one() -> None:
    plan = plan_for("smoke")
    assert arrivals(plan, 30.0, seed=1) == arrivals(plan, 30.0, seed=1)
    assert arrivals(plan, 30.0, seed=1) != arrivals(plan, 30.0, seed=2)


def test_uniform_arrivals_come_at_even_gaps() -> None:
    plan = LoadPlan(availability=4, reservations=0, warmup=0, steady=1, arrivals="uniform")
    assert [arrival.at for arrival in arrivals(plan, 30.0, 1)] == [0.125, 0.375, 0.625, 0.875]


def test_poisson_arrivals_have_gaps_as_different_as_their_mean() -> None:
    plan = LoadPlan(availability=100, reservations=0, warmup=0, steady=100)
    times = [arrival.at for arrival in arrivals(plan, 30.0, 1)]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert 0.9 < spread / mean < 1.1


def test_a_plan_without_rates_has_no_arrivals() -> None:
    assert arrivals(LoadPlan(availability=0, reservations=0, arrivals="uniform"), 30.0, 1) == []


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
