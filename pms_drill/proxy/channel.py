"""One TCP connection as the proxy uses it: a buffer to take from, a way out, and how it ended."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast

#: Bytes read ahead before the peer is made to wait, and the level at which reading goes on.
_HIGH, _LOW = 256 * 1024, 64 * 1024
_LINGER_0 = struct.pack("ii", 1, 0)


class Bell:
    """Wakes those who wait for a pair of connections: something has changed, look again."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[asyncio.Future[None]] = []

    def ring(self) -> None:
        """Let everybody look again."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until `holds()` is true."""
        while not holds():
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future

    async def within(self, seconds: float, holds: Callable[[], bool]) -> bool:
        """Wait until `holds()` is true, for `seconds` at most. Returns whether it is."""
        try:
            async with asyncio.timeout(seconds):
                await self.until(holds)
        except TimeoutError:
            return False
        return True


class Channel(asyncio.Protocol):
    """One end of the pair.

    Attributes:
        buffer: what arrived and was not taken yet.
        ended: no more bytes will arrive. A client that closes and one that only stops sending look the same.
        lost: nothing can be written any more.
        was_reset: it ended by a reset.
    """

    def __init__(self, bell: Bell, made: Callable[[Channel], None] | None = None) -> None:
        self.buffer = bytearray()
        self.ended = False
        self.lost = False
        self.was_reset = False
        self._bell = bell
        self._made = made
        self._blocked = False
        self._waiting_for_room = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance
        if self._made is not None:
            self._made(self)

    def data_received(self, data: bytes) -> None:
        """Keep what arrived; make the peer wait when it is too much."""
        self.buffer += data
        if len(self.buffer) > _HIGH and not self._waiting_for_room and self._transport is not None:
            self._transport.pause_reading()
            self._waiting_for_room = True
        self._bell.ring()

    def eof_received(self) -> bool:
        """The peer sends no more; it may still read."""
        self.ended = True
        self._bell.ring()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The end."""
        self.ended = self.lost = True
        self.was_reset = isinstance(exc, ConnectionError)
        self._bell.ring()

    def pause_writing(self) -> None:
        """The peer reads too slowly."""
        self._blocked = True

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self._blocked = False
        self._bell.ring()

    def taken(self) -> None:
        """To be called after bytes were taken from the buffer."""
        if self._waiting_for_room and len(self.buffer) < _LOW and self._transport is not None and not self.ended:
            self._waiting_for_room = False
            self._transport.resume_reading()

    def write(self, data: bytes) -> None:
        """Hand bytes over; dropped when the connection is lost."""
        if self._transport is not None and not self.lost:
            self._transport.write(data)

    async def flush(self) -> None:
        """Wait while the peer reads too slowly."""
        if self._blocked:
            await self._bell.until(lambda: not self._blocked or self.lost)

    def close(self) -> None:
        """End it in good order, after what was handed over."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """End it with a reset; what was handed over and not sent is lost."""
        if self._transport is None or self.lost:
            return
        link: socket.socket | None = self._transport.get_extra_info("socket")
        if link is not None:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
        self._transport.abort()
