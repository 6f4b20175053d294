"""A failed claim about guests gets a picture of what happened to them, and Allure a copy of it."""

from __future__ import annotations

import re
from pathlib import Path

import allure

from pms_drill.evidence.bundle import Evidence
from pms_drill.report import picture

#: Folder of pictures below the run's.
FOLDER = "pictures"
_ADDRESS = re.compile(r"[\w.%+-]+@[\w.-]*\w")


def guests_named(text: str, evidence: Evidence) -> list[str]:
    """Addresses of the evidence's guests that the text of a verdict names, each once."""
    ours = {operation.guest.email.lower() for operation in evidence.operations}
    return [token for token in dict.fromkeys(found.lower() for found in _ADDRESS.findall(text)) if token in ours]


def with_picture(text: str, evidence: Evidence, name: str, run_dir: Path) -> str:
    """The text of a failure with a line that names a picture of the guests in it; the same text if it names none.

    Args:
        name: of the picture's file, and of the attachment.

    Raises:
        OSError: the folder cannot be written.
    """
    tokens = guests_named(text, evidence)
    if not tokens:
        return text
    path = picture.save(run_dir / FOLDER / f"{name}.svg", evidence, name, tokens)
    svg = allure.attachment_type.SVG
    allure.attach(path.read_text(encoding="utf-8"), name=name, attachment_type=svg)
    return f"{text}\npicture   {path.relative_to(run_dir)}"


def overview(evidence: Evidence, name: str, run_dir: Path) -> Path:
    """A picture of the whole experiment, drawn once.

    Raises:
        OSError: the folder cannot be written.
    """
    path = run_dir / FOLDER / f"{name}.svg"
    return path if path.is_file() else picture.save(path, evidence, name)


def pictures(run_dir: Path) -> list[str]:
    """The pictures of a run, below its folder."""
    return [path.relative_to(run_dir).as_posix() for path in sorted((run_dir / FOLDER).glob("*.svg"))]
