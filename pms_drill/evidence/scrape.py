"""One reading of the agent's metrics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Scrape:
    """Samples of one scrape.

    Attributes:
        started, ended: seconds on the monotonic clock around the request.
        samples: (name, labels) -> value.
        types: family name -> type.
        text: the exposition as received.
    """

    started: float
    ended: float
    samples: dict[tuple[str, Labels], float]
    types: dict[str, str]
    text: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str, started: float, ended: float) -> Scrape:
        """Read the Prometheus text format.

        Raises:
            ValueError: the text is not valid exposition format.
        """
        samples: dict[tuple[str, Labels], float] = {}
        types: dict[str, str] = {}
        for family in text_string_to_metric_families(text):
            types[family.name] = family.type
            for sample in family.samples:
                samples[sample.name, frozenset(sample.labels.items())] = sample.value
        return cls(started, ended, samples, types, text)

    def value(self, name: str, **labels: str) -> float | None:
        """The only sample of `name` that has these labels; None when there is none.

        Raises:
            ValueError: more than one sample fits.
        """
        found = list(self.matching(name, **labels))
        if len(found) > 1:
            raise ValueError(f"{name} has {len(found)} samples with {labels}")
        return found[0] if found else None

    def total(self, name: str, **labels: str) -> float:
        """Sum over all samples of `name` that have these labels; 0 when there is none."""
        return sum(self.matching(name, **labels))

    def matching(self, name: str, **labels: str) -> Iterable[float]:
        """Values of the samples of `name` that have these labels."""
        wanted = set(labels.items())
        return (value for (sample, has), value in self.samples.items() if sample == name and wanted <= has)
