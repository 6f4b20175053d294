"""The way from agent to PMS in https: Toxiproxy, a TLS front, and the HTTP fault proxy as ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pms_drill.faults.controls import Tls
from pms_drill.faults.lifecycle import Place
from pms_drill.faults.tls_front import TlsFront

#: Toxiproxy's proxy in front of the TLS front.
HTTPS_PROXY = "pms-https"


@dataclass(frozen=True)
class HttpsWay:
    """What an agent is given to speak https to the PMS.

    Attributes:
        url: base URL of the PMS.
        authority: file with the certificate to trust, as the agent sees it.
        tls: shows other certificates.
    """

    url: str
    authority: str
    tls: Tls


@contextmanager
def on_loopback(place: Place, folder: Path) -> Iterator[HttpsWay]:
    """The way where everything is a process on this machine.

    Args:
        folder: for certificates and keys; private to the run.
    """
    with TlsFront(place.proxy.upstream, folder) as front:
        proxy = place.toxiproxy.create(HTTPS_PROXY, front.address)
        try:
            yield HttpsWay(f"https://{proxy.listen}", str(front.authority), front)
        finally:
            place.toxiproxy.remove(HTTPS_PROXY)
