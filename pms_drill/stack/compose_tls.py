"""The TLS front of the compose stack: a container between Toxiproxy and the fault proxy."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from pms_drill.errors import DrillError
from pms_drill.faults.certificates import GOOD, make_all
from pms_drill.faults.tls_listener import SHOWN
from pms_drill.stack.compose_project import Project
from pms_drill.stack.engine import engine_errors

SERVICE = "tls-front"
PORT = 8443
_START_LIMIT_S = 20.0


class ContainerTls:
    """The project's service `tls-front`, started here.

    Args:
        project: its containers.
        folder: for certificates and keys, mounted for reading; private to the run.
        hosts: names and addresses that clients connect to.

    Attributes:
        address: as other containers know it.
        authority: file with the certificate that clients must trust.
        context: a client's context that trusts it.
    """

    def __init__(self, project: Project, folder: Path, hosts: tuple[str, ...]) -> None:
        self._project = project
        self._shown = folder / SHOWN
        self.authority, files = make_all(folder, hosts)
        self.context = ssl.create_default_context(cafile=str(self.authority))
        self.address = f"{SERVICE}:{PORT}"
        self._names = files.keys()
        self.present(GOOD)
        project.define({"PMS_DRILL_TLS_DIR": str(folder.absolute()), "PMS_DRILL_USER": f"{os.getuid()}:{os.getgid()}"})
        project.up(SERVICE)
        project.wait_until(SERVICE, self._listens, within=_START_LIMIT_S, todo="see what it said")

    def present(self, certificate: str) -> None:
        """Show this certificate in handshakes from now on; connections that exist are not touched.

        Raises:
            DrillError: there is none of that name.
        """
        if certificate not in self._names:
            raise DrillError(f"the TLS front has no certificate {certificate!r}", where=self.address)
        fresh = self._shown.with_suffix(".new")
        fresh.write_text(certificate, encoding="ascii")
        fresh.replace(self._shown)  # in one step: it is read at each handshake

    def remove(self) -> None:
        """Remove the container; its name and label are the run's, so that a heal would do it, too."""
        with engine_errors("remove the TLS front"):
            self._project.container(SERVICE).remove(force=True, v=True)

    def _listens(self) -> bool:
        with engine_errors("look into the TLS front"):
            code, _ = self._project.container(SERVICE).exec_run(["nc", "-z", "127.0.0.1", str(PORT)])
        return bool(code == 0)
