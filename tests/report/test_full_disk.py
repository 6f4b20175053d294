"""Runs whose disk fills up, on a real small file system: one clear message, no stack trace, verdict unknown."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pms_drill.report.results import read_verdict
from pms_drill.runs import RESERVE

#: Writes 1 MiB in each test, as evidence would; without an end it would fill the disk.
FILLS = """
    import os, time
    from pathlib import Path

    @pytest.fixture
    def armed():
        yield
        Path("healed").write_text("yes")

    @pytest.mark.property("PMS-01")
    @pytest.mark.parametrize("n", range(60))
    def test_evidence_is_written(armed, n):
        folder = Path(os.environ["RESULTS"])
        (folder / f"evidence-{n}").write_bytes(b"x" * 2**20)
        time.sleep(0.2)
"""
RUN = """
import sys
from pathlib import Path
from pms_drill.runner import Run, RunOptions
options = RunOptions(parts=["chaos"], seed=7, workers=0, results=sys.argv[2])
sys.exit(Run(options, root=Path(sys.argv[1]), properties=()).execute().exit_code)
"""


def has_own_mounts() -> bool:
    """Whether a process here may have a file system of its own."""
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "--user", "--map-root-user", "--mount", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not has_own_mounts(), reason="needs-linux: unshare with a file system of one's own")


def run_on_small_disk(root: Path, results: Path, megabytes: int, kept: Path) -> subprocess.CompletedProcess[str]:
    """Run the project with results on a file system of the size; what was written there is copied to `kept`."""
    results.mkdir()
    script = (
        f'mount -t tmpfs -o size={megabytes}m tmpfs "{results}" || exit 77\n'
        f'RESULTS="{results}" "{sys.executable}" -c "$0" "{root}" "{results}"\n'
        "code=$?\n"
        f'cp -r "{results}" "{kept}"\n'
        "exit $code\n"
    )
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, RUN]
    return subprocess.run(command, capture_output=True, text=True, cwd=root.parent, timeout=120, check=False)


def test_a_disk_that_fills_up_ends_the_run_before_it_is_full(project, tmp_path):
    kept = tmp_path / "kept"
    done = run_on_small_disk(project(chaos=FILLS), tmp_path / "disk", RESERVE // 2**20 + 8, kept)
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert "nearly full" in said
    assert "--results" in said
    assert "Traceback" not in said
    assert "No space left" not in said
    verdict = read_verdict((kept / "latest").resolve())
    assert (verdict.exit_code, verdict.complete) == (2, False)
    assert verdict.counts.passed < 60


def test_a_disk_that_is_nearly_full_at_the_start_runs_nothing(project, tmp_path):
    kept = tmp_path / "kept"
    root = project(chaos=FILLS)
    done = run_on_small_disk(root, tmp_path / "disk", RESERVE // 2**20 - 8, kept)
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert "chaos: it did not run, the disk of" in said
    assert "Traceback" not in said
    assert not (root / "healed").exists()


def test_what_was_armed_is_healed_when_the_disk_fills_up(project, tmp_path):
    root = project(chaos=FILLS)
    done = run_on_small_disk(root, tmp_path / "disk", RESERVE // 2**20 + 3, tmp_path / "kept")
    assert done.returncode == 2
    assert (root / "healed").read_text() == "yes"
