"""What can come of a call to the PMS when it is not the answer hoped for."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Label `kind` of `pms_api_errors_total`: one per failure."""

    CONNECT = "connect"
    LOST = "lost"
    TIMEOUT = "timeout"
    BAD_ANSWER = "bad_answer"
    SERVER = "server"
    AUTH = "auth"
    RATE_LIMIT = "rate_limit"

    @property
    def answered(self) -> bool:
        """Whether the PMS gave an answer, be it a bad one."""
        return self not in (Kind.CONNECT, Kind.LOST, Kind.TIMEOUT)


#: Failures after which the PMS has certainly done nothing.
_CERTAIN = frozenset({Kind.CONNECT, Kind.AUTH, Kind.RATE_LIMIT})


class PmsFailure(Exception):
    """The PMS could not be used; counts for the breaker.

    Attributes:
        status: HTTP status of the PMS, if it gave one.
        wait: seconds asked for by a 429, if it asked.
    """

    def __init__(self, kind: Kind, text: str, *, status: int | None = None, wait: float | None = None) -> None:
        super().__init__(text)
        self.kind = kind
        self.status = status
        self.wait = wait

    @property
    def certain(self) -> bool:
        """Whether nothing was done at the PMS, for sure."""
        return self.kind in _CERTAIN


class PmsRefused(Exception):
    """QloApps refused in its own words, a business decision: says nothing about its health."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class BreakerNotClosed(Exception):
    """No call was made, because the breaker is open or half-open."""


class BadAnswer(Exception):
    """Raised by a parser: a 200 that is no valid answer to what was asked."""
