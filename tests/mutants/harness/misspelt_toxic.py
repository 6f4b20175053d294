"""The delay of a latency toxic is misspelt on its way to the server, which takes it as 0: the fault does nothing.

Every property of an experiment with latency must be unknown. A plug-in for pytest: `-p` and the name of this module.
"""

from __future__ import annotations

from pms_drill.faults.toxics import Latency


def pytest_configure() -> None:
    """Misspell it behind the guard of the typed toxics."""
    Latency.attributes = property(lambda toxic: {"latencyy": toxic.latency, "jitter": toxic.jitter})  # type: ignore[assignment, method-assign]
