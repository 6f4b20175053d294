"""Which programs each backend needs, and whether they are there. Nothing is downloaded, started or changed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from pms_drill.errors import DrillError
from pms_drill.external import TOXIPROXY
from pms_drill.external.finder import cache_folder
from pms_drill.stack.look import Found, State

#: Extension as `php -m` names it -> end of the name of its Debian package.
_EXTENSIONS = {
    "pdo_mysql": "mysql",
    "gd": "gd",
    "curl": "curl",
    "intl": "intl",
    "soap": "soap",
    "SimpleXML": "xml",
    "dom": "xml",
    "zip": "zip",
    "mbstring": "mbstring",
}
_PATIENCE_S = 10.0


def programs(stack: str) -> Iterator[Found]:
    """What is there for the backend, one row each; what is missing is only in the way of that backend.

    Args:
        stack: embedded, native, compose or external.
    """
    if stack in ("embedded", "native"):
        yield _toxiproxy()
    if stack == "native":
        yield from _php()
        yield _one_of("database server", ("mariadbd", "mysqld"), "mariadb-server")
        yield _tree()
    if stack == "compose":
        yield _docker()
        yield _compose_tool()


def _toxiproxy() -> Found:
    given = os.environ.get(TOXIPROXY.variable, "")
    places = [given or None, shutil.which(TOXIPROXY.executable)]
    places += [str(path) for path in sorted(cache_folder().glob(f"{TOXIPROXY.name}-*/{TOXIPROXY.executable}"))]
    found = next((place for place in places if place and os.access(place, os.X_OK)), None)
    if found:
        return Found("Toxiproxy", State.OK, f"{_first_line([found, *TOXIPROXY.version_args])} ({found})")
    return Found("Toxiproxy", State.MISSING, "not here yet", f"make setup gets it, or set {TOXIPROXY.variable}")


def _php() -> Iterator[Found]:
    if shutil.which("php") is None:
        yield Found("PHP", State.MISSING, "no php on the PATH", "install php-cli (Debian)")
        return
    told = _first_line(["php", "-v"])
    yield Found("PHP", State.OK, told)
    loaded = {line.strip().lower() for line in _output(["php", "-m"]).splitlines()}
    lacking = [name for name in _EXTENSIONS if name.lower() not in loaded]
    if not lacking:
        yield Found("PHP extensions", State.OK, ", ".join(_EXTENSIONS))
        return
    version = re.search(r"PHP (\d+\.\d+)", told)
    prefix = f"php{version[1]}" if version else "php"
    packages = " ".join(sorted({f"{prefix}-{_EXTENSIONS[name]}" for name in lacking}))
    yield Found("PHP extensions", State.MISSING, f"not loaded: {', '.join(lacking)}", f"install {packages} (Debian)")


def _one_of(what: str, names: Sequence[str], package: str) -> Found:
    # Debian keeps servers in a folder that is not on every user's PATH.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    for name in names:
        if found := shutil.which(name, path=path):
            return Found(what, State.OK, f"{_first_line([found, '--version'])} ({found})")
    return Found(what, State.MISSING, f"neither {' nor '.join(names)} is here", f"install {package} (Debian)")


def _tree() -> Found:
    tree = os.environ.get("QLOAPPS_DIR", "")
    if tree and (Path(tree) / "webservice" / "dispatcher.php").is_file():
        return Found("QloApps", State.OK, tree)
    why = f"{tree} has no webservice/dispatcher.php" if tree else "QLOAPPS_DIR is not set"
    return Found("QloApps", State.MISSING, why, "set QLOAPPS_DIR to an unpacked QloApps 1.6.1 or 1.7.0")


def _docker() -> Found:
    from pms_drill.stack.backends import CHECKS

    try:
        CHECKS["compose"]()
    except DrillError as error:
        return Found("Docker", State.MISSING, f"{error.what} ({error.where})", error.todo)
    return Found("Docker", State.OK, "its engine answers")


def _compose_tool() -> Found:
    told = _output(["docker", "compose", "version"]) or _output(["docker-compose", "--version"])
    if told:
        return Found("compose", State.OK, told.splitlines()[0])
    return Found(
        "compose", State.MISSING, "neither docker compose nor docker-compose", "install docker-compose (Debian)"
    )


def _first_line(words: Sequence[str]) -> str:
    return next(iter(_output(words).splitlines()), "it tells no version")


def _output(words: Sequence[str]) -> str:
    try:
        done = subprocess.run(list(words), capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
