"""Puts the agent together. Every part has a name here; whoever wants another part replaces it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from hotel_agent import logs
from hotel_agent.api import create_app
from hotel_agent.attention import REASONS, Attention
from hotel_agent.availability import AvailabilityDesk
from hotel_agent.booking import Booker
from hotel_agent.breaker import Breaker, Transition
from hotel_agent.bulkhead import Bulkhead
from hotel_agent.elapsed import Elapsed
from hotel_agent.logs import logger
from hotel_agent.metrics import SERVICE, Metrics
from hotel_agent.mock import Mock
from hotel_agent.outbox import Outbox
from hotel_agent.pms import PmsClient
from hotel_agent.prober import Prober
from hotel_agent.qloapps import QloApps
from hotel_agent.readiness import Readiness
from hotel_agent.reservations import Reservations
from hotel_agent.retention import Retention
from hotel_agent.settings import Settings
from hotel_agent.turns import Turns
from hotel_agent.worker import OutboxWorker


class Agent:
    """The whole agent: its parts, wired, and the web application over them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.breaker = Breaker(
            settings.pms_circuit_breaker_failure_threshold,
            settings.pms_circuit_breaker_recovery_timeout,
            time.monotonic,
            self._transition,
        )
        self.metrics.watch(lambda: self.breaker.state)
        self.client = PmsClient(
            settings.pms_base_url,
            settings.pms_api_key.get_secret_value(),
            settings.pms_timeout,
            self.breaker,
            self.metrics,
        )
        self.qloapps = QloApps(self.client, settings.pms_default_phone)
        self.mock = Mock(settings.pms_hotel_id)
        self.outbox = Outbox(settings.outbox_path)
        self.metrics.pending.set_function(lambda: float(self.outbox.pending))
        self.turns = Turns(settings.pms_settle)
        self.bulkhead = Bulkhead(settings.pms_max_guests, settings.pms_timeout)
        self.booker = Booker(self.qloapps, self.outbox, settings.pms_currency, Elapsed())
        self.availability = AvailabilityDesk(
            settings, self.breaker, self.bulkhead, self.qloapps, self.booker, self.mock, self.metrics
        )
        self.reservations = Reservations(
            settings, self.breaker, self.bulkhead, self.booker, self.outbox, self.turns, self.metrics
        )
        self.worker = OutboxWorker(settings, self.breaker, self.booker, self.outbox, self.turns, self.metrics)
        self.attention = Attention(self.outbox, settings.pms_outbox_interval)
        for reason in REASONS:
            self.metrics.attention.labels(reason).set_function(partial(self.attention.counts_of, reason))
        self.retention = Retention(settings, self.outbox)
        self.prober = Prober(self.breaker, self.client, self.qloapps, settings.pms_health_interval)
        self.readiness = Readiness(settings, self.breaker, self.client, self.outbox)
        #: Why the start failed, one line for people; None as long as it did not.
        self.start_problem: str | None = None
        #: Tasks that can be cut off at any moment; the worker's is ended by itself.
        self._endless: list[asyncio.Task[None]] = []
        self._working: list[asyncio.Task[None]] = []
        self._ends_at: float | None = None
        self.app: FastAPI = create_app(self, self._lifespan)

    def _transition(self, change: Transition) -> None:
        self.metrics.transitions.labels(SERVICE, change.before.label, change.after.label).inc()
        logger().warning(
            "PMS circuit breaker changed",
            **{"from": change.before.label, "to": change.after.label},
            reason=change.reason,
            count=change.count,
            wait=round(change.wait, 3),
        )

    async def _restore_turns(self) -> None:
        """After a crash the PMS may still be at work on a booking: its hotel waits as it would have without one."""
        for intent in await self.outbox.waiting():
            left = self.settings.pms_settle - self.booker.elapsed.since(intent.id, intent.attempted_at)
            if intent.doubtful and left > 0:
                self.turns.block(intent.hotel_id, intent.id, left)

    def stop(self) -> None:
        """No new work from now on: no probe, no next reservation of the outbox. What is under way goes on."""
        if self._ends_at is None:
            self._ends_at = time.monotonic() + self.patience
            self.worker.stop()
            for task in self._endless:
                task.cancel()

    @property
    def patience(self) -> float:
        """Seconds that guests and bookings under way have to end in after SIGTERM."""
        return 2 * self.settings.pms_timeout

    async def _end_work(self) -> None:
        """Let the bookings under way end. One that cannot is cut off, and stays in doubt as after a crash."""
        self.stop()
        left = max(0.0, (self._ends_at or 0.0) - time.monotonic())
        tasks = {*self.reservations.under_way, *self._endless, *self._working}
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=left)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        logs.watch(asyncio.get_running_loop())
        logger().info(f"PMS adapter type: {self.settings.pms_type}")
        try:
            await self.outbox.open()
            await self._restore_turns()
        except SystemExit as stop:
            self.start_problem = str(stop)
            raise
        except Exception as error:
            self.start_problem = "hotel-agent: could not start: see the log"
            logger().error("the agent could not start", error=type(error).__name__, trace=logs.trace(error))
            await self.outbox.close()
            raise
        if self.settings.pms_type == "qloapps":
            self._endless.append(asyncio.create_task(self.prober.run()))
        self._endless.append(asyncio.create_task(self.attention.run()))
        self._endless.append(asyncio.create_task(self.retention.run()))
        self._working.append(asyncio.create_task(self.worker.run()))
        try:
            yield
        finally:
            await self._end_work()
            await self.client.close()
            await self.outbox.close()
            logger().info("agent stopped")
            # Here, because the server ends the process by the signal that it got.
            await asyncio.to_thread(logs.flush)
