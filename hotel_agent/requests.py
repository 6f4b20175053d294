"""An id for each request: in every line that is logged for it, in its answer, and in what an unexpected error tells.

Pure ASGI, because Starlette's BaseHTTPMiddleware costs a task and two queues for each request.
"""

from __future__ import annotations

import re
import uuid

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from hotel_agent.logs import logger, trace
from hotel_agent.problems import MEDIA_TYPE, unexpected

#: What is taken for an id that a caller gave: the forms of UUIDs, ULIDs and traces, and nothing that needs escaping.
_SANE = re.compile(rb"[A-Za-z0-9._:=+/-]{1,128}")
_HEADER = b"x-request-id"


class NamedRequests:
    """Gives each request an id, or takes the caller's `X-Request-ID`, and answers it under the same name.

    It is the outermost layer: what reaches it as an exception is logged here, with its trace, and the guest is told the
    id only.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; anything else (the start and the end of the application) is passed on."""
        if scope["type"] != "http":

            async def send_without_trace(message: Message) -> None:
                # The agent tells itself why it could not start, in one line where it is somebody's mistake.
                await send({"type": message["type"]} if message["type"] == "lifespan.startup.failed" else message)

            await self._app(scope, receive, send_without_trace)
            return
        name = _given(scope) or uuid.uuid4().hex
        header = (_HEADER, name.encode())
        begun = False

        async def send_named(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        with bound_contextvars(request=name):
            try:
                await self._app(scope, receive, send_named)
            except Exception as error:  # whatever it is, the log has it and the guest gets an answer
                logger().error("unexpected error", error=type(error).__name__, path=scope["path"], trace=trace(error))
                if not begun:
                    problem = unexpected(name)
                    answer = JSONResponse(problem.model_dump(), problem.status, media_type=MEDIA_TYPE)
                    await answer(scope, receive, send_named)


def _given(scope: Scope) -> str | None:
    """The caller's id, if it gave one and that is sane."""
    for name, value in scope["headers"]:
        if name == _HEADER and _SANE.fullmatch(value):
            found: bytes = value
            return found.decode()
    return None
