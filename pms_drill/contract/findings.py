"""The list of known defects of the PMS, and what a run saw of them.

Each worker writes what it saw to a file of its own; the report merges them into `findings.json`.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from pms_drill.checks import findings
from pms_drill.checks.findings import Finding, Sighting, Status
from pms_drill.checks.verdict import Verdict
from pms_drill.errors import DrillError

KNOWN = Path(__file__).resolve().parents[2] / "contracts" / "pms" / "known-findings.toml"
#: Folder below a run's folder.
FOLDER = "findings"


class FindingBook:
    """Compares what tests saw with what is known, and notes it.

    Args:
        known: by id.
        file: gets one JSON line per finding looked at; made with the first.
        judged: id of the property that the findings are about, for its row in the results.
    """

    def __init__(self, known: dict[str, Finding], file: Path, judged: str = "") -> None:
        self._known = known
        self._file = file
        self._judged = judged

    def judge(self, sighting: Sighting) -> Verdict:
        """Note and judge what an experiment saw; unknown when nothing could have shown the defect."""
        if sighting.seen is None:
            return findings.not_provoked(sighting)
        return self.compare(sighting.key, seen=sighting.seen, sentence=sighting.sentence, witness=sighting.witness)

    def compare(self, key: str, *, seen: bool, sentence: str, witness: str) -> Verdict:
        """Note whether the PMS shows a defect, and judge it.

        Args:
            key: stable id of the defect.
            seen: whether the PMS shows it now.
            sentence: what it does wrong, for a defect that is not written down yet.
            witness: what was seen.
        """
        known = self._known.get(key)
        told = known.sentence if known else sentence
        status = findings.compare(seen, known is not None)
        if status is not Status.ABSENT:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            line = {
                "id": key,
                "status": status.value,
                "sentence": told,
                "witness": witness,
                "property": self._judged,
            }
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        return findings.judge_finding(status, told, witness)


def load(path: Path = KNOWN) -> dict[str, Finding]:
    """Read the list.

    Raises:
        DrillError: it cannot be read or is not written as it should be.
    """
    try:
        return findings.read(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise DrillError(
            f"the list of known findings cannot be used: {error}",
            where=str(path),
            todo="give each [[finding]] an id, a sentence, since and source",
        ) from error


def merged(run_dir: Path) -> list[dict[str, Any]]:
    """What all workers of a run saw, by id, each once.

    Raises:
        ValueError: a line is not JSON.
        OSError: a file cannot be read.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted((run_dir / FOLDER).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            found[entry["id"], entry["status"]] = entry
    return [found[key] for key in sorted(found)]
