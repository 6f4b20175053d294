"""The HTTP API: routes, problems, headers. What is done stands in the parts it calls."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from structlog.contextvars import get_contextvars

from hotel_agent.edge import BoundedBody, CountedAnswers
from hotel_agent.logs import logger
from hotel_agent.models import (
    Availability,
    BreakerState,
    Liveness,
    Problem,
    Query,
    Readiness,
    Reservation,
    ReservationRequest,
    Wanted,
    WantedList,
)
from hotel_agent.outbox import StoreFailed
from hotel_agent.problems import MEDIA_TYPE, ProblemError, admit_stay, store_failed, unexpected

if TYPE_CHECKING:
    from hotel_agent.agent import Agent

_MAX_KEY = 255
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(agent: Agent, lifespan: Lifespan) -> FastAPI:
    """The web application over an agent's parts."""
    app = FastAPI(
        title="Hotel agent API",
        version="1.0.0",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    _add_problems(app)
    app.add_middleware(BoundedBody)
    app.add_middleware(CountedAnswers, metrics=agent.metrics)

    @app.post(
        "/api/v1/pms/availability",
        response_model=Availability,
        operation_id="checkAvailability",
        responses=_documented(404, 413, 422, 502, 503, 504),
    )
    async def availability(query: Query) -> Availability:
        today = datetime.now(agent.settings.zone).date()
        admit_stay(query.check_in, query.check_out, today)
        return await agent.availability.ask(query)

    @app.post(
        "/api/v1/pms/reservations",
        response_model=Reservation,
        status_code=201,
        operation_id="makeReservation",
        responses={
            202: {"model": Reservation, "description": "pending"},
            **_documented(404, 409, 413, 422, 502, 503, 504),
        },
    )
    async def reserve(
        wish: ReservationRequest,
        response: Response,
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=_MAX_KEY)] = None,
    ) -> Reservation:
        reply = await agent.reservations.reserve(wish, idempotency_key)
        response.status_code = reply.status
        response.headers["Location"] = f"/api/v1/pms/reservations/{reply.reservation.reservation_id}"
        return reply.reservation

    @app.get(
        "/api/v1/pms/reservations/{reservation_id}",
        response_model=Reservation,
        operation_id="getReservation",
        responses=_documented(404),
    )
    async def read(reservation_id: str) -> Reservation:
        return await agent.reservations.get(reservation_id)

    @app.post(
        "/admin/circuit-breaker/reset",
        response_model=BreakerState,
        operation_id="resetBreaker",
        responses=_documented(401, 403),
    )
    async def reset(authorization: Annotated[str | None, Header()] = None) -> BreakerState:
        _authorise(authorization, agent.settings.admin_token.get_secret_value())
        before = agent.breaker.state
        agent.breaker.reset()
        logger().warning("PMS circuit breaker reset by hand", state=before.label)
        return BreakerState(
            service="pms",
            state=agent.breaker.state.label,  # type: ignore[arg-type]
            failures=agent.breaker.failures,
        )

    @app.get(
        "/admin/reservations",
        response_model=WantedList,
        operation_id="listWanted",
        summary="Reservations that a person must look at",
        responses=_documented(401, 403),
    )
    async def wanted(authorization: Annotated[str | None, Header()] = None) -> WantedList:
        _authorise(authorization, agent.settings.admin_token.get_secret_value())
        return await agent.attention.listed()

    @app.post(
        "/admin/reservations/{reservation_id}/resolve",
        response_model=Wanted,
        operation_id="resolveWanted",
        summary="A person has dealt with a reservation; its guest is told the same as before",
        responses=_documented(401, 403, 404),
    )
    async def resolve(reservation_id: str, authorization: Annotated[str | None, Header()] = None) -> Wanted:
        _authorise(authorization, agent.settings.admin_token.get_secret_value())
        return await agent.attention.resolve(reservation_id)

    @app.get("/health/live", response_model=Liveness, operation_id="live")
    async def live() -> Liveness:
        return Liveness(status="alive")

    @app.get(
        "/health/ready",
        response_model=Readiness,
        operation_id="ready",
        responses={503: {"model": Readiness, "description": "the outbox cannot be used"}},
    )
    async def ready(response: Response) -> Readiness:
        answer = await agent.readiness.read()
        response.status_code = 200 if answer.status == "ready" else 503
        return answer

    @app.get(
        "/metrics",
        operation_id="metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics() -> Response:
        return Response(agent.metrics.exposition(), media_type="text/plain; version=0.0.4")

    return app


#: Operation, status of the answer -> the states that such an answer tells, fewer than its model has.
_NARROWED = (
    ("makeReservation", "201", ["confirmed"]),
    ("makeReservation", "202", ["pending", "unresolved"]),
    ("ready", "200", ["ready"]),
    ("ready", "503", ["not_ready"]),
)


def _narrow(schema: dict[str, Any], operation: str, status: str, states: list[str]) -> None:
    """Say in the description that an answer with this status has one of these states."""
    [found] = [
        entry for path in schema["paths"].values() for entry in path.values() if entry.get("operationId") == operation
    ]
    content = found["responses"][status]["content"]["application/json"]
    told = {"properties": {"status": {"enum": states}}}
    if "allOf" not in content["schema"]:
        content["schema"] = {"allOf": [content["schema"], told]}


def _documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        status: {
            "description": "problem",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def _authorise(header: str | None, token: str) -> None:
    if not token:
        logger().warning("admin call refused: no ADMIN_TOKEN is configured")
        raise ProblemError.of("forbidden", 403, "no ADMIN_TOKEN is configured")
    scheme, _, given = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        logger().warning(
            "admin call refused: without the admin token" if header is None else "admin call refused: wrong token"
        )
        raise ProblemError.of("unauthorized", 401, "send Authorization: Bearer with the admin token")


def _add_problems(app: FastAPI) -> None:
    """Answer every error as a problem and put the schema where the routes refer to it."""

    def answer(error: ProblemError, headers: dict[str, str] | None = None) -> JSONResponse:
        extra = dict(headers or {})
        if error.retry_after is not None:
            extra["Retry-After"] = str(error.retry_after)
        if error.problem.status == 401:
            extra["WWW-Authenticate"] = "Bearer"
        return JSONResponse(error.problem.model_dump(), error.problem.status, headers=extra, media_type=MEDIA_TYPE)

    @app.exception_handler(ProblemError)
    async def problem(_: Request, error: ProblemError) -> JSONResponse:
        return answer(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # The input itself is not repeated: it may hold what cannot be encoded, or what nobody should read.
        detail = "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
        return answer(ProblemError.of("invalid-request", 422, detail.encode("utf-8", "replace").decode()))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        slug = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "invalid-request")
        # FastAPI answers 400 for a body that it cannot decode, which is bad input like any other.
        status = 422 if error.status_code == 400 else error.status_code
        return answer(ProblemError.of(slug, status, str(error.detail)), dict(error.headers or {}))

    @app.exception_handler(StoreFailed)
    async def unstored(_: Request, error: StoreFailed) -> JSONResponse:
        logger().error("the outbox cannot be used", error=str(error))
        return answer(store_failed())

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, __: Exception) -> JSONResponse:
        # Starlette raises it again, so that `NamedRequests` logs it.
        name = str(get_contextvars().get("request", "unknown"))
        return JSONResponse(unexpected(name).model_dump(), 500, media_type=MEDIA_TYPE)

    own = app.openapi

    def openapi() -> dict[str, Any]:
        schema = own()
        schema["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
        for operation, status, states in _NARROWED:
            _narrow(schema, operation, status, states)
        # FastAPI documents a 422 of its own shape where nothing can be refused.
        for path in schema["paths"].values():
            for operation in path.values():
                if "HTTPValidationError" in str(operation["responses"].get("422")):
                    del operation["responses"]["422"]
        for name in ("HTTPValidationError", "ValidationError"):
            schema["components"]["schemas"].pop(name, None)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
