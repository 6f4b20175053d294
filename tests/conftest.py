"""For all tests of the project."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    # A shell starts what it puts into the background with Ctrl-C ignored, and children inherit that; tests of what
    # Ctrl-C does would then wait in vain, here and in the programs that they start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
