"""One call to the PMS: permit, deadline, classification, metrics, one log line."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from hotel_agent.answers import refusal_text
from hotel_agent.bodies import ENCODINGS, bounded
from hotel_agent.breaker import Breaker, Permit
from hotel_agent.failures import BadAnswer, BreakerNotClosed, Kind, PmsFailure, PmsRefused
from hotel_agent.logs import logger, trace
from hotel_agent.metrics import SERVICE, Metrics

#: Bounds of a `Retry-After` that is obeyed, in seconds.
_SHORTEST_WAIT, _LONGEST_WAIT = 1.0, 300.0
#: Below Apache's default of 5 s, so that a request does not meet a connection that the PMS is closing.
_KEEPALIVE = 2.0


#: A wait in seconds. RFC 9110 knows whole ones only; gateways are seen to send decimals ("299.997").
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3: seconds or an HTTP date), kept within 1 to 300.

    Decimals are rounded up: whoever asks for 2.5 s is not called after 2.

    None when there is no header, when it cannot be read, or when its date lies in the past.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        wait = Decimal(text).to_integral_value(ROUND_CEILING)
        return float(min(max(wait, Decimal(_SHORTEST_WAIT)), Decimal(_LONGEST_WAIT)))
    try:
        at = parsedate_to_datetime(text)
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, _SHORTEST_WAIT), _LONGEST_WAIT) if seconds >= 0 else None


def _trusted() -> ssl.SSLContext | bool:
    """The certificates to trust: those of SSL_CERT_FILE if it is set, otherwise httpx's own.

    Read here because the client ignores the environment, so that no proxy variable redirects it.

    Raises:
        SystemExit: SSL_CERT_FILE cannot be used; one line says so.
    """
    path = os.environ.get("SSL_CERT_FILE")
    if not path:
        return True
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror or "no certificates"
        raise SystemExit(f"hotel-agent: wrong setting: SSL_CERT_FILE: cannot be used: {reason}") from None


class PmsClient:
    """Sends requests to the PMS under the breaker.

    Attributes:
        last_ended: monotonic time when a call last ended.
        last_kind: kind of the last answer's failure; None after a good answer or a business refusal. A call
            without an answer leaves it as it is.
        answered: whether any call has had an answer yet.
        checked_at: wall-clock time (UTC) when a call last ended.
    """

    def __init__(self, base_url: str, key: str, timeout: float, breaker: Breaker, metrics: Metrics) -> None:
        self.breaker = breaker
        self.timeout = timeout
        self._key = key
        self._metrics = metrics
        self._http = httpx.AsyncClient(
            base_url=base_url.rstrip("/"),
            auth=(key, ""),
            headers={"Accept-Encoding": ENCODINGS},
            follow_redirects=False,
            trust_env=False,
            verify=_trusted(),
            timeout=None,  # noqa: S113 - httpx has no total deadline; `asyncio.timeout` below is one
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=50, keepalive_expiry=_KEEPALIVE),
        )
        self.last_ended = time.monotonic()
        self.last_kind: Kind | None = None
        self.answered = False
        self.checked_at: datetime | None = None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(
        self,
        operation: str,
        method: str,
        path: str,
        parse: Callable[[httpx.Response], Any],
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        content_type: str | None = None,
        rejected_as: str | None,
        probe: bool = False,
    ) -> Any:
        """Make one exchange and return what `parse` made of its 200 or 201.

        Args:
            operation: label of metrics and logs.
            parse: turns the response into the result; raises BadAnswer when it is not a valid one.
            rejected_as: the operation whose rejection a refusal by the breaker is; None for what no guest waits for.
            probe: whether this is the safe read that decides a half-open breaker.

        Raises:
            BreakerNotClosed: nothing was sent.
            PmsFailure: it counts as a failure of the PMS.
            PmsRefused: QloApps refused in its own words: a business decision.
        """
        permit = self.breaker.probe_permit() if probe else self.breaker.permit()
        if permit is None:
            if rejected_as is not None:
                self._metrics.rejections.labels(SERVICE, rejected_as).inc()
            raise BreakerNotClosed
        try:
            return await self._under(permit, operation, method, path, parse, params, content, content_type)
        finally:
            # Whoever leaves without a verdict, cancelled or by an error of any kind, has none: a permit that stayed
            # taken would wedge a half-open breaker. After a verdict this does nothing.
            self.breaker.no_verdict(permit)

    async def _under(
        self,
        permit: Permit,
        operation: str,
        method: str,
        path: str,
        parse: Callable[[httpx.Response], Any],
        params: Mapping[str, str] | None,
        content: bytes | None,
        content_type: str | None,
    ) -> Any:
        """The exchange itself. The breaker is told first, then the metrics, then the log."""
        started = time.monotonic()
        try:
            headers = {"Content-Type": content_type} if content_type else None
            request = self._http.build_request(
                method, path, params={"output_format": "JSON", **(params or {})}, content=content, headers=headers
            )
            result = parse(await self._exchange(request))
        except BadAnswer as error:
            failure = PmsFailure(Kind.BAD_ANSWER, str(error))
            self._failed(operation, permit, started, failure)
            raise failure from None
        except PmsFailure as failure:
            self._failed(operation, permit, started, failure)
            raise
        except PmsRefused as refusal:
            self.breaker.no_verdict(permit)
            self._ended(operation, started, "success", None)
            logger().info("PMS refused", operation=operation, status=refusal.status, reason=refusal.message)
            raise
        except Exception as error:  # whatever else: what cannot be handled is no good answer
            odd = PmsFailure(Kind.BAD_ANSWER, f"an answer that cannot be handled: {type(error).__name__}")
            self._failed(operation, permit, started, odd, trace=trace(error))
            raise odd from None
        self.breaker.success(permit)
        self._ended(operation, started, "success", None)
        logger().info("PMS answered", operation=operation, seconds=round(self.last_ended - started, 4))
        return result

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        """Send within the deadline and sort out every status but 200 and 201."""
        try:
            async with asyncio.timeout(self.timeout):
                return self._sorted(await bounded(await self._http.send(request, stream=True)))
        except TimeoutError:
            raise PmsFailure(Kind.TIMEOUT, f"timeout: no complete answer in {self.timeout:g} s") from None
        except (httpx.ConnectError, httpx.UnsupportedProtocol) as error:
            raise PmsFailure(Kind.CONNECT, f"could not connect: {type(error).__name__}") from None
        except httpx.TransportError as error:
            raise PmsFailure(Kind.LOST, f"connection lost: {type(error).__name__}") from None

    def _sorted(self, response: httpx.Response) -> httpx.Response:
        status = response.status_code
        if status in (200, 201):
            return response
        if status in (401, 403, 405):
            raise PmsFailure(Kind.AUTH, f"refused with {status}", status=status)
        if status == 429:
            wait = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
            raise PmsFailure(Kind.RATE_LIMIT, "refused with 429: rate limited", status=status, wait=wait)
        if status >= 500:
            raise PmsFailure(Kind.SERVER, f"server error {status}", status=status)
        if status < 400:
            raise PmsFailure(Kind.BAD_ANSWER, f"unexpected status {status}", status=status)
        refusal = _own_refusal(response)
        if refusal is None:
            # QloApps never answers the calls of this agent so: something in front of it did.
            raise PmsFailure(Kind.BAD_ANSWER, f"unexpected status {status}, not in the PMS's words", status=status)
        # Guests and logs see this text; a PMS that repeats our key must not leak it.
        raise PmsRefused(status, refusal.replace(self._key, "***"))

    def _failed(self, operation: str, permit: Permit, started: float, failure: PmsFailure, **fields: object) -> None:
        if failure.kind is Kind.RATE_LIMIT:
            self.breaker.rate_limited(permit, failure.wait)
        else:
            self.breaker.failure(permit)
        self._ended(operation, started, "error", failure.kind)
        self._metrics.errors.labels(SERVICE, operation, failure.kind.value).inc()
        logger().warning(
            f"PMS call failed: {failure}",
            operation=operation,
            kind=failure.kind.value,
            seconds=round(self.last_ended - started, 4),
            **fields,
        )

    def _ended(self, operation: str, started: float, status: str, kind: Kind | None) -> None:
        self.last_ended = time.monotonic()
        if kind is None or kind.answered:
            self.last_kind = kind
            self.answered = True
        self.checked_at = datetime.now(UTC)
        self._metrics.calls.labels(SERVICE, operation, status).inc()
        self._metrics.latency.labels(SERVICE, operation).observe(self.last_ended - started)


def _own_refusal(response: httpx.Response) -> str | None:
    """The reason of a refusal by QloApps itself: 400 with `{"errors": [{"code": ..., "message": ...}, ...]}`.

    It is the first error that is no warning of PHP (code 3), and empty where there are only warnings. None when
    QloApps would not say so; a 404 is none of its words either, because this agent never reads a row by its id.
    """
    if response.status_code != 400:
        return None
    try:
        errors = response.json()["errors"]
        told = [(error["code"], refusal_text(error["message"])) for error in errors]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return next((text for code, text in told if code != 3), "") if told else None
