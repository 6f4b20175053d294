"""Whole runs of small projects, by the same code that `pms-drill run` uses."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tenacity import retry, stop_after_delay, wait_fixed

from pms_drill.checks.verdict import Outcome
from pms_drill.errors import DrillError
from pms_drill.report.results import PAGE, PUBLISHED, read_verdict
from pms_drill.runner import Run, RunOptions

PASSES = """
    @pytest.mark.property("PMS-01")
    def test_hotels_are_listed(): pass
"""
HANGS = """
    import os, subprocess, sys, time
    from pathlib import Path

    @pytest.fixture
    def armed():
        yield
        Path("healed").write_text("yes")

    @pytest.fixture
    def program():
        "A program as the harness starts it: in a session of its own, which dies with its parent."
        from pms_drill.stack.process import Program
        child = Program("sleeper", ["sleep", "300"], env={}, cwd=Path.cwd(), log=Path("sleeper.log"))
        child.start()
        yield
        child.stop()

    def test_quick(): pass

    @pytest.mark.property("BRK-18")
    def test_hangs(armed, program):
        Path("pids").write_text(f"{os.getpid()} {os.getppid()}")
        time.sleep(300)
"""

pytestmark = pytest.mark.xdist_group("runner")


def execute(root, *, grace=5.0, **options):
    said = []
    verdict = Run(
        RunOptions(**{"seed": 7, "workers": 0, **options}), root=root, properties=(), say=said.append, grace=grace
    ).execute()
    return verdict, "\n".join(said)


def in_project(root: Path) -> list[psutil.Process]:
    """Living processes whose working directory is the project."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == root:
                found.append(process)
        except psutil.Error:
            continue
    return found


@retry(stop=stop_after_delay(25), wait=wait_fixed(0.1), reraise=True)
def until(condition):
    assert condition()


@pytest.fixture
def started(project):
    """A run in a process of its own, in the middle of a test that hangs."""
    children = []

    def start(workers):
        root = project(contracts=PASSES, chaos=HANGS)
        code = (
            "import sys; from pathlib import Path; from pms_drill.runner import Run, RunOptions\n"
            f"options = RunOptions(parts=['chaos'], seed=7, workers={workers})\n"
            "sys.exit(Run(options, root=Path(sys.argv[1]), properties=(), grace=5.0).execute().exit_code)"
        )
        # The runner itself works elsewhere, so that only its children count as processes of the project.
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(root)], stdout=subprocess.PIPE, text=True, cwd=root.parent
        )
        children.append(child)
        until((root / "pids").exists)
        return root, child

    yield start
    for child in children:
        child.kill()
        child.wait()
        child.stdout.close()


def test_a_run_writes_all_its_results(project):
    root = project(contracts=PASSES, chaos=PASSES.replace("PMS-01", "BRK-01"))
    verdict, said = execute(root, workers=2)
    assert (verdict.exit_code, verdict.complete, verdict.trouble) == (0, True, []), said
    assert (verdict.counts.passed, sorted(verdict.properties)) == (2, ["BRK-01", "PMS-01"])
    folder = root / "runs" / verdict.run_id
    assert (root / "runs" / "latest").resolve() == folder
    assert read_verdict(folder) == verdict
    assert json.loads((folder / "verdict.json").read_text())["schema_version"] == 1
    assert (root / PUBLISHED).read_text() == (folder / PAGE).read_text()
    assert (folder / PAGE).read_text() in said
    assert (folder / "junit.xml").read_text().count("<testcase") == 2
    assert len(list((folder / "allure-results").glob("*-result.json"))) == 2
    assert "seed=7" in (folder / "allure-results" / "environment.properties").read_text()
    assert "1 passed" in (folder / "logs" / "chaos.log").read_text()
    assert {"python", "pytest", "schemathesis", "locust"} <= set(verdict.versions)
    assert not (folder / ".alive.json").exists()


def test_a_failed_property_is_exit_code_1(project):
    root = project(chaos=PASSES.replace("pass", "assert 1 == 2"))
    verdict, said = execute(root, parts=["chaos"])
    assert (verdict.exit_code, verdict.properties["PMS-01"].verdict) == (1, Outcome.FAILED)
    assert 'pms-drill run chaos -k "PMS-01" --pms-seed 7' in said


def test_a_seed_is_drawn_and_told_when_none_is_given(project):
    verdict, said = execute(project(chaos=PASSES), parts=["chaos"], seed=None)
    assert verdict.seed > 0
    assert f"seed {verdict.seed}" in said


def test_a_part_without_tests_is_unknown(project):
    verdict, _ = execute(project(contracts=PASSES, chaos="x = 1"))
    assert (verdict.exit_code, verdict.trouble) == (2, ["chaos: no test was run"])


