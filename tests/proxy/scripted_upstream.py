"""A PMS side that follows a script on raw sockets and remembers every byte it was sent, and a client like it."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

from tenacity import Retrying, stop_after_delay, wait_fixed

LIMIT_S = 5.0


class Peer:
    """One connection. `received`: all bytes that came. `end`: how it ended, "closed" or "reset"; None while open."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self.received = b""
        self.end: str | None = None
        link.settimeout(LIMIT_S)

    def receive(self) -> bool:
        """Take what comes next; False at the end."""
        try:
            piece = self.link.recv(1 << 16)
        except ConnectionResetError:
            self.end = "reset"
            return False
        self.received += piece
        if not piece:
            self.end = "closed"
        return bool(piece)

    def expect(self, count: int) -> bytes:
        """Receive until there are `count` bytes in all, or the end."""
        while len(self.received) < count and self.receive():
            pass
        return self.received

    def until(self, part: bytes, times: int = 1) -> bytes:
        """Receive until `part` has come so many times, or the end."""
        while self.received.count(part) < times and self.receive():
            pass
        return self.received

    def rest(self) -> bytes:
        """Receive until the end."""
        while self.receive():
            pass
        return self.received

    def send(self, data: bytes, *, bytewise: bool = False) -> None:
        """Send, `bytewise` in as many segments as there are bytes."""
        if not bytewise:
            self.link.sendall(data)
            return
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(len(data)):
            self.link.sendall(data[at : at + 1])

    def finish(self) -> None:
        """Send no more, go on reading."""
        self.link.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.link.close()

    def reset(self) -> None:
        self.link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.link.close()


Script = Callable[[Peer], None]


class ScriptedUpstream:
    """Runs the script of a test for each connection, in a thread of its own."""

    def __init__(self) -> None:
        self.script: Script = lambda peer: None
        self.peers: list[Peer] = []
        self.errors: list[BaseException] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def received(self) -> list[bytes]:
        """What each connection was sent, in the order of connections."""
        return [peer.received for peer in self.peers]

    def finished(self) -> None:
        """Wait for a connection and for the scripts to end; raise what went wrong in them."""
        for attempt in Retrying(stop=stop_after_delay(LIMIT_S), wait=wait_fixed(0.002)):
            with attempt:
                assert len(self._threads) > 1, "nobody has connected"
        for thread in self._threads[1:]:
            thread.join(LIMIT_S)
            assert not thread.is_alive(), "a script of the upstream hangs"
        for error in self.errors:
            raise error

    def refuse(self) -> None:
        """Listen no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def close(self) -> None:
        self.refuse()
        for peer in self.peers:
            peer.close()
        for thread in self._threads:
            thread.join(LIMIT_S)

    def _start(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _ = self._listener.accept()
                peer = Peer(link)
                self.peers.append(peer)
                self._start(lambda peer=peer: self._follow(peer))

    def _follow(self, peer: Peer) -> None:
        try:
            self.script(peer)
        except OSError as error:
            peer.end = peer.end or type(error).__name__
        except BaseException as error:
            self.errors.append(error)


def answering(*answers: bytes, requests_end: bytes = b"\r\n\r\n") -> Script:
    """Gives the answers in turn, each when one more request has come, and then reads until the end."""

    def script(peer: Peer) -> None:
        for number, answer in enumerate(answers, 1):
            peer.until(requests_end, number)
            peer.send(answer)
        peer.rest()

    return script
