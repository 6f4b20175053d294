"""Fixtures of the contract with the PMS: what the running PMS answered, and the recording to hold it against.

The twin is held against the recording of the version that it plays, with a list of known divergences. A live QloApps
is held against the recording of its own version and must not differ from it at all. So twin and live are compared with
each other, although they never run side by side.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from pms_drill.checks.verdict import Unproven
from pms_drill.contract.qloapps import QloApps
from pms_drill.drift import divergences, recorder, script, store
from pms_drill.drift.compare import Difference, compare
from pms_drill.drift.divergences import Divergence
from pms_drill.drift.recording import Recording

if TYPE_CHECKING:
    from pms_drill.plugin import Options
    from pms_drill.stack.base import Stack

_TWIN = "twin of "
_VERSION = re.compile(r"QloApps v?(\d+(?:\.\d+)*)")


@dataclass(frozen=True)
class Sources:
    """The running PMS beside the recording of its version.

    Attributes:
        running: what it answered in this run.
        recorded: what QloApps of that version answered.
        is_twin: whether the twin is running.
        listed: known divergences of the twin; none for a live PMS.
        differences: what was found, the recorded one first.
    """

    running: Recording
    recorded: Recording
    is_twin: bool
    listed: list[Divergence]
    differences: list[Difference]

    @property
    def compared(self) -> list[str]:
        """Names of the exchanges that both have."""
        return [name for name in self.recorded.answers if name in self.running.answers]

    @property
    def figures(self) -> str:
        """What a run prints."""
        listed = len(divergences.cells(self.listed))
        return (
            f"{self.running.source}: {len(self.compared)} exchanges compared with the recording of QloApps "
            f"{self.recorded.source}; {len(self.differences)} differences found, {listed} divergences listed"
        )


@pytest.fixture(scope="session")
def pms_sources(stack: Stack, pms: QloApps, options: Options) -> Sources:
    """The contract's exchanges sent to the running PMS once per worker, beside the recording of its version."""
    told = _version(options.run_dir / "versions.json")
    version = _VERSION.search(told)
    recorded = next((name for name in store.versions() if version and _same(version[1], name)), "")
    if not recorded:
        raise Unproven(f"there is no recording of {told}: make one with pms-drill record")
    is_twin = told.startswith(_TWIN)
    where = recorder.Pms(stack.addresses.pms, pms.key, stack.profile.pms.hotel_id)
    running = recorder.record(where, script.load(), source=told, read_only=False)
    fixed = store.load(store.RECORDINGS / recorded)
    untimed = replace(running, milliseconds={})  # a twin without latencies, a machine that is busy
    return Sources(
        running=running,
        recorded=fixed,
        is_twin=is_twin,
        listed=divergences.load(script.load()) if is_twin else [],
        differences=compare(fixed, untimed, with_values=is_twin),
    )


def _version(path: Path) -> str:
    """What the stack says that it runs. Another worker may be writing the same file."""
    for attempt in Retrying(
        stop=stop_after_delay(2), wait=wait_fixed(0.05), retry=retry_if_exception_type(ValueError), reraise=True
    ):
        with attempt:
            return str(json.loads(path.read_text(encoding="utf-8"))["pms"])
    raise AssertionError("not reached")


def _same(running: str, recorded: str) -> bool:
    return running == recorded or running.startswith(f"{recorded}.")
