"""A disk that is full in the middle of a fault: it is healed, all is stopped, and the run is red with the reason."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report.test_full_disk import has_own_mounts

pytestmark = [
    pytest.mark.skipif(not has_own_mounts(), reason="needs-linux: unshare with a file system of one's own"),
    pytest.mark.timeout(120),
]

REPO = Path(__file__).resolve().parents[2]
#: Opens a stack on the small disk, fills the disk while a fault acts, and tells what is left of it.
FULL = """
import sys
from pathlib import Path
import psutil
from pms_drill import profile as profiles
from pms_drill.errors import DrillError
from pms_drill.episodes.guests import GuestBook, Guests
from pms_drill.faults import catalogue
from pms_drill.faults.lifecycle import injected
from pms_drill.lease import Lease
from pms_drill.stack.backends import open_stack

run = Path(sys.argv[1])
(run / "logs").mkdir()
with Lease() as lease:
    try:
        profile = profiles.load("reference-fast")
        with open_stack("embedded", profile, run, label="full", lease=lease, seed=1) as stack:
            with injected(catalogue.server_error(), stack.place) as fault:
                with (run / "fills").open("wb", buffering=0) as sink:
                    try:
                        while True:
                            sink.write(b"x" * 4096)
                    except OSError as error:
                        print("full:", error.strerror)
                guests = Guests(stack.addresses.agent, profile.endpoints, patience=5.0)
                asked = [guests.ask(guest, "full") for guest in GuestBook(1, "full", pms=profile.pms).guests(3)]
                guests.close()
            print("armed:", fault.armed, "rules:", stack.place.fault_proxy.rules())
            entries = [entry for entry in stack.ledger() if entry.rule]
            print("seen by the witness:", len(entries) > 0)
        print("ended without a word")
    except DrillError as error:
        print("told:", error.what)
    print("children:", [child.name() for child in psutil.Process().children() if child.status() != "zombie"])
"""


def test_full_disk_in_a_fault_heals_stops_everything_and_tells(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f'mount -t tmpfs -o size=3m tmpfs "{disk}" || exit 77\n"{sys.executable}" -c "$0" "{disk}"'
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, FULL],
        cwd=REPO,
        env={**os.environ, "PMS_DRILL_STATE": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    # Which of the two, the last page of each file decides: a short line may still fit.
    said = re.sub(r"the (ledger|journal) could", "the evidence could", done.stdout)
    assert said.splitlines() == [
        "full: No space left on device",
        "armed: False rules: []",
        "seen by the witness: True",
        "told: the evidence could not be written: No space left on device",
        "children: []",
    ], done.stderr
    assert list((tmp_path / "state" / "leases").glob("[0-9]*")) == []
