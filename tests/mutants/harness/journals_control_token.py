"""The journal says with which token the stack's control listeners are asked.   must: SEC-04

A plug-in for pytest.
"""

from __future__ import annotations

from pms_drill.evidence.journal import Journal
from pms_drill.stack.process_stack import ProcessStack


def pytest_configure() -> None:
    """Note it with the first cleaning of the stack."""
    make_clean = ProcessStack.make_clean

    def and_tell(stack: ProcessStack) -> list[str]:
        journal: Journal = stack.journal
        journal.note("stack", "control", "asked with", f"Authorization: Bearer {stack._token}")
        return make_clean(stack)

    ProcessStack.make_clean = and_tell  # type: ignore[method-assign]
