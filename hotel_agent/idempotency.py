"""`Idempotency-Key`: at most one reservation for a key, within a day and across restarts."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable

from hotel_agent.intent import new_id
from hotel_agent.logs import logger
from hotel_agent.models import ReservationRequest
from hotel_agent.outbox import Outbox, Remembered, StoreFailed
from hotel_agent.problems import ProblemError, key_reused, request_in_progress
from hotel_agent.replies import Reply, reply

#: How long a key is kept, in seconds.
KEY_TTL = 86400.0
#: Refusals that are stored for a key; other answers free it.
_STORED = (404, 409)

#: Makes the reservation of a request under an id given.
Reserve = Callable[[ReservationRequest, str], Awaitable[Reply]]
#: Raises the problem of a request that breaks a rule of the day.
Admit = Callable[[ReservationRequest], None]


class Idempotency:
    """Remembers in the outbox what came of a key.

    Args:
        clock: wall-clock seconds.
    """

    def __init__(self, outbox: Outbox, clock: Callable[[], float]) -> None:
        self._outbox = outbox
        self._clock = clock
        #: Fingerprints of the requests under way, by key.
        self._in_progress: dict[str, str] = {}

    async def once(self, key: str, request: ReservationRequest, admit: Admit, reserve: Reserve) -> Reply:
        """Reserve, or answer as before: the reservation as it is now, or the stored refusal.

        What was answered before is answered again whatever day it is now: only a request that is new is admitted.

        Raises:
            ProblemError: 409 while the same request is under way, 422 for another one, and whatever `admit` and
                `reserve` raise.
        """
        fingerprint = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
        if key in self._in_progress:
            raise request_in_progress() if self._in_progress[key] == fingerprint else key_reused()
        self._in_progress[key] = fingerprint
        try:
            remembered = await self._outbox.recall(key, self._clock() - KEY_TTL)
            before = await self._replay(remembered, fingerprint) if remembered is not None else None
            if before is None:
                admit(request)
                before = await self._reserve(key, fingerprint, request, reserve)
            return before
        finally:
            del self._in_progress[key]

    async def _replay(self, remembered: Remembered, fingerprint: str) -> Reply | None:
        """None when a kill came before the intent was taken on."""
        if remembered.fingerprint != fingerprint:
            raise key_reused()
        if remembered.body is not None:
            raise ProblemError.from_stored(remembered.body)
        intent = await self._outbox.get(remembered.intent_id)
        return None if intent is None else reply(intent)

    async def _reserve(self, key: str, fingerprint: str, request: ReservationRequest, reserve: Reserve) -> Reply:
        intent_id = new_id()
        # Before the intent: after a kill in between, nothing is carried out that its key does not know.
        await self._outbox.remember(key, fingerprint, intent_id, self._clock())
        try:
            return await reserve(request, intent_id)
        except ProblemError as error:
            await self._keep_or_free(key, error)
            raise

    async def _keep_or_free(self, key: str, error: ProblemError) -> None:
        """The guest is told the refusal, stored or not; a key that could not be freed gives what its intent became."""
        try:
            if error.problem.status in _STORED:
                await self._outbox.remember_refusal(key, error.problem.model_dump())
            else:
                await self._outbox.forget(key)
        except StoreFailed as failure:
            logger().error("what came of a key is not stored: the outbox cannot be written", error=str(failure))
