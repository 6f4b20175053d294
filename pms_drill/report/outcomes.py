"""What is written per test while a part runs: the tests that were collected, and one record of each that ended.

Both are JSON lines in `<run>/outcomes/`: `<part>-<worker>.items.jsonl` and `<part>-main.jsonl`. They survive a killed
session, so that a test without a record can be told from a test that was never asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pms_drill.checks.verdict import Outcome, SkipReason
from pms_drill.target import Target

FOLDER = "outcomes"
_ITEMS = ".items.jsonl"
_LEFT_OUT = ".left-out.jsonl"
_GENERATED = ".generated.jsonl"


class RunContext(BaseModel):
    """What one must type to get the same run again.

    Attributes:
        seed: of everything random in the run.
        tier, stack, profile: the run's options; only those that differ from the defaults are repeated.
        target: addresses of a system that ran already; empty if the stack started one.
    """

    model_config = ConfigDict(frozen=True)

    seed: int = 0
    tier: str = "pr"
    stack: str = "embedded"
    profile: str = "reference-fast"
    target: Target = Target()

    def command(self, part: str, expression: str = "") -> str:
        """One line for a shell: the part, the selection, the seed."""
        words = ["pms-drill run", part]
        if expression:
            words.append(f'-k "{expression}"')
        words.append(f"--pms-seed {self.seed}")
        defaults = RunContext()
        if self.tier != defaults.tier:
            words.append(f"--pms-tier {self.tier}")
        if self.stack != defaults.stack:
            words.append(f"--pms-stack {self.stack}")
        if self.profile != defaults.profile:
            words.append(f"--pms-profile {self.profile}")
        return " ".join([*words, *self.target.words()])


class Item(BaseModel):
    """A test that was collected.

    Attributes:
        nodeid: pytest's id, without the group that xdist appends.
        part: contracts, chaos or load.
        property: id in the catalogue; empty if the test carries none.
        finding: id of the defect of the PMS that it looks for; empty for a test of a property.
        episode: the experiment whose evidence is judged; empty if none.
        sentence: what the test claims.
    """

    nodeid: str
    part: str
    property: str = ""
    finding: str = ""
    episode: str = ""
    sentence: str = ""

    def expression(self) -> str:
        """What `-k` needs to select this test and little else."""
        if judged := self.property or self.finding:
            return " and ".join(filter(None, [judged, self.episode]))
        return self.nodeid.rpartition("::")[2].partition("[")[0] or Path(self.nodeid).stem


class Generated(Item):
    """A test as pytest made it, before anything could deselect it.

    Attributes:
        keywords: what `-k` can match.
    """

    keywords: list[str] = []


class Record(Item):
    """How a test ended.

    Attributes:
        hole: no test judged it: it was to run and did not, or was skipped for a reason that nobody foresaw.
        outcome: as in `pms_drill.checks.verdict`; WAIVED is set by the merge only.
        skip_reason: of a typed skip.
        why: claim and evidence of a failure, error or skip.
        reproduce: the command that shows it again.
        duration: seconds of setup, call and teardown.
        worker: xdist's worker, or "main".
    """

    outcome: Outcome
    skip_reason: SkipReason | None = None
    why: str = ""
    reproduce: str = ""
    duration: float = 0.0
    worker: str = "main"
    hole: bool = False


_One = TypeVar("_One", bound=Item)


class PartOutcomes(BaseModel):
    """Everything known of one part.

    Attributes:
        collected: tests that were asked for.
        generated: tests that pytest made, before anything could deselect them.
        left_out: tests that were collected and deselected, by the tier, by -k or by whatever else.
        records: those that ended; `missing` gives the others.
        damaged: lines that could not be read, because the session was cut while it wrote them.
    """

    part: str
    collected: list[Item] = []
    generated: list[Generated] = []
    left_out: list[Item] = []
    records: list[Record] = []
    damaged: int = 0

    def missing(self) -> list[Item]:
        """Collected tests without a record; a test that was collected twice needs two."""
        left = Counter(record.nodeid for record in self.records)
        without: list[Item] = []
        for item in self.collected:
            if left[item.nodeid]:
                left[item.nodeid] -= 1
            else:
                without.append(item)
        return without


def clean_nodeid(nodeid: str) -> str:
    """The id without `@group`, which xdist appends under `--dist loadgroup`."""
    name = nodeid.rfind("::")
    bracket = nodeid.rfind("]")
    at = nodeid.rfind("@")
    return nodeid[:at] if at > max(name, bracket) and name != -1 else nodeid


def write_items(run_dir: Path, part: str, worker: str, items: Iterable[Item]) -> None:
    """Note which tests a worker collected."""
    folder = run_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(item.model_dump_json() + "\n" for item in items)
    (folder / f"{part}-{worker}{_ITEMS}").write_text(text, encoding="utf-8")


def write_generated(run_dir: Path, part: str, worker: str, items: Iterable[Generated]) -> None:
    """Note which tests pytest made for a worker."""
    folder = run_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(item.model_dump_json() + "\n" for item in items)
    (folder / f"{part}-{worker}{_GENERATED}").write_text(text, encoding="utf-8")


def write_left_out(run_dir: Path, part: str, worker: str, items: Iterable[Item]) -> None:
    """Note which tests a worker deselected; each deselection adds to it."""
    folder = run_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{part}-{worker}{_LEFT_OUT}").open("a", encoding="utf-8") as file:
        file.writelines(item.model_dump_json() + "\n" for item in items)


def append_record(run_dir: Path, record: Record) -> None:
    """Note how a test ended. There is one writer per part."""
    folder = run_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{record.part}-main.jsonl").open("a", encoding="utf-8") as file:
        file.write(record.model_dump_json() + "\n")


def read_part(run_dir: Path, part: str) -> PartOutcomes:
    """Read what a part left, also while it runs or after it was killed."""
    folder = run_dir / FOLDER
    result = PartOutcomes(part=part)
    wanted: Counter[str] = Counter()
    items: dict[str, Item] = {}
    # Every worker collects the same tests; a union keeps those that only one of them saw.
    for path in sorted(folder.glob(f"{part}-*{_ITEMS}")):
        seen: Counter[str] = Counter()
        for item in _read(path, Item, result):
            items[item.nodeid] = item
            seen[item.nodeid] += 1
        wanted |= seen
    result.collected = [items[nodeid] for nodeid in wanted.elements()]
    left_out: dict[str, Item] = {}
    for path in sorted(folder.glob(f"{part}-*{_LEFT_OUT}")):
        for item in _read(path, Item, result):
            left_out[item.nodeid] = item
    result.left_out = list(left_out.values())
    generated: dict[str, Generated] = {}
    for path in sorted(folder.glob(f"{part}-*{_GENERATED}")):
        generated |= {item.nodeid: item for item in _read(path, Generated, result)}
    result.generated = list(generated.values())
    records = folder / f"{part}-main.jsonl"
    if records.is_file():
        result.records.extend(_read(records, Record, result))
    return result


def _read(path: Path, kind: type[_One], part: PartOutcomes) -> Iterator[_One]:
    """The file's lines; a damaged one is counted and left out."""
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield kind.model_validate_json(line)
        except ValidationError:
            part.damaged += 1


def count_lines(run_dir: Path, part: str) -> tuple[int, int]:
    """Tests collected and tests ended so far, for progress lines."""
    part_outcomes = read_part(run_dir, part)
    return len(part_outcomes.collected), len(part_outcomes.records)
