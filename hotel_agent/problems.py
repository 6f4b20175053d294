"""Errors as guests see them: `application/problem+json`, RFC 9457, `type` a bare slug."""

from __future__ import annotations

from datetime import date
from typing import Any

from hotel_agent.failures import Kind, PmsFailure
from hotel_agent.models import Problem, StayError, check_stay

#: RFC 9457.
MEDIA_TYPE = "application/problem+json"
_TITLES = {
    "invalid-request": "The request is not valid",
    "too-large": "The body is too long",
    "unauthorized": "A valid token is needed",
    "forbidden": "This is switched off",
    "not-found": "Not found",
    "method-not-allowed": "Method not allowed",
    "sold-out": "No room is available",
    "request-in-progress": "The same request is still being worked on",
    "key-reused": "The Idempotency-Key was used for another request",
    "pms-unavailable": "The PMS cannot be used",
    "pms-auth": "The PMS refuses our key",
    "pms-timeout": "The PMS did not answer in time",
    "pms-refused": "The PMS refused the request",
    "breaker-open": "The PMS is not asked at the moment",
    "pms-busy": "Too many guests are with the PMS",
    "outbox-full": "Too many reservations are pending",
    "outbox-unusable": "Reservations cannot be stored at the moment",
    "internal-error": "Something went wrong here",
}


#: Seconds after which a guest may try again where reservations cannot be stored: a person has to make room.
_STORE_RETRY_AFTER = 30


class ProblemError(Exception):
    """Raised to answer with a problem; `retry_after` in whole seconds becomes the header."""

    def __init__(self, problem: Problem, retry_after: int | None = None) -> None:
        super().__init__(problem.type)
        self.problem = problem
        self.retry_after = retry_after

    @classmethod
    def of(cls, slug: str, status: int, detail: str, retry_after: int | None = None) -> ProblemError:
        """A problem of a known type."""
        return cls(Problem(type=slug, title=_TITLES[slug], status=status, detail=detail), retry_after)

    @classmethod
    def from_stored(cls, body: dict[str, Any]) -> ProblemError:
        """A refusal that was stored for an Idempotency-Key."""
        return cls(Problem.model_validate(body))


def admit_stay(check_in: str, check_out: str, today: date) -> None:
    """Check the rules of a stay that depend on the day.

    Raises:
        ProblemError: 422, the stay breaks one of them.
    """
    try:
        check_stay(check_in, check_out, today)
    except StayError as error:
        raise ProblemError.of("invalid-request", 422, str(error)) from None


def too_large(longest: int) -> ProblemError:
    """413: a body that is not read."""
    return ProblemError.of("too-large", 413, f"at most {longest} bytes are read")


def not_found(detail: str) -> ProblemError:
    """404."""
    return ProblemError.of("not-found", 404, detail)


def sold_out(detail: str) -> ProblemError:
    """409: the PMS itself has no room, or the reservation came to nothing."""
    return ProblemError.of("sold-out", 409, detail)


def key_reused() -> ProblemError:
    """422: the same Idempotency-Key with another body."""
    return ProblemError.of("key-reused", 422, "use a fresh key for another request")


def request_in_progress() -> ProblemError:
    """409: the same key and body, still being worked on."""
    return ProblemError.of("request-in-progress", 409, "ask again for the result", retry_after=1)


def outbox_full(retry_after: int) -> ProblemError:
    """503: PMS_PENDING_MAX reservations are pending."""
    return ProblemError.of("outbox-full", 503, "no further reservation is taken on now", retry_after)


def store_failed() -> ProblemError:
    """503: the outbox cannot be written (disk full, for example), so that nothing was taken on or sent."""
    return ProblemError.of("outbox-unusable", 503, "the store cannot be used; nothing was sent", _STORE_RETRY_AFTER)


def breaker_open(retry_after: int) -> ProblemError:
    """503: the PMS is not asked and failover is off or has no answer."""
    return ProblemError.of("breaker-open", 503, "try again after the time given", retry_after)


def pms_busy() -> ProblemError:
    """503: no place of the bulkhead, or no turn at the hotel, came free in time, and failover has no answer."""
    return ProblemError.of("pms-busy", 503, "the PMS was not asked; try again after the time given", retry_after=1)


def pms_refused(message: str) -> ProblemError:
    """502: the PMS answered 400 for a reason that is not the guest's."""
    return ProblemError.of("pms-refused", 502, message or "the PMS gave no reason")


def pms_failed(failure: PmsFailure) -> ProblemError:
    """504 over the deadline, 502 otherwise; a refused key has a type of its own."""
    if failure.kind is Kind.TIMEOUT:
        return ProblemError.of("pms-timeout", 504, "no complete answer within the deadline")
    if failure.kind is Kind.AUTH:
        return ProblemError.of("pms-auth", 502, f"the PMS answered {failure.status}")
    return ProblemError.of("pms-unavailable", 502, f"failure of kind {failure.kind.value}")


def unexpected(request_id: str) -> Problem:
    """500: an error of the agent itself; its trace stands in the log under the id of the request."""
    detail = f"the log tells the error, under the request {request_id}"
    return ProblemError.of("internal-error", 500, detail).problem