def test_a_part_that_does_not_exist_on_disk_is_unknown_and_says_why(project):
    verdict, _ = execute(project(contracts=PASSES))
    assert (verdict.exit_code, verdict.complete) == (2, False)
    assert "exit code 4" in verdict.trouble[0]
    assert "file or directory not found: chaos" in verdict.trouble[0]


def test_a_module_that_cannot_be_imported_is_unknown(project):
    verdict, _ = execute(project(chaos="import no_such_module_at_all"), parts=["chaos"])
    assert verdict.exit_code == 2
    (result,) = verdict.properties.values()
    assert "no_such_module_at_all" in result.why


def test_what_a_session_that_had_to_be_killed_left_is_cleaned_by_its_run(project):
    """As containers do, it lives outside of the session's process group and of its tree."""
    leaves = HANGS.replace(
        "    def test_quick(): pass\n",
        """    def test_leaves_something():
        import signal
        from pms_drill.lease import Lease
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        lease = Lease().__enter__()
        away = "import os, sys; os.setsid(); os.fork() and sys.exit(); os.execvp('sleep', ['sleep', '300'])"
        subprocess.run([sys.executable, "-c", away], check=True)
        time.sleep(300)
""",
    )
    root = project(chaos=leaves)
    _, said = execute(root, parts=["chaos"], tier="short", grace=1.0)
    assert "the session of chaos was cut; cleaned what it left" in said
    assert "sleep" in said.partition("cleaned what it left")[2]


def test_past_the_deadline_the_run_is_ended_healed_and_partial(project):
    root = project(contracts=HANGS, chaos=PASSES)
    verdict, said = execute(root, tier="short")
    assert (verdict.exit_code, verdict.complete) == (2, False), said
    assert (root / "healed").exists()
    assert in_project(root) == []
    assert verdict.properties["BRK-18"].verdict is Outcome.UNKNOWN
    assert "contracts: it was ended before its end, the deadline of 10 s had passed" in verdict.trouble
    assert "chaos: it did not run, the deadline of 10 s had passed" in verdict.trouble


def test_a_test_that_ignores_the_end_is_killed(project):
    stubborn = """
        import signal, time
        def test_stubborn():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            time.sleep(300)
    """
    root = project(contracts=stubborn, chaos=PASSES)
    verdict, _ = execute(root, tier="short", grace=1.0)
    assert (verdict.exit_code, verdict.complete) == (2, False)
    assert in_project(root) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_signal_in_the_middle_leaves_nothing_running_and_a_partial_verdict(started, number, workers):
    root, child = started(workers)
    child.send_signal(number)
    output, _ = child.communicate(timeout=40)
    assert child.returncode == 2, output
    assert in_project(root) == []
    assert (root / "healed").exists()
    verdict = read_verdict(root / "runs" / "latest")
    assert (verdict.exit_code, verdict.complete) == (2, False)
    assert any(signal.Signals(number).name in line for line in verdict.trouble)
    assert verdict.properties["BRK-18"].verdict is Outcome.UNKNOWN


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
@pytest.mark.parametrize("workers", [0, 2])
def test_after_kill_9_the_children_go_too_and_the_verdict_is_unknown(started, workers):
    root, child = started(workers)
    child.kill()
    child.wait()
    until(lambda: in_project(root) == [])
    verdict = read_verdict(root / "runs" / "latest")
    assert (verdict.exit_code, verdict.complete) == (2, False)


def test_a_session_that_does_not_end_after_its_last_test_is_ended(project, monkeypatch):
    monkeypatch.setattr("pms_drill.runner._SAY_EVERY_S", 1.0)
    lingers = PASSES + "\n    import atexit, time\n    atexit.register(time.sleep, 300)\n"
    verdict, said = execute(project(chaos=lingers), parts=["chaos"], grace=1.0)
    assert "all its tests had ended and pytest had not" in said
    assert verdict.exit_code == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"parts": ["chaoss"]}, "there is no part 'chaoss'"),
        ({"tier": "hourly"}, "there is no tier 'hourly'"),
        ({"stack": "cloud"}, "there is no stack 'cloud'"),
        ({"fail_on": "bad"}, "--fail-on cannot be 'bad'"),
        ({"profile": "nobody"}, "there is no profile 'nobody'"),
    ],
)
def test_a_wrong_option_is_one_clear_message_and_no_run(project, options, says):
    root = project(chaos=PASSES)
    with pytest.raises(DrillError, match=says):
        Run(RunOptions(**options), root=root)
    assert not (root / "runs").exists()


def test_results_that_cannot_be_written_are_an_error_of_the_user(project):
    root = project(chaos=PASSES)
    (root / "runs").write_text("a file in the way")
    with pytest.raises(DrillError, match="no folder can be made for the results"):
        execute(root)


def test_the_signals_are_as_before_after_a_run(project):
    before = signal.getsignal(signal.SIGTERM)
    execute(project(chaos=PASSES), parts=["chaos"])
    assert signal.getsignal(signal.SIGTERM) is before
