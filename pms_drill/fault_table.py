"""Every fault with the experiment in which an agent meets it, when that runs, and the properties it is judged by.

`pms-drill faults` prints the table, `make docs` writes it into docs/faults.md. What is judged is read from the suites.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from pms_drill import expected
from pms_drill.checks.verdict import Outcome
from pms_drill.faults import catalogue, document
from pms_drill.faults.document import Judged, JudgedTable
from pms_drill.properties import suites
from pms_drill.properties.suites import SuiteTest
from pms_drill.report.coverage import ranges
from pms_drill.report.outcomes import PartOutcomes, read_part

#: Columns with names.
_NAMES = ("fault", "experiment")
_EXPERIMENT = JudgedTable.COLUMNS.index("experiment")


def judged(tests: Sequence[SuiteTest]) -> Judged:
    """Experiment -> ids of the properties that tests of the suites judge by its evidence.

    Raises:
        DrillError: a marker names an experiment that there is not.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    for test in tests:
        if not test.marked("property"):
            continue
        for name in expected.experiments_of(test):
            found[name].add(test.key)
    return {name: frozenset(keys) for name, keys in found.items()}


def page() -> str:
    """The text of docs/faults.md."""
    return document.render(catalogue.chapters(document.DEPLOYED), document.DEPLOYED, judged(suites.read()), told)


def shown(width: int, run_dir: Path | None = None) -> str:
    """The table for a terminal of so many characters: one line a fault, and what is judged under each kind.

    Args:
        run_dir: of a run, whose verdict under each fault becomes the last column.
    """
    faults = [fault for chapter in catalogue.chapters(document.DEPLOYED).values() for fault in chapter]
    found = document.judged_table(faults, judged(suites.read()), told)
    # Names are whole on any terminal, so that they can be copied; the rest is wrapped.
    columns = [Column(name, no_wrap=name in _NAMES) for name in found.COLUMNS]
    table = Table(*columns, box=None, pad_edge=False)
    seen = verdicts(read_part(run_dir, "chaos")) if run_dir else None
    if seen is not None:
        table.add_column("in that run")
    for row in found.rows:
        table.add_row(*row, *([] if seen is None else [seen.get(row[_EXPERIMENT], "not run")]))
    console = Console(width=width, no_color=True)
    with console.capture() as captured:
        console.print("Judged under each of them:\n")
        console.print(*(f"{family}: {ids}." for family, ids in found.common.items()), sep="\n", end="\n\n")
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def verdicts(chaos: PartOutcomes) -> Mapping[str, str]:
    """What a run said of the agent under each experiment: its worst outcome, with the properties, or the count.

    A test that was to run and left no record is unknown.
    """
    outcomes: defaultdict[str, defaultdict[Outcome, list[str]]] = defaultdict(lambda: defaultdict(list))
    reasons: dict[str, str] = {}
    for record in chaos.records:
        hole = record.hole or record.outcome is Outcome.UNKNOWN
        outcomes[record.episode][Outcome.UNKNOWN if hole else record.outcome].append(record.property)
        if record.skip_reason:
            reasons[record.episode] = record.skip_reason.value
    for item in chaos.missing():
        outcomes[item.episode][Outcome.UNKNOWN].append(item.property)
    return {name: _worst(found, reasons.get(name, "")) for name, found in outcomes.items()}


def _worst(found: Mapping[Outcome, Sequence[str]], reason: str) -> str:
    for bad in (Outcome.FAILED, Outcome.UNKNOWN):
        if keys := found.get(bad):
            return f"{bad.value}: {told(set(keys))}"
    if passed := found.get(Outcome.PASSED):
        return f"passed: {len(passed)} tests"
    return f"skipped: {reason}"


def told(ids: Iterable[str]) -> str:
    """Ids for people."""
    return ", ".join(ranges(ids))


def main() -> None:
    """Write docs/faults.md."""
    document.FILE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
