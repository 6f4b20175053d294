"""Decisions follow from file and seed alone; what a schedule cannot mean is refused with the key's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pms_drill.errors import DrillError
from pms_drill.faults.http_rules import HttpRule
from pms_drill.faults.nemesis import faults_of
from pms_drill.faults.scale import Scale
from pms_drill.faults.schedule import Schedule, Shape, decisions, read
from pms_drill.replay import SHIPPED, find_schedule

SCALE = Scale(0.5, 2, 1.5)
FLAPPING = {"fault": ["hang", "refused"], "shape": "flapping", "from": 1, "to": 9, "on": [0.1, 1], "off": [0.1, 1]}


def schedule(*faults: dict, duration: float = 10) -> Schedule:
    return Schedule.model_validate({"name": "x", "duration": duration, "fault": list(faults)})


def window(fault: str = "hang", begin: float = 1, end: float = 2, **more: object) -> dict:
    return {"fault": fault, "from": begin, "to": end, **more}


def lines(plan: Schedule, seed: int) -> list[str]:
    return [str(step) for step in decisions(plan, seed)]


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.toml")), ids=lambda file: file.stem)
def test_shipped_schedule_gives_the_same_decisions_for_the_same_seed(file: Path) -> None:
    plan = read(file)
    assert decisions(plan, plan.seed) == decisions(read(file), plan.seed)
    assert faults_of(decisions(plan, plan.seed), SCALE)
    assert plan.title


def test_another_seed_gives_other_decisions() -> None:
    assert lines(schedule(FLAPPING), 1) != lines(schedule(FLAPPING), 2)


def test_decisions_are_the_same_on_every_machine_and_version() -> None:
    assert lines(schedule(FLAPPING), 4711)[:4] == [
        "  1.000 s  arm   #1 hang",
        "  1.700 s  heal  #1 hang",
        "  2.580 s  arm   #2 hang",
        "  2.738 s  heal  #2 hang",
    ]


def test_an_entry_more_does_not_change_the_others() -> None:
    alone = {(step.at, step.act) for step in decisions(schedule(FLAPPING), 5)}
    both = {(step.at, step.act) for step in decisions(schedule(FLAPPING, window("slow", 0, 10)), 5)}
    assert both - alone == {(0, "arm"), (10, "heal")}


def test_everything_that_is_armed_is_healed_within_the_schedule() -> None:
    steps = decisions(schedule(FLAPPING, window()), 3)
    assert {step.key for step in steps if step.act == "arm"} == {step.key for step in steps if step.act == "heal"}
    assert all(1 <= step.at <= 9 for step in steps)
    assert [step.at for step in steps] == sorted(step.at for step in steps)


def test_ramp_goes_from_low_to_high_without_a_gap() -> None:
    ramp = {"fault": "slow", "shape": "ramp", "from": 0, "to": 8, "steps": 4, "low": 0.5, "high": 2}
    steps = decisions(schedule(ramp), 1)
    assert [(step.at, step.act, step.variant.level) for step in steps] == [
        (0, "arm", 0.5),
        (2, "heal", 0.5),
        (2, "arm", 1.0),
        (4, "heal", 1.0),
        (4, "arm", 1.5),
        (6, "heal", 1.5),
        (6, "arm", 2.0),
        (8, "heal", 2.0),
    ]


def test_rule_of_a_schedule_acts_on_its_requests_only() -> None:
    narrowed = window("server_error", path="/api/hotels", method="GET", share=0.5)
    [fault] = faults_of(decisions(schedule(narrowed), 8), SCALE).values()
    assert isinstance(fault.action, HttpRule)
    match = fault.action.match
    assert (match.path, match.method, match.share, match.seed) == ("/api/hotels", "GET", 0.5, 8)


def test_faults_that_act_together_have_names_of_their_own() -> None:
    faults = faults_of(decisions(schedule(window("hang", 1, 5), window("hang", 2, 4)), 1), SCALE)
    names = {toxic.name for fault in faults.values() for toxic in fault.action.toxics}  # type: ignore[attr-defined]
    assert len(names) == 2


@pytest.mark.parametrize(
    "pair",
    [("refused", "full_backlog"), ("full_backlog", "slow"), ("agent_killed", "agent_paused"), ("refused", "refused")],
)
def test_faults_that_need_the_same_handle_cannot_act_together(pair: tuple[str, str]) -> None:
    plan = schedule(window(pair[0], 1, 5), window(pair[1], 2, 4))
    with pytest.raises(DrillError, match="cannot act at the same time"):
        faults_of(decisions(plan, 1), SCALE)
    apart = schedule(window(pair[0], 1, 2), window(pair[1], 2, 4))
    assert faults_of(decisions(apart, 1), SCALE)


def test_toxics_and_a_closed_listener_go_together() -> None:
    assert faults_of(decisions(schedule(window("refused", 1, 5), window("slow", 2, 4)), 1), SCALE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('duration = "5s"\n', "fault: Field required"),
        ('duration = "5s"\n[[fault]]\nfault = "hang"\nfrom = "1s"\nto = "6s"\n', "fault 1 ends at 6 s"),
        ('duration = "5s"\n[[fault]]\nfault = "hang"\nfrom = "3s"\nto = "2s"\n', "'to' must be after 'from'"),
        ('duration = "5s"\n[[fault]]\nfault = "hang"\nto = "2s"\nform = "1s"\n', "fault.0.form"),
        ('duration = "5 parsecs"\n[[fault]]\nfault = "hang"\nto = 2\n', "'5 parsecs' is not a duration"),
        ('duration = 5\n[[fault]]\nfault = "hang"\nto = 2\nshape = "flapping"\n', "flapping needs both"),
        ('duration = 5\n[[fault]]\nfault = "hang"\nto = 2\nshape = "ramp"\nlow = 1\n', "a ramp needs both"),
        ('duration = 5\n[[fault]]\nfault = "hang"\nto = 2\nshape = "zigzag"\n', "fault.0.shape"),
        ("duration = \n", "not valid TOML"),
    ],
)
def test_wrong_schedule_is_refused_and_the_key_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DrillError) as caught:
        read(file)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (window("hamg"), "no fault 'hamg'"),
        (window("hang", level=2), "hang has no level"),
        (window("hang", share=0.5), "cannot choose requests"),
    ],
)
def test_fault_that_cannot_be_so_is_refused(entry: dict, said: str) -> None:
    with pytest.raises(DrillError, match=said):
        faults_of(decisions(schedule(entry), 1), SCALE)


def test_unknown_schedule_names_the_known_ones() -> None:
    with pytest.raises(DrillError, match="half-dead"):
        find_schedule("nothing")


def test_every_shape_is_shipped() -> None:
    shapes = {entry.shape for file in SHIPPED.glob("*.toml") for entry in read(file).fault}
    assert shapes == set(Shape)
