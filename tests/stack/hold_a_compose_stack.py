"""Opens a compose stack with the twin and holds it: `python hold_a_compose_stack.py RUN_DIR READY_FILE`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from pms_drill import profile
from pms_drill.lease import Lease
from pms_drill.stack.compose import compose_stack


def main() -> None:
    run_dir, ready = Path(sys.argv[1]), Path(sys.argv[2])
    (run_dir / "logs").mkdir(parents=True)
    with (
        Lease() as lease,
        compose_stack(profile.load("reference-fast"), run_dir, label="held", lease=lease, seed=1) as up,
    ):
        ready.with_suffix(".part").write_text(up.run)
        ready.with_suffix(".part").rename(ready)
        threading.Event().wait(300)


main()
