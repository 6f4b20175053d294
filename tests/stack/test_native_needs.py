"""What the stack native needs and does not find is named before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pms_drill.errors import DrillError
from pms_drill.stack import mariadb, php, qloapps_pms
from pms_drill.stack.mariadb import Database, DatabaseServer, find_database
from pms_drill.stack.native import look_around
from pms_drill.stack.php import find_php
from tests.stack.test_qloapps_tree import tree

__all__ = ["tree"]

#: Extensions of a PHP that has everything.
COMPLETE = tuple(php._EXTENSIONS)


def program(folder: Path, name: str, script: str) -> None:
    """A program that says what it is told to."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def fake_php(folder: Path, version: str, extensions: tuple[str, ...]) -> None:
    told = "\\n".join(extensions)
    program(folder, "php", f'case "$1" in -m) printf "{told}\\n";; -r) printf "{version}";; esac')


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing but what the test puts there."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(mariadb, "_ALSO", ())
    return tmp_path / "bin"


def test_tree_must_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QLOAPPS_DIR", raising=False)
    with pytest.raises(DrillError, match="needs a QloApps source tree") as error:
        look_around()
    assert "make qloapps" in error.value.todo


def test_missing_php_is_told_with_its_packages(path: Path) -> None:
    with pytest.raises(DrillError, match="needs PHP") as error:
        find_php()
    assert "apt-get install php-cli" in error.value.todo


def test_old_php_is_refused(path: Path) -> None:
    fake_php(path, "7.4.33", COMPLETE)
    with pytest.raises(DrillError, match=r"7\.4\.33 is too old"):
        find_php()


def test_missing_extension_is_told_with_the_package_of_this_php(path: Path) -> None:
    fake_php(path, "8.2.36", tuple(name for name in COMPLETE if name not in ("soap", "gd")))
    with pytest.raises(DrillError, match="gd, soap") as error:
        find_php()
    assert error.value.todo == "apt-get install php8.2-gd php8.2-soap"


def test_complete_php_is_taken(path: Path) -> None:
    fake_php(path, "8.2.36", COMPLETE)
    assert find_php().version == "8.2.36"


def test_missing_database_server_is_told_with_its_package(path: Path) -> None:
    with pytest.raises(DrillError, match="needs a database server") as error:
        find_database()
    assert "mariadb-server" in error.value.todo


@pytest.mark.parametrize(
    ("told", "name", "version"),
    [
        ("mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu", "MariaDB", "10.11.19"),
        ("mysqld  Ver 8.0.45 for Linux on aarch64 (MySQL Community Server - GPL)", "MySQL", "8.0.45"),
    ],
)
def test_database_server_is_known_by_what_it_tells(path: Path, told: str, name: str, version: str) -> None:
    program(path, "mysqld", f'echo "{told}"')
    found = find_database()
    assert (found.name, found.version) == (name, version)


def test_database_that_will_not_start_is_told_with_its_last_lines(tmp_path: Path) -> None:
    program(tmp_path / "bin", "mariadbd", "echo 'Cannot open tablespace'; exit 7")
    server = DatabaseServer(tmp_path / "bin" / "mariadbd", "MariaDB", "10.11.19")
    (tmp_path / "data").mkdir()
    database = Database(server, tmp_path / "data", tmp_path / "database.log", Path("/tmp"))
    with pytest.raises(DrillError, match="ended at start with exit code 7") as error:
        database.start(lambda _pid, _name: None)
    assert "Cannot open tablespace" in error.value.detail


def test_socket_path_that_is_too_long_is_told(tmp_path: Path) -> None:
    server = DatabaseServer(Path("mariadbd"), "MariaDB", "10.11.19")
    with pytest.raises(DrillError, match="too long") as error:
        Database(server, tmp_path, tmp_path / "log", tmp_path / ("x" * 100))
    assert "TMPDIR" in error.value.todo


def test_installed_tree_needs_the_dump_of_its_database(
    tree: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for file in (tree / "install").iterdir():
        file.unlink()
    (tree / "config" / "settings.inc.php").write_text("define('_QLOAPPS_VERSION_', '1.7.0.0');")
    monkeypatch.setattr(qloapps_pms, "find_php", lambda: None)
    monkeypatch.setattr(qloapps_pms, "find_database", lambda: None)
    with pytest.raises(DrillError, match="was installed somewhere") as error:
        qloapps_pms.QloAppsPms(tree, None, rooms_per_type=5)
    assert "QLOAPPS_DUMP" in error.value.todo
    with pytest.raises(DrillError, match="names no file"):
        qloapps_pms.QloAppsPms(tree, tmp_path / "no.sql", rooms_per_type=5)
