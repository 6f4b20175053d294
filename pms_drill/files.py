"""Files that others read while they are written, and folders that may hold guests' data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

#: Mode of a folder that only its owner may open: ledger, journals and logs of agents may hold guests' names.
PRIVATE = 0o700


def replace_text(path: Path, text: str) -> None:
    """Write a file in one step, so that readers never see half of it, whoever else writes it at the same time.

    Raises:
        OSError: it cannot be written; the file is as it was.
    """
    replace_texts({path: text})


def replace_texts(texts: Mapping[Path, str]) -> None:
    """Write several files that say the same thing: all of them, or none if one cannot be written.

    Each is written beside its place first. What is left to do then needs no more space on the disk.

    Raises:
        OSError: one cannot be written.
    """
    drafts = {path: path.with_name(f".{path.name}.{os.getpid()}.new") for path in texts}
    try:
        for path, draft in drafts.items():
            draft.write_text(texts[path], encoding="utf-8")
        for path, draft in drafts.items():
            draft.replace(path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
