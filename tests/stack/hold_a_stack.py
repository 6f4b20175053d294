"""Opens a stack and holds it: `python hold_a_stack.py RUN_DIR READY_FILE [native]`."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import psutil

from pms_drill import profile
from pms_drill.lease import Lease
from pms_drill.stack.embedded import embedded_stack
from pms_drill.stack.native import native_stack


def main() -> None:
    run_dir, ready = Path(sys.argv[1]), Path(sys.argv[2])
    (run_dir / "logs").mkdir(parents=True)
    opens = native_stack if "native" in sys.argv else embedded_stack
    with (
        Lease() as lease,
        opens(profile.load("reference-fast"), run_dir, label="held", lease=lease, seed=1),
    ):
        children = [child.pid for child in psutil.Process().children(recursive=True)]
        ready.with_suffix(".part").write_text(json.dumps(children))
        ready.with_suffix(".part").rename(ready)
        threading.Event().wait(600)


main()
