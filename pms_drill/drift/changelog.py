"""Renders changes of the PMS's API as a page for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pms_drill.drift.changes import Change, Weight

_MEANS = {
    Weight.BREAKING: "A caller that worked may fail.",
    Weight.RISKY: "A caller may be hurt: look whether yours relies on it.",
    Weight.COMPATIBLE: "Callers that ignore what they do not know are not affected.",
}
_FEW = 4
_HEAD = """\
# Changes of the PMS's API

Made by `pms-drill drift` from recordings of the contract's exchanges (`contracts/pms/exchanges.toml`); do not edit.
Compared are status, content type, headers, error codes and texts, fields with their types, and the class of latency.
Values are not: they belong to a hotel. A change is told once, with the exchanges that show it.
"""


@dataclass(frozen=True)
class Comparison:
    """Two sources and what changed between them.

    Attributes:
        old, new: names of the sources.
        compared: number of exchanges that both have.
        not_compared: name -> why.
        broken: name -> what the new source does against the contract and the old one did not.
    """

    old: str
    new: str
    changes: Sequence[Change]
    compared: int
    not_compared: dict[str, str]
    broken: dict[str, list[str]]

    def number(self, weight: Weight) -> int:
        """How many changes have this weight."""
        return sum(1 for change in self.changes if change.weight is weight)

    @property
    def summary(self) -> str:
        """One line with the figures."""
        counts = ", ".join(f"{self.number(weight)} {weight}" for weight in Weight)
        return f"{self.old} -> {self.new}: {self.compared} exchanges compared; {counts}"


def render(comparisons: Iterable[Comparison]) -> str:
    """The page, newest comparison first."""
    parts = [_HEAD]
    parts += [_section(comparison) for comparison in comparisons]
    return "\n".join(parts)


def _section(comparison: Comparison) -> str:
    lines = [f"## {comparison.old} to {comparison.new}", "", f"{comparison.compared} exchanges compared.", ""]
    for weight in Weight:
        of_weight = [change for change in comparison.changes if change.weight is weight]
        lines += [f"### {weight.capitalize()} ({len(of_weight)})", "", _MEANS[weight], ""]
        if of_weight:
            lines += ["| what | before | after | where |", "|---|---|---|---|"]
            lines += [_row(change) for change in of_weight]
            lines.append("")
    if comparison.broken:
        lines += [f"### Against the contract ({len(comparison.broken)})", ""]
        lines += [f"* `{name}`: {'; '.join(what)}" for name, what in comparison.broken.items()]
        lines.append("")
    if comparison.not_compared:
        lines += [f"### Not compared ({len(comparison.not_compared)})", ""]
        lines += [f"* `{name}`: {why}" for name, why in comparison.not_compared.items()]
        lines.append("")
    return "\n".join(lines)


def _row(change: Change) -> str:
    what, _, rest = change.sentence.partition(": ")
    before, _, after = rest.partition(" -> ")
    return f"| {_cell(what)} | {_cell(before)} | {_cell(after)} | {_where(change.exchanges)} |"


def _where(names: Sequence[str]) -> str:
    told = ", ".join(f"`{name}`" for name in names[:_FEW])
    return told if len(names) <= _FEW else f"{told} and {len(names) - _FEW} more"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
