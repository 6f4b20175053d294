"""A TLS front: takes TLS connections, shows the certificate that is wanted, and passes the bytes on in plain.

For experiments with an agent that speaks https to the PMS. It stands between Toxiproxy and the HTTP fault proxy, so
that both levels of faults go on working. Certificates are made for the run and trusted by nobody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from pms_drill.errors import DrillError
from pms_drill.faults.certificates import GOOD, make_all

_PIECE = 65536
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
        host, _, port = upstream.rpartition(":")
        self._upstream = (host, int(port))
        self.authority, files = make_all(folder)
        self.context = ssl.create_default_context(cafile=str(self.authority))
        self._contexts = {name: _server_context(pem) for name, pem in files.items()}
        self._shown = GOOD
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tls front", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self.address = ""

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(_LIMIT_S)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections and end the thread."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(_LIMIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LIMIT_S)
        self._loop.close()

    def present(self, certificate: str) -> None:
        """Show this certificate in handshakes from now on; connections that exist are not touched.

        Raises:
            DrillError: there is none of that name.
        """
        if certificate not in self._contexts:
            raise DrillError(f"the TLS front has no certificate {certificate!r}", where=self.address)
        self._shown = certificate

    async def _listen(self) -> asyncio.Server:
        first = self._contexts[GOOD]
        # Called for each ClientHello, also for one without a name: the certificate is chosen there.
        first.sni_callback = self._choose
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=first)

    def _choose(self, handshake: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        handshake.context = self._contexts[self._shown]

    async def _close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, ssl.SSLError):
            up_reader, up_writer = await asyncio.open_connection(*self._upstream)
            try:
                both = [
                    asyncio.ensure_future(_pump(reader, up_writer)),
                    asyncio.ensure_future(_pump(up_reader, writer)),
                ]
                # TLS knows no half-closed connections that matter here: the end of one side ends both.
                _, left = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                for pump in left:
                    pump.cancel()
            finally:
                up_writer.close()
                writer.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while piece := await source.read(_PIECE):
            sink.write(piece)
            await sink.drain()


def _server_context(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    # A resumed session skips the certificate; then a bad one would not be seen.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET
    return context
