"""What every request passes before it reaches a route: the bound of its body, and the count of its answer.

Pure ASGI, without a task or a queue of its own: it costs a request next to nothing.
"""

from __future__ import annotations

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hotel_agent.metrics import Metrics
from hotel_agent.problems import MEDIA_TYPE, ProblemError, too_large

#: The longest body that is read, in bytes. The longest good one is below 2 KiB, each character spelt as an escape.
LONGEST_BODY = 64 * 1024
#: Operation id of a guest's route -> the label of its answers.
_GUESTS = {"checkAvailability": "availability", "makeReservation": "reservation", "getReservation": "lookup"}
_ADMIN = "/admin/"
#: For load balancers and monitoring, not for people.
_UNCOUNTED = ("/health/", "/metrics", "/openapi.json")


class BoundedBody:
    """Refuses a body that is too long with 413, as soon as that is known and before it is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length")
        if declared is not None:
            # The server keeps a body to its declared length.
            if int(declared) > LONGEST_BODY:
                return await _refusal(too_large(LONGEST_BODY))(scope, receive, send)
        elif b"transfer-encoding" in headers:
            read = await _read(receive)
            if read is None:
                return await _refusal(too_large(LONGEST_BODY))(scope, receive, send)
            receive = _again(read, receive)
        return await self._app(scope, receive, send)


class CountedAnswers:
    """Counts the answers to guests and operators by operation and class of status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"].startswith(_UNCOUNTED):
            return await self._app(scope, receive, send)

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.answered(_operation(scope), message["status"])
            await send(message)

        try:
            await self._app(scope, receive, counted)
        except Exception:
            # The application's outermost layer, which is around this one, answers with 500.
            self._metrics.answered(_operation(scope), 500)
            raise


def _operation(scope: Scope) -> str:
    if scope["path"].startswith(_ADMIN):
        return "admin"
    return _GUESTS.get(getattr(scope.get("route"), "operation_id", ""), "other")


async def _read(receive: Receive) -> list[Message] | None:
    """The messages of a body whose length nobody declared; None when it is too long."""
    messages, length = [], 0
    while True:
        message = await receive()
        messages.append(message)
        length += len(message.get("body", b""))
        if length > LONGEST_BODY:
            return None
        if not message.get("more_body"):
            return messages


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Gives the messages that were read, and then what comes."""
    left = iter(messages)

    async def read_or_receive() -> Message:
        message = next(left, None)
        return await receive() if message is None else message

    return read_or_receive


def _refusal(error: ProblemError) -> JSONResponse:
    """The problem, and the end of the connection: whatever else is sent is not read."""
    problem = error.problem
    return JSONResponse(problem.model_dump(), problem.status, headers={"connection": "close"}, media_type=MEDIA_TYPE)
