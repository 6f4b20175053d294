"""Names in `.env` and in the environment that are no settings: a misspelt one would be ignored in silence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv import dotenv_values

#: Names that the agent reads besides the fields of its settings.
_FURTHER = ("SSL_CERT_FILE",)
#: What a name looks like. Anything else may be a value that has lost its name, and is never told.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_OURS = "PMS_"
#: How alike a name of somebody else must be to one of ours to be worth a word; between 0 and 1.
_ALIKE = 0.85


def warnings(known: Iterable[str], environment: Mapping[str, str], env_file: Path) -> list[str]:
    """One line for each name that is probably meant as a setting and is none, without its value.

    That is a name that begins with `PMS_`, and in `.env` also one that nearly is another setting's. A line of `.env`
    without `=` is told without its text: it may be a key.

    Args:
        known: names of all settings, in capitals.
        environment: variables of the process.
        env_file: need not be there.
    """
    names = [*known, *_FURTHER]
    values = dotenv_values(env_file, interpolate=False) if env_file.is_file() else {}
    found = [_line("the environment", name, names) for name in environment]
    found += [_line(env_file.name, name, names, of_others=True) for name, value in values.items() if value is not None]
    if any(value is None for value in values.values()):
        found.append(f"{env_file.name}: a line has no '=' and is ignored")
    return [line for line in found if line]


def _line(place: str, name: str, known: list[str], *, of_others: bool = False) -> str:
    asked = name.upper()
    if asked in known or not _NAME.fullmatch(name):
        return ""
    ours = asked.startswith(_OURS)
    if not (ours or of_others):
        return ""
    nearest = difflib.get_close_matches(asked, known, 1, 0.6 if ours else _ALIKE)
    if not (ours or nearest):
        return ""
    return f"{place}: {name} is no setting" + (f"; did you mean {nearest[0]}?" if nearest else "")
