"""What the alert rules said to the breaker's states of an outage: plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Series:
    """Values of the gauge of the breaker as Prometheus would have scraped them from the deployed agent.

    Attributes:
        values: one for each scrape.
        opened, closed: seconds from the first scrape until the breaker opened, and until it was closed again.
    """

    values: tuple[float, ...]
    opened: float
    closed: float


@dataclass(frozen=True)
class Recording:
    """The recorded states, stretched to the waits of the deployed agent.

    Attributes:
        outage: a long one: the recorded wait and its failed probe, again and again.
        blip: one wait whose first probe is a good one.
        interval: seconds between two scrapes.
        scale: by how much the recording was stretched.
        labels: of the gauge, as the agent sends it.
    """

    outage: Series
    blip: Series
    interval: float
    scale: float
    labels: tuple[tuple[str, str], ...] = (("service", "pms"),)


@dataclass(frozen=True)
class Question:
    """Whether the alert must fire at given times (seconds from the first scrape) of a series."""

    series: Series
    times: tuple[float, ...]
    fires: bool


@dataclass(frozen=True)
class Reply:
    """What promtool made of a question.

    Attributes:
        holds: whether it was as asked at each of the times.
        told: its own words.
    """

    holds: bool
    told: str


@dataclass(frozen=True)
class AlertEvidence:
    """One trial of the alert rules.

    Attributes:
        rules: the files.
        alert: name of the alert that was looked for.
        recording: what the rules were given; None if the experiment did not show a failed probe.
        control: whether promtool could read the rules and saw the gauge as given.
        replies: name of a question -> its reply.
        untold: labels that the alert selects by, and of which nobody has said whether the scrape adds them.
    """

    rules: str
    alert: str
    recording: Recording | None
    control: Reply
    replies: dict[str, Reply]
    untold: tuple[str, ...] = ()
