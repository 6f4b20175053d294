"""Opens a compose stack and holds it: `python hold_a_compose_stack.py RUN_DIR READY_FILE`.

With a fault of the catalogue's processes in HOLD_FAULT it is armed, and READY_FILE.armed says so.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from pms_drill import profile
from pms_drill.faults import catalogue
from pms_drill.faults.lifecycle import injected
from pms_drill.lease import Lease
from pms_drill.stack.compose import compose_stack


def main() -> None:
    run_dir, ready = Path(sys.argv[1]), Path(sys.argv[2])
    (run_dir / "logs").mkdir(parents=True)
    with ExitStack() as ends:
        lease = ends.enter_context(Lease())
        up = ends.enter_context(
            compose_stack(profile.load("reference-fast"), run_dir, label="held", lease=lease, seed=1)
        )
        ready.with_suffix(".part").write_text(up.run)
        ready.with_suffix(".part").rename(ready)
        if name := os.environ.get("HOLD_FAULT"):
            ends.enter_context(injected(catalogue.all_faults(0.5, 2)[name], up.place))
            ready.with_suffix(".armed").touch()
        threading.Event().wait(300)


main()
