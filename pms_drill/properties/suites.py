"""What the suites say about properties and findings, read from their source: which test judges which, by which check.

The tests are not imported, so that this works without a stack and costs a few milliseconds.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("contracts", "chaos", "load")
#: Markers that name what a test judges: a property, or a defect of the PMS that it looks for.
_JUDGES = ("property", "finding")


@dataclass(frozen=True)
class Mark:
    """A marker of pytest on a test or on its module."""

    name: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True)
class SuiteTest:
    """A test of the suites.

    Attributes:
        file: below the project, with slashes.
        name: of the function.
        line: where it begins.
        key: id of the property that it judges, or of the defect of the PMS that it looks for; empty for none.
        checks: dotted names of the functions whose verdicts it claims; empty for a test of plain assertions.
        sentence: first line of its docstring.
        fixtures: names of its arguments, parameters included.
        marks: its markers and its module's; arguments that are no plain text are left out.
    """

    file: str
    name: str
    line: int
    key: str
    checks: tuple[str, ...]
    sentence: str = ""
    fixtures: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def part(self) -> str:
        """contracts, chaos, load, or "run" for what the runner judges."""
        first = self.file.partition("/")[0]
        return first if first in PARTS else "run"

    @property
    def nodeid(self) -> str:
        """As pytest has it, without parameters."""
        return f"{self.file}::{self.name}"

    def marked(self, name: str) -> list[Mark]:
        """Its markers of this name, the nearest first."""
        return [mark for mark in self.marks if mark.name == name]


#: What the runner judges at the end of a run, on everything that the run left.
_SEARCH = "pms_drill/report/secret_search.py"
BY_THE_RUNNER = [
    SuiteTest(_SEARCH, "search", 1, f"SEC-0{number}", ("pms_drill.checks.secrets.nothing_leaked",))
    for number in (1, 2, 3, 4)
]


def judging(root: Path = ROOT) -> list[SuiteTest]:
    """Every test of contracts, chaos and load that carries a property, by file and line; then those of the runner."""
    return [test for test in read(root) if test.marked("property")] + BY_THE_RUNNER


def looking(root: Path = ROOT) -> list[SuiteTest]:
    """Every test that looks for a defect of the PMS, by file and line."""
    return [test for test in read(root) if test.marked("finding")]


def read(root: Path = ROOT) -> list[SuiteTest]:
    """Every test of contracts, chaos and load, by file and line; one for each property that it carries."""
    files = [path for part in PARTS for path in sorted((root / part).rglob("test_*.py"))]
    return [test for path in files for test in _in(path, path.relative_to(root).as_posix())]


def _in(path: Path, file: str) -> Iterator[SuiteTest]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError:
        return  # pytest cannot collect it either, and says where it is wrong
    names = dict(_imports(tree))
    named = dict(_named_marks(tree))
    around = named.get("pytestmark", ())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            marks = tuple(mark for decorator in node.decorator_list for mark in _marks(decorator, named))
            for key in [mark.args[0] for mark in marks if mark.name in _JUDGES and mark.args] or [""]:
                yield SuiteTest(
                    file,
                    node.name,
                    node.lineno,
                    key,
                    tuple(_claims(node, names)),
                    sentence=(ast.get_docstring(node) or "").partition("\n")[0].rstrip("."),
                    fixtures=tuple(argument.arg for argument in node.args.args),
                    marks=(*marks, *around),
                )


def _named_marks(tree: ast.Module) -> Iterator[tuple[str, tuple[Mark, ...]]]:
    """`leaves_doubt = pytest.mark.only_under("late_request")`, and `pytestmark`, which holds for the whole module."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
            yield node.targets[0].id, tuple(mark for value in values for mark in _marks(value, {}))


def _marks(node: ast.expr, named: Mapping[str, tuple[Mark, ...]]) -> Iterator[Mark]:
    if isinstance(node, ast.Name):
        yield from named.get(node.id, ())
        return
    called = node.func if isinstance(node, ast.Call) else node
    text = ast.unparse(called)
    if text.startswith("pytest.mark."):
        args = node.args if isinstance(node, ast.Call) else []
        plain = [argument.value for argument in args if isinstance(argument, ast.Constant)]
        yield Mark(text.removeprefix("pytest.mark."), tuple(value for value in plain if isinstance(value, str)))


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
