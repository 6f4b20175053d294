"""A folder that is no whole QloApps of a supported version is refused with one clear message."""

from __future__ import annotations

from pathlib import Path

import pytest

from pms_drill.errors import DrillError
from pms_drill.stack import qloapps_tree
from pms_drill.stack.qloapps_tree import look


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What is looked at of a release: the files that must be there, and its version."""
    root = tmp_path / "tree"
    for name in qloapps_tree._NEEDED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("<?php\n")
    write_version(root, "1.6.1.0")
    (root / "install" / "index_cli.php").write_text("<?php\n")
    return root


def write_version(root: Path, version: str) -> None:
    (root / "install").mkdir(exist_ok=True)
    (root / "install" / "install_version.php").write_text(f"<?php define('_QLO_INSTALL_VERSION_', '{version}');")


def test_release_tells_its_version_and_has_an_installer(tree: Path) -> None:
    found = look(tree)
    assert (found.version, found.installer) == ("1.6.1.0", True)


def test_installed_tree_tells_the_version_that_was_installed(tree: Path) -> None:
    for file in (tree / "install").iterdir():
        file.unlink()
    settings = "define('_PS_VERSION_', '1.6.1.23');\ndefine('_QLOAPPS_VERSION_', '1.7.0.0');"
    (tree / "config" / "settings.inc.php").write_text(settings)
    found = look(tree)
    assert (found.version, found.installer) == ("1.7.0.0", False)


@pytest.mark.parametrize("version", ["1.5.2.0", "1.6.0.0", "1.8.0.0", "2.0.0"])
def test_version_that_was_not_tried_is_refused(tree: Path, version: str) -> None:
    write_version(tree, version)
    with pytest.raises(DrillError, match=rf"QloApps {version} is not supported"):
        look(tree)


def test_half_a_tree_is_refused_and_what_is_missing_is_named(tree: Path) -> None:
    (tree / "init.php").unlink()
    with pytest.raises(DrillError, match="half a QloApps tree") as error:
        look(tree)
    assert error.value.detail == "missing: init.php"


def test_any_other_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DrillError, match="no QloApps source tree"):
        look(tmp_path)


def test_tree_without_a_version_is_refused(tree: Path) -> None:
    (tree / "install" / "install_version.php").unlink()
    with pytest.raises(DrillError, match="does not tell its version"):
        look(tree)


def test_digest_changes_with_a_file_and_not_with_the_cache_of_another_installation(tree: Path) -> None:
    before = look(tree).digest()
    (tree / "cache").mkdir()
    (tree / "cache" / "class_index.php").write_text("<?php")
    assert look(tree).digest() == before
    (tree / "index.php").write_text("<?php // changed")
    assert look(tree).digest() != before
