"""The exit code of a run. Pure.

0 everything passed, 1 a property failed, 2 something is unknown, 10 off target, 11 warning, 12 critical. A figure of
load in the band critical fails its property, too; when nothing but such figures failed, the code is 12 and not 1, so
that "too slow" and "wrong" can be told apart.
"""

from __future__ import annotations

from collections.abc import Iterable

from pms_drill.load.bands import Band

PASSED = 0
FAILED = 1
UNKNOWN = 2

#: Code of each band that is not good, from the mildest to the worst. What a sample is too small to show is not met.
_CODES = {Band.NOT_SHOWN: 10, Band.OFF_TARGET: 10, Band.WARNING: 11, Band.CRITICAL: 12}
#: What `--fail-on` may say -> the first code that is told.
FAIL_ON = {"target": 10, "warning": 11, "critical": 12}


def exit_code(*, failed: bool, unknown: bool, bands: Iterable[Band], fail_on: str = "warning") -> int:
    """The code; 1 wins over 2, and both win over the bands: figures of a broken run mean nothing.

    Args:
        failed: whether any property, not waived, failed for another reason than a figure in the band critical.
        unknown: whether anything could not be proven, or the run is incomplete.
        bands: of the rows that gate. An unknown one counts as unknown.
        fail_on: from which band on the code is not 0: target, warning or critical.
    """
    found = set(bands)
    if failed:
        return FAILED
    if unknown or Band.UNKNOWN in found:
        return UNKNOWN
    worst = max((_CODES[band] for band in found if band in _CODES), default=PASSED)
    return worst if worst >= FAIL_ON[fail_on] else PASSED
