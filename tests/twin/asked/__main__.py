"""Asks the QloApps that QLOAPPS_DIR names all cases, and writes what it answered."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.twin.asked import MEASURED
from tests.twin.asked.live import answers, running

with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as stack:
    MEASURED.write_text(json.dumps(answers(stack), indent=0, ensure_ascii=False) + "\n", "utf-8")
