"""The two ways to get a program that is not on this machine: the pinned release, or a build with Go."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import httpx

from pms_drill import clock
from pms_drill.external.programs import Program, this_platform

#: A machine without the network must get to the next way soon; a slow line may take its time.
_LIMITS = httpx.Timeout(20.0, connect=10.0)
_DOWNLOAD_PATIENCE_S = 180.0
_BUILD_PATIENCE_S = 420.0


class NotObtained(Exception):
    """One way did not lead to the program; the text is the reason. The next way is tried."""


def download(program: Program, folder: Path, say: Callable[[str], None]) -> Path:
    """Fetch the executable of the pinned release into `folder`, checked against the release's own sums.

    Raises:
        NotObtained: no network, no file for this platform, a wrong sum, or too slow.
    """
    system, architecture = this_platform()
    asset = program.release.asset.format(os=system, arch=architecture)
    base = (os.environ.get(program.release.variable) or program.release.url).rstrip("/")
    say(f"downloading {program.name} {program.version} from {base}")
    target = folder / asset
    try:
        with httpx.Client(timeout=_LIMITS, follow_redirects=True) as client:
            sums = client.get(f"{base}/{program.release.checksums}").raise_for_status().text
            expected = _sum_of(asset, sums)
            actual = _save(client, f"{base}/{asset}", target)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotObtained(f"{base}: {error or type(error).__name__}") from error
    if actual != expected:
        target.unlink()
        raise NotObtained(
            f"{base}/{asset} has SHA-256 {actual}, the release's {program.release.checksums} says {expected}"
        )
    if program.release.member:
        member = program.release.member.format(os=system, arch=architecture)
        target = _unpack(target, member, folder / program.executable)
    target.chmod(0o755)
    return target


def _unpack(archive: Path, member: str, target: Path) -> Path:
    """Write one file of a .tar.gz to `target`; nothing else of it is looked at."""
    try:
        with tarfile.open(archive, "r:gz") as files, target.open("wb") as file:
            source = files.extractfile(member)
            if source is None:
                raise NotObtained(f"{member} in {archive.name} is no file")
            shutil.copyfileobj(source, file)
    except (KeyError, tarfile.TarError, EOFError) as error:
        raise NotObtained(f"{archive.name} has no {member}: {error}") from error
    return target


def _sum_of(asset: str, sums: str) -> str:
    """The SHA-256 of `asset` in lines of "<sha256>  <name>"."""
    for line in sums.splitlines():
        words = line.split()
        if len(words) == 2 and words[1].lstrip("*") == asset:
            return words[0].lower()
    raise NotObtained(f"the release has no {asset}")


def _save(client: httpx.Client, url: str, target: Path) -> str:
    """Write the body to `target`; returns its SHA-256."""
    digest = hashlib.sha256()
    # The client's limits hold per read; a dripping server needs a limit for the whole.
    ends = clock.now() + _DOWNLOAD_PATIENCE_S
    with client.stream("GET", url) as answer, target.open("wb") as file:
        answer.raise_for_status()
        for chunk in answer.iter_bytes():
            if clock.now() > ends:
                raise NotObtained(f"{url} took more than {_DOWNLOAD_PATIENCE_S:g} s")
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def build(program: Program, folder: Path, say: Callable[[str], None]) -> Path:
    """Build the program with `go install` into `folder`. Go checks the module's sum by itself.

    Raises:
        NotObtained: no Go, or the build failed or took too long, or it cannot be built that way.
    """
    if program.go is None:
        raise NotObtained(f"{program.name} cannot be built this way")
    go = shutil.which("go")
    if go is None:
        raise NotObtained("no go on the PATH")
    say(f"building {program.name} {program.version} with go, once (about half a minute)")
    # Settings for another platform would put the program elsewhere and make it useless here.
    env = {name: value for name, value in os.environ.items() if name not in ("GOOS", "GOARCH")}
    log = folder / "go.log"
    with log.open("wb") as sink:
        try:
            result = subprocess.run(
                [go, "install", "-trimpath", f"-ldflags={program.go.ldflags}", program.go.package],
                env={**env, "GOBIN": str(folder.absolute())},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                timeout=_BUILD_PATIENCE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotObtained(f"go install: {error}") from error
    made = folder / program.go.builds
    if result.returncode != 0 or not made.is_file():
        last = " / ".join(log.read_text(errors="replace").strip().splitlines()[-3:])
        raise NotObtained(f"go install ended with {result.returncode}: {last}")
    return made
