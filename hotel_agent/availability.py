"""A guest's question for a free room: from the PMS, from the last answer, or from the mock, always marked."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from datetime import UTC, datetime

from hotel_agent.answers import Quote
from hotel_agent.booking import Booker
from hotel_agent.breaker import Breaker, State
from hotel_agent.bulkhead import Bulkhead, Full
from hotel_agent.failures import BreakerNotClosed, Kind, PmsFailure, PmsRefused
from hotel_agent.metrics import SERVICE, Metrics
from hotel_agent.mock import Mock
from hotel_agent.models import Availability, Query
from hotel_agent.problems import ProblemError, breaker_open, not_found, pms_busy, pms_failed, pms_refused
from hotel_agent.qloapps import QloApps, UnknownThing
from hotel_agent.settings import Settings

#: How many answers of the PMS are kept for reuse while it cannot be asked.
_KEPT = 10_000


class AvailabilityDesk:
    """Answers availability requests."""

    def __init__(
        self,
        settings: Settings,
        breaker: Breaker,
        bulkhead: Bulkhead,
        qloapps: QloApps,
        booker: Booker,
        mock: Mock,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._breaker = breaker
        self._bulkhead = bulkhead
        self._qloapps = qloapps
        self._booker = booker
        self._mock = mock
        self._metrics = metrics
        self._answers: OrderedDict[Query, tuple[float, Availability]] = OrderedDict()

    async def ask(self, query: Query) -> Availability:
        """Answer a question.

        Raises:
            ProblemError: the PMS knows no such thing, failed, or is not asked and nothing else may be said.
        """
        if self._settings.pms_type == "mock":
            return self._mocked(query, breaker_open(self._retry_after()))
        try:
            quote = await self._quote(query)
        except BreakerNotClosed:
            return self._without_pms(query, breaker_open(self._retry_after()))
        except Full:
            self._metrics.turned_away.labels(SERVICE, "availability").inc()
            return self._without_pms(query, pms_busy())
        except UnknownThing:
            raise not_found("the PMS knows no such hotel or room type") from None
        except PmsRefused as refusal:
            raise pms_refused(refusal.message) from None
        except PmsFailure as failure:
            if failure.kind is Kind.RATE_LIMIT:  # it has opened the breaker
                return self._without_pms(query, breaker_open(self._retry_after()))
            raise pms_failed(failure) from None
        self._booker.quoted(query.hotel_id, quote.currency)
        answer = Availability(
            **query.model_dump(),
            available=quote.rooms_left > 0,
            rooms_left=quote.rooms_left,
            total=quote.total,
            binding=True,
            source="pms",
            as_of=datetime.now(UTC),
        )
        self._keep(query, answer)
        return answer

    async def _quote(self, query: Query) -> Quote:
        if self._breaker.state is not State.CLOSED:  # nothing is sent: no need to wait for a place
            return await self._qloapps.availability(query)
        async with self._bulkhead.place():
            return await self._qloapps.availability(query)

    def _keep(self, query: Query, answer: Availability) -> None:
        self._answers[query] = (time.monotonic(), answer)
        self._answers.move_to_end(query)
        if len(self._answers) > _KEPT:
            self._answers.popitem(last=False)

    def _without_pms(self, query: Query, otherwise: ProblemError) -> Availability:
        """What may be said without the PMS, or else the problem."""
        if not self._settings.failover:
            raise otherwise
        kept = self._answers.get(query)
        if kept is not None and time.monotonic() - kept[0] <= self._settings.pms_stale_max:
            self._metrics.failover.labels("availability", "stale").inc()
            return kept[1].model_copy(update={"source": "stale", "binding": False})
        return self._mocked(query, otherwise)

    def _mocked(self, query: Query, otherwise: ProblemError) -> Availability:
        answer = self._mock.availability(query)
        if answer is None:
            raise otherwise
        self._metrics.failover.labels("availability", "mock").inc()
        return answer

    def _retry_after(self) -> int:
        return max(1, math.ceil(self._breaker.remaining))
