"""QloApps' own settings file, `config/settings.inc.php`: read and changed as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pms_drill.errors import DrillError

_FILE = Path("config") / "settings.inc.php"


def change(text: str, values: Mapping[str, str]) -> str:
    """The text with other values for constants that it defines.

    Args:
        values: constant, such as "_DB_SERVER_" -> its new value.

    Raises:
        KeyError: the text does not define one of them.
    """
    for name, value in values.items():
        found = re.search(_definition(name), text)
        if found is None:
            raise KeyError(name)
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        text = f"{text[: found.start()]}{found[1]}'{quoted}'{text[found.end() :]}"
    return text


def value(text: str, name: str) -> str:
    """The value of a constant that the text defines.

    Raises:
        KeyError: it does not.
    """
    found = re.search(_definition(name), text)
    if found is None:
        raise KeyError(name)
    return found[2]


def point_at(tree: Path, *, server: str, schema: str, user: str, password: str) -> str:
    """Make a tree use a database; gives the prefix of its tables.

    Raises:
        DrillError: the tree has no settings, or not those that are needed.
    """
    file = tree / _FILE
    try:
        text = file.read_text(encoding="utf-8")
        prefix = value(text, "_DB_PREFIX_")
        wanted = {"_DB_SERVER_": server, "_DB_NAME_": schema, "_DB_USER_": user, "_DB_PASSWD_": password}
        file.write_text(change(text, {**wanted, "_PS_CACHE_ENABLED_": "0"}), encoding="utf-8")
    except (OSError, KeyError) as error:
        raise DrillError(
            f"QloApps' settings cannot be used: {error}",
            where=str(_FILE),
            todo="use a tree of a release, or one that was installed",
        ) from error
    if not re.fullmatch(r"\w*", prefix):
        raise DrillError("the prefix of QloApps' tables is no plain word", where=str(_FILE))
    return prefix


def _definition(name: str) -> str:
    return rf"(define\(\s*'{name}'\s*,\s*)'([^']*)'"
