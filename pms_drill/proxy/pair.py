"""A downstream connection and its upstream connection: messages go across as they are, closes are mirrored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from pms_drill.proxy.channel import Bell, Channel
from pms_drill.proxy.framing import AnswerHead, NotHttp, RequestHead, answer_head, request_head, take_head


class Broken(Exception):
    """The exchange cannot go on; the text is for the ledger."""


class Pair:
    """Attributes: down: towards the client. up: towards the PMS; None until the first request goes there."""

    def __init__(self, down: Channel, bell: Bell, upstream: tuple[str, int], *, content_kept: int) -> None:
        self.down = down
        self.up: Channel | None = None
        self.bell = bell
        self._upstream = upstream
        self._kept = content_kept

    async def next_request(self) -> RequestHead | None:
        """Wait for a request's head; None when either side ended. Raises NotHttp."""
        while True:
            raw = take_head(self.down.buffer)
            self.down.taken()
            if raw is not None:
                with _unread(self.down, raw):
                    return request_head(raw, self._kept)
            if self.down.ended:
                return None
            if self.up is not None and self.up.buffer:  # said without being asked, such as 408 before a close
                self.down.write(bytes(self.up.buffer))
                self.up.buffer.clear()
            if self.up is not None and self.up.ended:
                return None
            await self._change(len(self.down.buffer))

    async def _change(self, seen: int) -> None:
        down, up = self.down, self.up
        await self.bell.until(
            lambda: len(down.buffer) > seen or down.ended or (up is not None and (up.ended or bool(up.buffer)))
        )

    async def dial(self) -> Channel:
        """A new connection to the PMS. Raises Broken."""
        try:
            _, channel = await asyncio.get_running_loop().create_connection(lambda: Channel(self.bell), *self._upstream)
        except OSError as error:
            raise Broken(f"upstream refused: {error.strerror or error}") from error
        return channel

    async def connect(self) -> Channel:
        """The upstream connection of this pair, made when first needed. Raises Broken."""
        if self.up is None:
            self.up = await self.dial()
        return self.up

    def forget_idle_upstream(self) -> None:
        """If the PMS closed the connection while a request was held back, that request gets a new one.

        A web server ends an idle connection after seconds (Apache: 5); a request that is late must still arrive.
        """
        if self.up is not None and self.up.ended:
            self.up.close()
            self.up = None

    async def take_request(self, head: RequestHead) -> bytes:
        """Take the rest of a request without forwarding it. Raises Broken when it does not arrive."""
        pieces = []
        while True:
            pieces.append(head.body.take(self.down.buffer))
            self.down.taken()
            if head.body.complete:
                return b"".join(pieces)
            await self._more_of_request()

    async def send_body(self, head: RequestHead, up: Channel) -> None:
        """Forward the rest of a request as it arrives. Raises Broken."""
        while True:
            piece = head.body.take(self.down.buffer)
            self.down.taken()
            if piece:
                up.write(piece)
                await up.flush()
            if head.body.complete:
                return
            if up.lost:
                raise Broken("upstream gone before the request was complete")
            await self._more_of_request()

    async def _more_of_request(self) -> None:
        if self.down.ended and not self.down.buffer:
            raise Broken("downstream gone before the request was complete")
        await self.bell.until(lambda: bool(self.down.buffer) or self.down.ended)

    async def next_answer(self, head: RequestHead, up: Channel, *, keep: int, interim: bool = True) -> AnswerHead:
        """Wait for an answer's head. Interim answers (1xx) go downstream if `interim`. Raises Broken, NotHttp."""
        while True:
            raw = take_head(up.buffer)
            up.taken()
            if raw is not None:
                with _unread(up, raw):
                    answer = answer_head(raw, head.method, keep)
                if answer.status >= 200 or answer.status == 101:
                    return answer
                if interim:
                    self.down.write(raw)
                continue
            if up.ended and up.buffer:
                self.down.write(bytes(up.buffer))
                raise Broken("upstream closed inside the head of its answer")
            if up.ended:
                raise Broken("upstream closed without an answer")
            await self._more_of_head(up, len(up.buffer))

    async def _more_of_head(self, up: Channel, seen: int) -> None:
        await self.bell.until(lambda: len(up.buffer) > seen or up.ended)

    async def relay_answer(self, answer: AnswerHead, up: Channel) -> None:
        """Deliver an answer as it arrives. Raises Broken when it does not arrive or nobody is there."""
        self.down.write(answer.raw)
        while True:
            piece = answer.body.take(up.buffer)
            up.taken()
            if piece:
                self.down.write(piece)
                await self.down.flush()
            if self.down.lost:
                raise Broken("downstream gone")
            if await self._answer_over(answer, up):
                return

    async def take_answer(self, answer: AnswerHead, up: Channel) -> bytes:
        """Take the rest of an answer without delivering it. Raises Broken when it does not arrive."""
        pieces = []
        while True:
            pieces.append(answer.body.take(up.buffer))
            up.taken()
            if await self._answer_over(answer, up):
                return b"".join(pieces)

    async def _answer_over(self, answer: AnswerHead, up: Channel) -> bool:
        if answer.body.complete:
            return True
        if up.ended and not up.buffer:
            if answer.body.ends_with_connection and not up.was_reset:
                return True
            raise Broken("upstream closed inside the answer")
        await self.bell.until(lambda: bool(up.buffer) or up.ended)
        return False

    async def tunnel(self, first: bytes = b"") -> None:
        """Pass bytes both ways, whatever they are, until one side ends. Raises Broken."""
        up = await self.connect()
        up.write(first)
        while True:
            for source, sink in ((self.down, up), (up, self.down)):
                if source.buffer:
                    sink.write(bytes(source.buffer))
                    source.buffer.clear()
                    source.taken()
                    await sink.flush()
            if self.down.ended or up.ended:
                return
            await self.bell.until(lambda: bool(self.down.buffer or up.buffer) or self.down.ended or up.ended)

    def close(self) -> None:
        """End both sides the way one of them ended."""
        up = self.up
        for side, other in ((self.down, up), (up, self.down)):
            if side is None:
                continue
            if other is not None and other.was_reset:
                side.reset()
            else:
                side.close()


@contextmanager
def _unread(channel: Channel, raw: bytes) -> Iterator[None]:
    """Put bytes back that turn out to be no HTTP, so that they can go across unread."""
    try:
        yield
    except NotHttp:
        channel.buffer[:0] = raw
        raise
