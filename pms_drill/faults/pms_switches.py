"""Faults at the PMS itself: its database, its web service, its key. What a backend cannot do is not in `names`."""

from __future__ import annotations

from typing import Protocol

from pms_drill.checks.verdict import SkipReason
from pms_drill.errors import DrillError


class PmsSwitches(Protocol):
    """Makes faults at the PMS by name, and undoes them.

    Attributes:
        names: what this backend can do; the catalogue (`catalogue_pms`) has a fault for each.
        lacking: why it cannot do another one.
        new_key: the key that the PMS has while `key_rotated` acts.
    """

    names: frozenset[str]
    lacking: SkipReason
    new_key: str

    def arm(self, name: str) -> None:
        """Make it act, and read back what can be read back.

        Raises:
            DrillError: this backend has no such fault, or it did not take.
        """
        ...

    def heal(self, name: str) -> str:
        """Undo it; safe to repeat and without a previous `arm`. Returns what was done, for the journal.

        Raises:
            DrillError: the PMS could not be brought back.
        """
        ...

    def shows(self, name: str) -> bool:
        """Whether it acts, measured at the PMS itself. For faults that no probe through the proxies can show.

        A probe with a writing method never reaches the PMS (docs/architecture.md), so a fault that only writes meet
        is measured here.
        """
        ...

    def make_clean(self) -> list[str]:
        """Undo everything, whoever left it; returns what had to be mended."""
        ...


class NoSwitches:
    """A PMS that nobody can switch, such as one that is only reached by its address."""

    names: frozenset[str] = frozenset()
    lacking = SkipReason.STACK_CANNOT
    new_key = ""

    def arm(self, name: str) -> None:
        """Refuse."""
        raise DrillError(f"this stack cannot make the fault {name} at the PMS", todo="use --pms-stack native")

    def heal(self, name: str) -> str:  # noqa: ARG002
        """Nothing was armed."""
        return "nothing to undo"

    def shows(self, name: str) -> bool:  # noqa: ARG002
        """Nothing acts."""
        return False

    def make_clean(self) -> list[str]:
        """Nothing to mend."""
        return []
