"""`pms-drill doctor`."""

from __future__ import annotations

from collections.abc import Callable

from pms_drill import profile as profiles
from pms_drill.doctor.examine import examine
from pms_drill.doctor.show import as_json, as_text
from pms_drill.report.exitcode import PASSED, UNKNOWN
from pms_drill.target import Target


def doctor(stack: str, profile: str, target: Target, *, machine: bool, say: Callable[[str], None]) -> int:
    """Look at everything and tell. Exit code 0, or 2 if something is in the way of a run.

    Args:
        machine: one JSON document at the end instead of tables as they come.

    Raises:
        DrillError: wrong options.
    """
    sections = []
    for section in examine(stack, target, profiles.load(profile)):
        sections.append(section)
        if not machine:
            say(as_text(section))
    usable = not any(section.broken for section in sections)
    if machine:
        say(as_json(stack, profile, sections))
    else:
        say(f"A run on the stack {stack} {'can begin' if usable else 'CANNOT BEGIN: see BROKEN above'}.")
    return PASSED if usable else UNKNOWN
