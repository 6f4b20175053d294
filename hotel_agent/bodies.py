"""Bodies of the PMS's answers, read with a bound: whatever it sends, the agent keeps no more than that of it."""

from __future__ import annotations

import zlib

import httpx

from hotel_agent.failures import BadAnswer

#: The longest body that is kept, in bytes, decoded or not. Those of QloApps for this agent's calls have a few KiB.
LONGEST_ANSWER = 1024 * 1024
#: What the agent can decode with a bound.
ENCODINGS = "gzip, deflate"
#: zlib finds out itself which of the two it is.
_EITHER = 32 + zlib.MAX_WBITS
_GOOD = (200, 201)


async def bounded(response: httpx.Response) -> httpx.Response:
    """Read the body of a streamed answer and close it; the rest of one that is too long is not read.

    An answer whose status says all there is to know keeps its status, with no body.

    Raises:
        BadAnswer: a good status with a body that is too long or cannot be decoded.
        httpx.TransportError: the connection was lost.
    """
    try:
        content = _decoded(await _read(response), response.headers.get("Content-Encoding", ""))
    except BadAnswer:
        if response.status_code in _GOOD:
            raise
        content = b""
    finally:
        await response.aclose()
    kept = {name: value for name, value in response.headers.items() if name == "retry-after"}
    return httpx.Response(response.status_code, headers=kept, content=content)


async def _read(response: httpx.Response) -> bytes:
    parts, length = [], 0
    async for part in response.aiter_raw():
        length += len(part)
        if length > LONGEST_ANSWER:
            raise BadAnswer(f"a body of more than {LONGEST_ANSWER} bytes")
        parts.append(part)
    return b"".join(parts)


def _decoded(content: bytes, encoding: str) -> bytes:
    match encoding.strip().lower():
        case "" | "identity":
            return content
        case "gzip" | "x-gzip" | "deflate":
            decoder = zlib.decompressobj(_EITHER)
        case _:
            raise BadAnswer("a body of an encoding that was not asked for")
    try:
        plain = decoder.decompress(content, LONGEST_ANSWER + 1)
    except zlib.error:
        raise BadAnswer("the body cannot be decoded") from None
    if len(plain) > LONGEST_ANSWER:
        raise BadAnswer(f"a body of more than {LONGEST_ANSWER} bytes")
    if not decoder.eof:
        raise BadAnswer("the body cannot be decoded")
    return plain
