"""Load judges the agent of the run and no other, whatever its profile inherits."""

from __future__ import annotations

from pathlib import Path

import pytest

from pms_drill import profile as profiles
from pms_drill.doctor.examine import _under_load
from pms_drill.errors import DrillError
from pms_drill.load import judged_under
from pms_drill.profile import deployed, deployed_settings
from pms_drill.runner import Run, RunOptions
from pms_drill.stack.look import State


def write(folder: Path, name: str, text: str) -> str:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ('[agent]\nstart = ["false"]', "agent.start"),
        ('[agent]\nworkdir = "/tmp"', "agent.workdir"),
        ('[agent.env]\nPYTHONPATH = "/elsewhere"', "agent.env.PYTHONPATH"),
        ('[agent.env]\nPMS_FAILOVER = "off"', "agent.env.PMS_FAILOVER"),
        ('[agent.env]\nFEATURE = "on"', "agent.env.FEATURE"),
    ],
)
def test_an_inherited_load_profile_that_would_start_another_agent_is_an_error(
    tmp_path: Path, changes: str, told: str
) -> None:
    mine = write(tmp_path, "mine", f'extends = "reference-fast"\n{changes}\n')
    with pytest.raises(DrillError, match="load would judge another agent") as caught:
        deployed(profiles.load(mine))
    assert told in str(caught.value)
    assert "give [load] profile" in str(caught.value)


def test_an_agent_that_is_changed_two_files_below_is_noticed_too(tmp_path: Path) -> None:
    write(tmp_path, "ours", 'extends = "reference-fast"\n[agent]\nstart = ["ours"]\n')
    mine = write(tmp_path, "mine", 'extends = "ours"\ntitle = "mine"\n')
    with pytest.raises(DrillError, match=r"agent\.start"):
        deployed(profiles.load(mine))


def test_an_inherited_load_profile_serves_the_same_agent_under_other_claims(tmp_path: Path) -> None:
    mine = write(tmp_path, "mine", 'extends = "reference-fast"\ntitle = "mine"\n[pms]\nroom_type = 2\n')
    assert deployed(profiles.load(mine)).name == "reference"


@pytest.mark.parametrize(("named", "found"), [("reference", "reference"), ("", "mine")])
def test_a_profile_that_says_itself_what_is_deployed_is_believed(tmp_path: Path, named: str, found: str) -> None:
    text = f'extends = "reference-fast"\n[agent]\nstart = ["mine"]\n[load]\nprofile = "{named}"\n'
    assert deployed(profiles.load(write(tmp_path, "mine", text))).name == found


def test_a_namesake_in_the_working_directory_does_not_come_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "profiles").mkdir()
    write(tmp_path / "profiles", "reference", '[agent]\nstart = ["another"]\n')
    monkeypatch.chdir(tmp_path)
    assert deployed(profiles.load("reference-fast")).agent.start == ["{python}", "-m", "hotel_agent"]


def test_the_deployed_settings_lie_beside_the_profile_that_names_them(tmp_path: Path) -> None:
    write(tmp_path, "deployed", '[agent]\nstart = ["mine"]\n[breaker]\nrecovery_timeout = "60s"\n')
    mine = write(tmp_path, "mine", '[agent]\nstart = ["mine"]\n[load]\nprofile = "deployed"\n')
    assert deployed_settings(profiles.load(mine)).breaker.recovery_timeout == 60


@pytest.mark.parametrize("name", profiles.known())
def test_each_shipped_profile_loads_its_own_agent(name: str) -> None:
    tried = profiles.load(name)
    judged = deployed(tried)
    assert judged.agent.start == tried.agent.start
    assert judged.failover == tried.failover


def test_a_run_with_load_says_so_before_anything_starts(tmp_path: Path) -> None:
    mine = write(tmp_path, "mine", 'extends = "reference-fast"\n[agent]\nstart = ["false"]\n')
    with pytest.raises(DrillError, match="load would judge another agent"):
        Run(RunOptions(profile=mine, results=str(tmp_path / "runs")))
    assert not (tmp_path / "runs").exists()
    Run(RunOptions(profile=mine, parts=["chaos"], results=str(tmp_path / "runs")))


def test_doctor_foretells_which_agent_load_judges(tmp_path: Path) -> None:
    mine = write(tmp_path, "mine", 'extends = "reference-fast"\n[agent]\nstart = ["false"]\n')
    assert _under_load(profiles.load(mine)).state is State.BROKEN
    told = _under_load(profiles.load("reference-fast"))
    assert (told.state, told.tells) == (State.OK, "this one, under the settings of the profile reference")


def test_the_profile_that_load_used_is_noted_for_the_page(tmp_path: Path) -> None:
    assert judged_under.read(tmp_path) == ""
    judged_under.write(tmp_path, profiles.load("reference"))
    assert judged_under.read(tmp_path) == "reference, which starts: {python} -m hotel_agent"
