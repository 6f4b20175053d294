"""A TLS front: takes TLS connections, shows the certificate that is wanted, and passes the bytes on in plain.

For experiments with an agent that speaks https to the PMS. It stands between Toxiproxy and the HTTP fault proxy, so
that both levels of faults go on working. Certificates are made for the run and trusted by nobody else.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from pms_drill.errors import DrillError
from pms_drill.faults.certificates import GOOD, make_all
from pms_drill.faults.tls_listener import TlsListener

_LIMIT_S = 5.0


class TlsFront:
    """Listens on a free loopback port in a thread with its own loop; a context manager.

    Args:
        upstream: "127.0.0.1:<port>" of the HTTP fault proxy.
        folder: for certificates and keys; private to the run.

    Attributes:
        address: "127.0.0.1:<port>", once entered.
        authority: file with the certificate that clients must trust.
        context: a client's context that trusts it.
    """

    def __init__(self, upstream: str, folder: Path) -> None:
        self.authority, files = make_all(folder)
        self.context = ssl.create_default_context(cafile=str(self.authority))
        self._names = files.keys()
        self._shown = GOOD
        self._listener = TlsListener(upstream, files, lambda: self._shown)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tls front", daemon=True)
        self.address = ""

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        begun = asyncio.run_coroutine_threadsafe(self._listener.listen("127.0.0.1", 0), self._loop)
        self.address = f"127.0.0.1:{begun.result(_LIMIT_S)}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections and end the thread."""
        try:
            asyncio.run_coroutine_threadsafe(self._listener.close(), self._loop).result(_LIMIT_S)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_LIMIT_S)
            self._loop.close()

    def present(self, certificate: str) -> None:
        """Show this certificate in handshakes from now on; connections that exist are not touched.

        Raises:
            DrillError: there is none of that name.
        """
        if certificate not in self._names:
            raise DrillError(f"the TLS front has no certificate {certificate!r}", where=self.address)
        self._shown = certificate
