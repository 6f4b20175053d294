"""Every fault with the experiment in which an agent meets it, when that runs, and the properties it is judged by.

`pms-drill faults` prints the table, `make docs` writes it into docs/faults.md. What is judged is read from the suites.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Column, Table

from pms_drill import expected
from pms_drill.faults import catalogue, document
from pms_drill.faults.document import Judged
from pms_drill.properties import suites
from pms_drill.properties.suites import SuiteTest
from pms_drill.report.coverage import ranges

#: Columns with names.
_NAMES = ("fault", "experiment")


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


def shown(width: int) -> str:
    """The table for a terminal of so many characters: one line a fault, and what is judged under each kind."""
    faults = [fault for chapter in catalogue.chapters(document.DEPLOYED).values() for fault in chapter]
    found = document.judged_table(faults, judged(suites.read()), told)
    # Names are whole on any terminal, so that they can be copied; the rest is wrapped.
    columns = [Column(name, no_wrap=name in _NAMES) for name in found.COLUMNS]
    table = Table(*columns, box=None, pad_edge=False)
    for row in found.rows:
        table.add_row(*row)
    console = Console(width=width, no_color=True)
    with console.capture() as captured:
        console.print("Judged under each of them:\n")
        console.print(*(f"{family}: {ids}." for family, ids in found.common.items()), sep="\n", end="\n\n")
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def told(ids: Iterable[str]) -> str:
    """Ids for people."""
    return ", ".join(ranges(ids))


def main() -> None:
    """Write docs/faults.md."""
    document.FILE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
