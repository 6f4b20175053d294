"""The nemesis does what was decided, proves what it can, and leaves nothing behind."""

from __future__ import annotations

import httpx
import pytest

from pms_drill.errors import DrillError
from pms_drill.evidence.journal import Journal
from pms_drill.faults import lifecycle, variants
from pms_drill.faults.http_rules import HttpRule
from pms_drill.faults.lifecycle import Place
from pms_drill.faults.nemesis import Nemesis
from pms_drill.faults.scale import Scale
from pms_drill.faults.schedule import Schedule
from tests.proxy.conftest import BOOKING, Net, eventually

SCALE = Scale(0.3, 2, 0.9)
MIXED = {
    "name": "mixed",
    "duration": 1.2,
    "fault": [
        {"fault": "slow", "from": 0.0, "to": 0.9},
        {"fault": "server_error", "path": "/api/hotels", "from": 0.2, "to": 0.7},
        {"fault": "refused", "from": 0.3, "to": 0.5},
        {"fault": "some_fail", "level": 1.0, "from": 0.95, "to": 1.1},
    ],
}


def nemesis(place: Place, seed: int = 1, plan: dict = MIXED) -> Nemesis:
    return Nemesis(Schedule.model_validate(plan), seed, SCALE, place)


def works(net: Net, place: Place) -> bool:
    answer = httpx.post(f"http://{place.proxy.listen}/api/bookings", timeout=2, trust_env=False)
    return answer.content == BOOKING and net.control.rules() == [] and place.proxy.toxics == []


def test_faults_act_together_and_everything_is_proved_and_gone(net: Net, place: Place, journal: Journal) -> None:
    acts = nemesis(place)
    acts.rehearse()
    acts.start()
    acts.wait()
    acts.heal()
    assert acts.outcome.trouble == []
    assert acts.outcome.done == list(acts.decisions)
    assert acts.outcome.proven
    assert works(net, place)
    told = [event.detail for event in journal.events if event.kind == "nemesis" and event.what == "decided"]
    assert told == [str(step) for step in acts.decisions]


def test_heal_of_one_fault_leaves_the_others_in_force(net: Net, place: Place) -> None:
    slow, answers, refused, _ = MIXED["fault"]
    longer = [{**slow, "to": 30}, {**answers, "to": 30}, {**refused, "to": 2.5}]
    acts = nemesis(place, plan={"name": "longer", "duration": 30, "fault": longer})
    acts.start()
    try:
        eventually(lambda: [step for step in acts.outcome.done if step.act == "arm"], lambda armed: len(armed) == 3)
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://{place.proxy.listen}/x", timeout=1, trust_env=False)
        eventually(lambda: [step for step in acts.outcome.done if step.act == "heal"], lambda healed: len(healed) == 1)
        assert [toxic.type for toxic in place.proxy.toxics] == ["latency"]
        assert len(net.control.rules()) == 1
    finally:
        acts.heal()
    assert works(net, place)


def test_stopped_midway_it_heals_what_acts(net: Net, place: Place) -> None:
    acts = nemesis(place)
    acts.rehearse()
    acts.start()
    eventually(lambda: acts.acting, lambda found: len(found) >= 2)
    acts.heal()
    assert acts.acting == []
    assert not acts.outcome.proven or len(acts.outcome.done) < len(acts.decisions)
    assert works(net, place)


@pytest.mark.parametrize("error", [DrillError("the control was busy"), OSError(28, "No space left on device")])
def test_heal_that_failed_at_its_time_is_tried_again_at_the_end(
    net: Net, place: Place, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    plan = {"name": "x", "duration": 30, "fault": [{"fault": "server_error", "from": 0, "to": 0.3}]}
    acts = nemesis(place, plan=plan)
    with monkeypatch.context() as broken:

        def fails(*_: object, **__: object) -> None:
            raise error

        broken.setattr(net.control, "remove_rule", fails)
        acts.start()
        eventually(lambda: acts.outcome.trouble, lambda trouble: len(trouble) == 1)
        assert acts.acting != []
    acts.heal()
    assert acts.acting == []
    assert works(net, place)
    assert [(fate.armed, fate.healed) for fate in acts.outcome.fates.values()] == [(1, 1)]
    assert not acts.outcome.proven  # it acted longer than was decided


def test_rule_that_cannot_be_counted_is_healed(net: Net, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = {"name": "x", "duration": 30, "fault": [{"fault": "server_error", "from": 0, "to": 30}]}
    acts = nemesis(place, plan=plan)
    acts.start()
    eventually(lambda: acts.outcome.done, lambda done: len(done) == 1)
    rules, answers = net.control.rules, iter([DrillError("no answer")])

    def once() -> list:
        for error in answers:
            raise error
        return rules()

    monkeypatch.setattr(net.control, "rules", once)
    acts.heal()
    assert "cannot be counted" in acts.outcome.trouble[0]
    assert works(net, place)


def test_rehearsal_finds_a_fault_without_effect(net: Net, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "PROOF_LIMIT_S", 0.2)
    monkeypatch.setattr(variants.Match, "as_json", lambda match: {"path": "/elsewhere"})
    plan = {"name": "x", "duration": 1, "fault": [{"fault": "server_error", "from": 0, "to": 0.5}]}
    acts = nemesis(place, plan=plan)
    acts.rehearse()
    assert not acts.outcome.proven
    assert "server_error" in acts.outcome.trouble[0]
    acts.heal()
    assert works(net, place)


def test_rule_that_guests_met_counts_its_requests(net: Net, place: Place) -> None:
    plan = {"name": "x", "duration": 30, "fault": [{"fault": "server_error", "from": 0, "to": 30}]}
    acts = nemesis(place, plan=plan)
    acts.start()
    eventually(lambda: acts.outcome.done, lambda done: len(done) == 1)
    rule = next(iter(acts._faults.values())).action
    assert isinstance(rule, HttpRule)
    eventually(net.control.rules, lambda rules: len(rules) == 1)
    for _ in range(3):
        assert httpx.get(f"http://{place.proxy.listen}/x", timeout=1, trust_env=False).status_code == 500
    acts.heal()
    assert [fate.acted for fate in acts.outcome.fates.values()] == [3]


def test_nothing_that_never_acted_is_proven(net: Net, place: Place) -> None:
    acts = nemesis(place)
    acts.rehearse()
    acts.heal()
    assert not acts.outcome.proven
