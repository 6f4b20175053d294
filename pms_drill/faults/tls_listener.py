"""The listening part of a TLS front, as a coroutine; and as a program, for a container.

`python -m pms_drill.faults.tls_listener UPSTREAM HOST PORT FOLDER` takes the certificates (NAME.pem) and the name of
the one to show (file `shown`, read at each handshake) from a folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

_PIECE = 65536
#: File in the folder with the name of the certificate that is shown.
SHOWN = "shown"


class TlsListener:
    """Takes TLS connections and passes their bytes on in plain.

    Args:
        upstream: "host:port" that it passes on to.
        files: name -> file with key and certificate, as PEM.
        shown: asked at each handshake for the name of the certificate to show.
    """

    def __init__(self, upstream: str, files: Mapping[str, Path], shown: Callable[[], str]) -> None:
        host, _, port = upstream.rpartition(":")
        self._upstream = (host, int(port))
        self._contexts = {name: _server_context(pem) for name, pem in files.items()}
        self._shown = shown
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, host: str, port: int) -> int:
        """Begin to listen; gives the port."""
        first = self._contexts[self._shown()]
        # Called for each ClientHello, also for one without a name: the certificate is chosen there.
        first.sni_callback = self._choose
        self._server = await asyncio.start_server(self._serve, host, port, ssl=first)
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def close(self) -> None:
        """Close all connections."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _choose(self, handshake: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        handshake.context = self._contexts[self._shown()]

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


async def _run(listener: TlsListener, host: str, port: int) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await listener.listen(host, port)
    await ended.wait()
    await listener.close()


def _main(upstream: str, host: str, port: str, folder: Path) -> None:
    files = {file.stem: file for file in folder.glob("*.pem") if file.stem != "authority"}
    listener = TlsListener(upstream, files, lambda: (folder / SHOWN).read_text(encoding="ascii").strip())
    asyncio.run(_run(listener, host, int(port)))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
