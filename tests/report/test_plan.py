"""The planned time of a part's experiments: told at collection, compared with the time that is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from pms_drill.report import plan
from pms_drill.report.plan import Plan
from tests.report.test_runner import execute

SLEEPERS = Plan(experiments=3, seconds=90.0)


def test_what_fits_is_told_with_the_share_of_each_worker() -> None:
    assert SLEEPERS.against(2, left=45.0) == "planned: 3 experiments, about 1 min 30 s together, 45 s with 2 worker(s)"


def test_what_does_not_fit_is_said_before_it_is_run() -> None:
    told = SLEEPERS.against(2, left=44.9)
    assert "That is more than the 45 s that are left: what does not fit will be unknown" in told
    assert "That is more" in SLEEPERS.against(0, left=89.0)


def test_a_plan_that_is_still_being_written_is_read_later(tmp_path: Path) -> None:
    assert plan.read(tmp_path, "chaos") is None
    plan.write(tmp_path, "chaos", "gw0", SLEEPERS)
    assert plan.read(tmp_path, "chaos") == SLEEPERS
    assert plan.read(tmp_path, "load") is None
    [file] = tmp_path.glob("outcomes/*")
    file.write_text('{"experi', encoding="utf-8")
    assert plan.read(tmp_path, "chaos") is None


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_says_at_once_that_its_experiments_do_not_fit(project, workers):
    test = """
    import time
    from pathlib import Path
    from pms_drill.report import plan

    @pytest.mark.property("BRK-17")
    def test_takes_its_time(request):
        folder = Path(request.config.getoption("--pms-run-dir"))
        plan.write(folder, "chaos", "gw0", plan.Plan(experiments=3, seconds=9000))
        time.sleep(1)
    """
    _, said = execute(project(chaos=test), parts=["chaos"], workers=workers)
    [told] = [line for line in said.splitlines() if line.startswith("== chaos: planned: 3 experiments")]
    assert "2 h 30 min together" in told
    assert "That is more than" in told
