"""Recordings as files: `contracts/pms/recordings/<version>/contract.json`, and beside it how long the answers took."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from pms_drill.drift import recording as recordings
from pms_drill.drift import scan
from pms_drill.drift.recording import Recording
from pms_drill.errors import DrillError
from pms_drill.files import replace_text

RECORDINGS = Path(__file__).resolve().parents[2] / "contracts" / "pms" / "recordings"
FILE, TIMES = "contract.json", "contract-times.json"
#: Folder of a run with the recording of the PMS that it had.
OF_A_RUN = "pms-recording"
_VERSION = re.compile(r"QloApps v?(\d+(?:\.\d+)*)")


def versions(folder: Path = RECORDINGS) -> list[str]:
    """The versions of which there is a recording, oldest first."""
    found = [path.parent.name for path in folder.glob(f"*/{FILE}")]
    return sorted(found, key=lambda name: [int(part) for part in re.findall(r"\d+", name)])


def recorded_as(told: str, folder: Path = RECORDINGS) -> str | None:
    """The recorded version that a stack's word for its PMS means ("QloApps 1.6.1.0", "twin of QloApps 1.7.0").

    Returns:
        Its name; empty where that version was never recorded, None where no version is told.
    """
    version = _VERSION.search(told)
    if version is None:
        return None
    return next((one for one in versions(folder) if version[1] == one or version[1].startswith(f"{one}.")), "")


def load(folder: Path) -> Recording:
    """Read the recording in a folder; its source is the folder's name.

    Raises:
        DrillError: there is none, or it cannot be read.
    """
    try:
        times = json.loads((folder / TIMES).read_text(encoding="utf-8")) if (folder / TIMES).exists() else {}
        return recordings.from_text((folder / FILE).read_text(encoding="utf-8"), folder.name, times)
    except (OSError, ValueError) as error:
        raise DrillError(
            f"no recording can be read: {error}", where=str(folder / FILE), todo="record it with pms-drill record"
        ) from error


def save(recording: Recording, folder: Path, secrets: Iterable[str]) -> Path:
    """Write a recording, unless something in it must not be written; gives the file.

    Raises:
        DrillError: the scan found something; nothing is written.
    """
    text = recordings.to_text(recording)
    if found := scan.suspicious(text, secrets):
        raise DrillError(
            "the recording holds what must not be kept; nothing was written",
            where=f"{len(found)} places in the recording of {recording.source}",
            todo="let pms_drill/drift/mask.py replace it",
            detail="\n".join(_with_exchange(text, line) for line in found[:20]),
        )
    folder.mkdir(parents=True, exist_ok=True)
    replace_text(folder / TIMES, json.dumps(dict(recording.milliseconds), indent=1) + "\n")
    replace_text(folder / FILE, text)
    return folder / FILE


def _with_exchange(text: str, sentence: str) -> str:
    """The sentence with the name of the exchange in which the line stands."""
    number = int(sentence.removeprefix("line ").partition(":")[0])
    names = [line for line in text.splitlines()[:number] if line.startswith('  "name": ')]
    return f"{sentence}, in {names[-1].partition(': ')[2].rstrip(',')}" if names else sentence
