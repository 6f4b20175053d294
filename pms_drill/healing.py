"""`pms-drill heal`, and the same before each run: what cut runs left on this machine and at proxies of others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pms_drill import lease
from pms_drill.faults import ahead
from pms_drill.lease import HealReport
from pms_drill.stack.engine import remove_engine_run


def heal(state: Path | None = None) -> HealReport:
    """Clean everything that dead runs left; see `lease.heal`.

    Args:
        state: folder of leases; by default the user's.
    """
    return lease.heal(state, remove_engine_run=remove_engine_run, mend_faults=_mend)


def heal_command(say: Callable[[str], None] = print, *, heal: Callable[[], HealReport] = heal) -> int:
    """Clean and tell. Exit code 0, or 2 if something could not be cleaned."""
    report = heal()
    for line in report.lines():
        say(line)
    return 2 if report.trouble or report.unmended else 0


def _mend(path: Path) -> tuple[list[str], list[str]]:
    mended = ahead.mend(path)
    return mended.done, mended.left
