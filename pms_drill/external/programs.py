"""The table of external programs: a new one is one more entry."""

from __future__ import annotations

import platform
from dataclasses import dataclass

#: Machine names as Python reports them -> as Go projects name them in their releases.
_ARCHITECTURES = {
    "x86_64": "amd64",
    "amd64": "amd64",
    "aarch64": "arm64",
    "arm64": "arm64",
    "armv7l": "armv7",
    "armv6l": "armv6",
}


@dataclass(frozen=True)
class Release:
    """A release that offers one file per platform, and a file with their SHA-256 sums.

    Attributes:
        url: folder of the release's files.
        variable: environment variable with another folder, for a mirror inside a company.
        asset: name of the executable, or of the archive with it; `{os}` and `{arch}` are filled in.
        checksums: name of the file with lines "<sha256>  <asset>".
        member: path of the executable in the archive, a .tar.gz; empty where the asset is the executable itself.
    """

    url: str
    variable: str
    asset: str
    checksums: str
    member: str = ""


@dataclass(frozen=True)
class GoModule:
    """A program that `go install` builds.

    Attributes:
        package: what `go install` is given, with the version.
        builds: name of the executable that comes out.
        ldflags: linker flags; they set the version that the program reports.
    """

    package: str
    builds: str
    ldflags: str


@dataclass(frozen=True)
class Program:
    """One external program.

    Attributes:
        name: as people call it and as `python -m pms_drill.external` takes it.
        executable: name on the PATH.
        variable: environment variable with the path of the executable; it wins over every other way.
        version: the pinned version. A newer one of the same major version, found on the PATH, is taken too.
        version_args: arguments that make the program print its version.
        release, go: the ways to get it when it is not there; `go` is None where `go install` does not build it.
    """

    name: str
    executable: str
    variable: str
    version: str
    version_args: tuple[str, ...]
    release: Release
    go: GoModule | None = None


#: Names of files: .goreleaser.yml of Shopify/toxiproxy ("archive_binaries", "checksum").
TOXIPROXY = Program(
    name="toxiproxy",
    executable="toxiproxy-server",
    variable="TOXIPROXY_BIN",
    version="2.12.0",
    version_args=("--version",),
    release=Release(
        url="https://github.com/Shopify/toxiproxy/releases/download/v2.12.0",
        variable="TOXIPROXY_RELEASE_URL",
        asset="toxiproxy-server-{os}-{arch}",
        checksums="checksums.txt",
    ),
    go=GoModule(
        package="github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0",
        builds="server",
        ldflags="-s -w -X github.com/Shopify/toxiproxy/v2.Version=2.12.0",
    ),
)

#: Names of files: .promu.yml of prometheus/prometheus ("tarball"), and promu, which makes its releases. Its go.mod
#: replaces modules, so that `go install` refuses to build it. Debian and Ubuntu have it in the package `prometheus`.
PROMTOOL = Program(
    name="promtool",
    executable="promtool",
    variable="PROMTOOL_BIN",
    version="2.42.0",
    version_args=("--version",),
    release=Release(
        url="https://github.com/prometheus/prometheus/releases/download/v2.42.0",
        variable="PROMETHEUS_RELEASE_URL",
        asset="prometheus-2.42.0.{os}-{arch}.tar.gz",
        checksums="sha256sums.txt",
        member="prometheus-2.42.0.{os}-{arch}/promtool",
    ),
)

PROGRAMS = {program.name: program for program in (TOXIPROXY, PROMTOOL)}


def this_platform() -> tuple[str, str]:
    """Operating system and architecture as Go names them, such as ("linux", "amd64")."""
    machine = platform.machine().lower()
    return platform.system().lower(), _ARCHITECTURES.get(machine, machine)
