"""A failed claim about guests gets a picture of what happened to them, and Allure a copy of it.

A picture decides nothing: one that cannot be drawn is noted (`not_drawn`), and the claim stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import allure
import pytest

from pms_drill.evidence.bundle import Evidence
from pms_drill.report import picture

#: Folder of pictures below the run's.
FOLDER = "pictures"
#: Below the run's folder: what could not be drawn, and why.
_NOT_DRAWN = "not-drawn.txt"
_ADDRESS = re.compile(r"[\w.%+-]+@[\w.-]*\w")


def guests_named(text: str, evidence: Evidence) -> list[str]:
    """Addresses of the evidence's guests that the text of a verdict names, each once."""
    ours = {operation.guest.email.lower() for operation in evidence.operations}
    return [token for token in dict.fromkeys(found.lower() for found in _ADDRESS.findall(text)) if token in ours]


def illustrate(error: BaseException, evidence: Evidence, name: str, run_dir: Path) -> None:
    """Add a note to a failure that names a picture of the guests in its text, if it names any. Never raises.

    Args:
        error: stays the exception that it was, so that whoever judges it sees where it came from.
        name: of the picture's file, and of the attachment.
    """
    with _deciding_nothing(name, run_dir, error):
        if tokens := guests_named(str(error), evidence):
            path = picture.save(run_dir / FOLDER / f"{name}.svg", evidence, name, tokens)
            error.add_note(f"picture   {path.relative_to(run_dir)}")
            svg = allure.attachment_type.SVG
            allure.attach(path.read_text(encoding="utf-8"), name=name, attachment_type=svg)


def overview(evidence: Evidence, name: str, run_dir: Path) -> None:
    """Draw the whole experiment, once. Never raises."""
    with _deciding_nothing(name, run_dir):
        path = run_dir / FOLDER / f"{name}.svg"
        if not path.is_file():
            picture.save(path, evidence, name)


def not_drawn(run_dir: Path) -> list[str]:
    """The pictures of a run that could not be drawn or attached, one line each with the reason."""
    with suppress(OSError):
        return list(dict.fromkeys((run_dir / _NOT_DRAWN).read_text(encoding="utf-8").splitlines()))
    return []


@contextmanager
def _deciding_nothing(name: str, run_dir: Path, error: BaseException | None = None) -> Iterator[None]:
    try:
        yield
    except (Exception, pytest.fail.Exception) as trouble:  # the latter ends a test whose time is up
        told = " ".join(
            f"the picture {name} could not be drawn or attached: {type(trouble).__name__}: {trouble}".split()
        )
        if error is not None:
            error.add_note(f"picture   {told}")
        with suppress(OSError), (run_dir / _NOT_DRAWN).open("a", encoding="utf-8") as file:
            file.write(f"{told}\n")


def pictures(run_dir: Path) -> list[str]:
    """The pictures of a run, below its folder."""
    return [path.relative_to(run_dir).as_posix() for path in sorted((run_dir / FOLDER).glob("*.svg"))]
