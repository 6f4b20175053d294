"""The exit code is a table."""

from __future__ import annotations

import pytest

from pms_drill.load.bands import Band
from pms_drill.report.exitcode import exit_code

T, N, OFF, W, C, U = (
    Band.TARGET, Band.NOT_SHOWN, Band.OFF_TARGET, Band.WARNING, Band.CRITICAL, Band.UNKNOWN,
)  # fmt: skip


@pytest.mark.parametrize(
    ("failed", "unknown", "bands", "fail_on", "code"),
    [
        (False, False, [], "critical", 0),
        (False, False, [T, T], "target", 0),
        (True, False, [], "critical", 1),
        (False, True, [], "critical", 2),
        (True, True, [C], "target", 1),
        (False, True, [C], "target", 2),
        (True, False, [U], "critical", 1),
        (False, False, [T, U], "critical", 2),
        (False, False, [C, U], "critical", 2),
        (False, False, [T, N], "warning", 0),
        (False, False, [T, N], "target", 10),
        (False, False, [T, OFF], "critical", 0),
        (False, False, [T, OFF], "warning", 0),
        (False, False, [T, OFF], "target", 10),
        (False, False, [OFF, W], "critical", 0),
        (False, False, [OFF, W], "warning", 11),
        (False, False, [OFF, W], "target", 11),
        (False, False, [OFF, W, C], "critical", 12),
        (False, False, [C], "warning", 12),
        (False, False, [C, T], "target", 12),
    ],
)
def test_exit_code(failed, unknown, bands, fail_on, code):
    assert exit_code(failed=failed, unknown=unknown, bands=bands, fail_on=fail_on) == code


def test_a_warning_is_not_0_unless_somebody_says_so():
    assert exit_code(failed=False, unknown=False, bands=[W]) == 11
