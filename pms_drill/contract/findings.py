"""The list of known defects of the PMS, and what a run saw of them.

Each worker writes what it saw to a file of its own; the report makes the list of findings from all of them.
"""

from __future__ import annotations

import json
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pms_drill.checks import findings
from pms_drill.checks.findings import Finding, Sighting
from pms_drill.checks.verdict import Verdict
from pms_drill.errors import DrillError

KNOWN = Path("contracts") / "pms" / "known-findings.toml"
ROOT = Path(__file__).resolve().parents[2]
#: Folder below a run's folder.
FOLDER = "findings"


@dataclass(frozen=True)
class Looked:
    """What one test that looked for a defect of the PMS saw."""

    seen: bool
    sentence: str
    witness: str


class FindingBook:
    """Compares what a test saw of one defect with what is known, and notes it.

    Args:
        known: by id.
        file: gets one JSON line for each time the defect was looked for; made with the first.
        key: stable id of the defect, as the test is marked.
    """

    def __init__(self, known: Mapping[str, Finding], file: Path, key: str) -> None:
        self._known = known
        self._file = file
        self._key = key

    def judge(self, sighting: Sighting) -> Verdict:
        """Note and judge what an experiment saw; unknown when nothing could have shown the defect.

        Raises:
            DrillError: it saw another defect than the test is marked with.
        """
        if sighting.key != self._key:
            raise DrillError(f"a test that looks for {self._key} has seen {sighting.key}", todo="mend its marker")
        if sighting.seen is None:
            return findings.not_provoked(sighting)
        return self.compare(seen=sighting.seen, sentence=sighting.sentence, witness=sighting.witness)

    def compare(self, *, seen: bool, sentence: str, witness: str) -> Verdict:
        """Note whether the PMS shows the defect, and judge it.

        Args:
            seen: whether the PMS shows it now.
            sentence: what it does wrong, for a defect that is not written down yet.
            witness: what was seen.
        """
        known = self._known.get(self._key)
        told = known.sentence if known else sentence
        line = {"id": self._key, "seen": seen, "sentence": told, "witness": witness}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        return findings.judge_finding(findings.compare(seen, known is not None), told, witness)


def load(root: Path = ROOT) -> dict[str, Finding]:
    """Read the list of a project.

    Raises:
        DrillError: it cannot be read or is not written as it should be.
    """
    path = root / KNOWN
    try:
        return findings.read(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise DrillError(
            f"the list of known findings cannot be used: {error}",
            where=str(path),
            todo="give each [[finding]] an id, a sentence, since and source",
        ) from error


def looked_for(run_dir: Path) -> dict[str, Sequence[Looked]]:
    """What all workers of a run saw, by id; nothing of what nobody looked for.

    Raises:
        ValueError, KeyError: a line is not as it should be.
        OSError: a file cannot be read.
    """
    found: defaultdict[str, list[Looked]] = defaultdict(list)
    for path in sorted((run_dir / FOLDER).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            found[entry["id"]].append(Looked(entry["seen"], entry["sentence"], entry["witness"]))
    return dict(found)
