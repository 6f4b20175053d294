"""The one error a user of the harness can cause or mend."""

from __future__ import annotations


class DrillError(Exception):
    """Something the user must know: what happened, where, and what to do.

    It is printed without a stack trace and ends the run with exit code 2 (unknown), because nothing was proven.

    Args:
        what: the fact, one sentence ("the agent did not become ready in 20 s").
        where: file, setting, address or process it is about.
        todo: what the user can do now.
        detail: evidence such as the last log lines, printed indented below the sentence.
    """

    def __init__(self, what: str, *, where: str = "", todo: str = "", detail: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo
        self.detail = detail

    def __str__(self) -> str:
        """Render for a terminal: one line each for the fact, the place and the remedy."""
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.todo:
            lines.append(f"  to do: {self.todo}")
        if self.detail:
            lines.append("")
            lines.extend(f"    {line}" for line in self.detail.rstrip().splitlines())
        return "\n".join(lines)
