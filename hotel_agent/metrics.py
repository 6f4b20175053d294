"""The agent's metrics, in a registry of their own. All label sets exist before the first call."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from hotel_agent import logs
from hotel_agent.breaker import State
from hotel_agent.failures import Kind

SERVICE = "pms"
OPERATIONS = ("availability", "reservation", "readback", "cancel", "probe")
#: Operations of the agent's own answers; `other` is what no route serves.
_ANSWERED = ("availability", "reservation", "lookup", "admin", "other")
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0)
_LEGAL = (
    (State.CLOSED, State.OPEN),
    (State.OPEN, State.HALF_OPEN),
    (State.HALF_OPEN, State.OPEN),
    (State.HALF_OPEN, State.CLOSED),
    (State.OPEN, State.CLOSED),  # reset by hand
)


class _LostLines(Collector):
    """What the log counts itself, because it must not depend on anything that logs."""

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily("agent_log_lines_lost", "log lines that could not be written", labels=["sink"])
        for sink, count in logs.lost().items():
            family.add_metric([sink], count)
        yield family


class Metrics:
    """Every metric of the agent; what each means stands in its help text."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.state = Gauge(
            "pms_circuit_breaker_state", "0 closed, 1 open, 2 half-open", ["service"], registry=self.registry
        )
        self.transitions = Counter(
            "pms_circuit_breaker_transitions_total",
            "changes of state",
            ["service", "from", "to"],
            registry=self.registry,
        )
        self.rejections = Counter(
            "pms_circuit_breaker_rejections_total",
            "calls refused by the breaker",
            ["service", "operation"],
            registry=self.registry,
        )
        self.calls = Counter(
            "pms_api_calls_total",
            "calls that left the agent",
            ["service", "operation", "status"],
            registry=self.registry,
        )
        self.errors = Counter(
            "pms_api_errors_total",
            "failed calls by kind",
            ["service", "operation", "kind"],
            registry=self.registry,
        )
        self.latency = Histogram(
            "pms_api_latency_seconds",
            "duration of calls that left the agent",
            ["service", "operation"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.turned_away = Counter(
            "pms_bulkhead_rejections_total",
            "guests for whom the PMS was not asked because too many were with it",
            ["service", "operation"],
            registry=self.registry,
        )
        self.failover = Counter(
            "pms_failover_answers_total",
            "answers given without the PMS",
            ["operation", "source"],
            registry=self.registry,
        )
        self.pending = Gauge("pms_reservations_pending", "reservations in the outbox", registry=self.registry)
        self.duplicates = Counter(
            "pms_duplicates_cancelled_total", "surplus bookings cancelled", registry=self.registry
        )
        self.attention = Gauge(
            "pms_reservations_attention",
            "reservations that a person must look at",
            ["reason"],
            registry=self.registry,
        )
        self.answers = Counter(
            "http_requests_total",
            "answers to guests and operators by class of status",
            ["operation", "status"],
            registry=self.registry,
        )
        self.registry.register(_LostLines())
        self._create_all()

    def _create_all(self) -> None:
        for before, after in _LEGAL:
            self.transitions.labels(SERVICE, before.label, after.label)
        for operation in OPERATIONS:
            self.rejections.labels(SERVICE, operation)
            self.latency.labels(SERVICE, operation)
            for status in ("success", "error"):
                self.calls.labels(SERVICE, operation, status)
            for kind in Kind:
                self.errors.labels(SERVICE, operation, kind.value)
        for operation in ("availability", "reservation"):
            self.turned_away.labels(SERVICE, operation)
        for source in ("stale", "mock"):
            self.failover.labels("availability", source)
        self.failover.labels("reservation", "outbox")
        for answered in _ANSWERED:
            for status in ("2xx", "4xx", "5xx"):
                self.answers.labels(answered, status)

    def answered(self, operation: str, status: int) -> None:
        """Count an answer of the agent.

        Args:
            operation: availability, reservation, lookup, admin or other.
            status: of HTTP.
        """
        self.answers.labels(operation, f"{status // 100}xx").inc()

    def watch(self, state: Callable[[], State]) -> None:
        """Read the gauge from the breaker at every scrape, so that it equals behaviour."""
        self.state.labels(SERVICE).set_function(lambda: float(state()))

    def exposition(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self.registry)
