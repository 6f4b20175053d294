"""What the suites say about properties and findings, read from their source: which test judges which, by which check.

The tests are not imported, so that this works without a stack and costs a few milliseconds.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("contracts", "chaos", "load")


@dataclass(frozen=True)
class SuiteTest:
    """A test of the suites that carries a property.

    Attributes:
        file: below the project, with slashes.
        name: of the function.
        line: where it begins.
        key: id of the property that it judges, or of the defect of the PMS that it looks for.
        checks: dotted names of the functions whose verdicts it claims; empty for a test of plain assertions.
    """

    file: str
    name: str
    line: int
    key: str
    checks: tuple[str, ...]

    @property
    def part(self) -> str:
        """contracts, chaos, load, or "run" for what the runner judges."""
        first = self.file.partition("/")[0]
        return first if first in PARTS else "run"

    @property
    def nodeid(self) -> str:
        """As pytest has it, without parameters."""
        return f"{self.file}::{self.name}"


#: What the runner judges at the end of a run, on everything that the run left.
_SEARCH = "pms_drill/report/secret_search.py"
BY_THE_RUNNER = [
    SuiteTest(_SEARCH, "search", 1, f"SEC-0{number}", ("pms_drill.checks.secrets.nothing_leaked",))
    for number in (1, 2, 3, 4)
]


def judging(root: Path = ROOT) -> list[SuiteTest]:
    """Every test of contracts, chaos and load that carries a property, by file and line; then those of the runner."""
    return [*_marked("property", root), *BY_THE_RUNNER]


def looking(root: Path = ROOT) -> list[SuiteTest]:
    """Every test that looks for a defect of the PMS, by file and line."""
    return list(_marked("finding", root))


def _marked(marker: str, root: Path) -> Iterator[SuiteTest]:
    for path in (path for part in PARTS for path in sorted((root / part).rglob("test_*.py"))):
        yield from _in(path, path.relative_to(root).as_posix(), marker)


def _in(path: Path, file: str, marker: str) -> Iterator[SuiteTest]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = dict(_imports(tree))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for key in _ids(node, marker):
                yield SuiteTest(file, node.name, node.lineno, key, tuple(_claims(node, names)))


def _ids(node: ast.FunctionDef, marker: str) -> Iterator[str]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == f"pytest.mark.{marker}":
            yield ast.literal_eval(decorator.args[0])


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _claims(node: ast.FunctionDef, names: dict[str, str]) -> Iterator[str]:
    """`claim(breaker.starts_closed(outage))` -> `pms_drill.checks.breaker.starts_closed`."""
    for call in ast.walk(node):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "claim"):
            continue
        if call.args and isinstance(call.args[0], ast.Call):
            first, _, rest = ast.unparse(call.args[0].func).partition(".")
            yield ".".join(filter(None, [names.get(first, first), rest]))
