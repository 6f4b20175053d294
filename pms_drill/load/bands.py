"""Bands of the runbook's target table, and which one a value falls in."""

from __future__ import annotations

import math
import operator
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pms_drill.errors import DrillError
from pms_drill.load.again import AgainBound
from pms_drill.load.control import ControlBound
from pms_drill.load.intervals import Interval


class Band(StrEnum):
    """Where a value lies. The runbook's table leaves gaps (500 ms to 1 s): these are `off target`.

    `not shown` is a value that meets the target while its interval does not: the sample is too small to say "met".
    """

    TARGET = "target"
    NOT_SHOWN = "not shown"
    OFF_TARGET = "off target"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
}
_RULE = re.compile(r"(>=|<=|==|>|<)\s*(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Rule:
    """One limit as it is written in the table, "> 99.9". The sign says what happens at the limit itself."""

    sign: str
    limit: float

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Read "> 99.9", "< 500", "== 0".

        Raises:
            ValueError: the text is no such rule.
        """
        found = _RULE.fullmatch(text.strip())
        if found is None:
            raise ValueError(f'{text!r} is no limit such as "> 99.9"')
        return cls(found[1], float(found[2]))

    def holds(self, value: float) -> bool:
        """Whether the value is on the named side of the limit."""
        return _COMPARE[self.sign](value, self.limit)

    def __str__(self) -> str:
        return f"{self.sign} {self.limit:g}"


@dataclass(frozen=True)
class Limits:
    """One row of the runbook's table.

    Attributes:
        label, unit: for people.
        target, warning, critical: the limits.
        minimum: samples in a phase below which there is no verdict.
        percent: which percentile is compared; None for a share or a state.
    """

    label: str
    unit: str
    target: Rule
    warning: Rule
    critical: Rule
    minimum: int
    percent: int | None = None

    def band(self, value: float) -> Band:
        """The worst band whose limit the value meets; `off target` when it meets none, unknown for NaN."""
        if math.isnan(value):
            return Band.UNKNOWN
        if self.critical.holds(value):
            return Band.CRITICAL
        if self.warning.holds(value):
            return Band.WARNING
        return Band.TARGET if self.target.holds(value) else Band.OFF_TARGET

    def shown(self, value: float, interval: Interval) -> bool:
        """Whether the whole interval lies in the value's band."""
        return {self.band(interval.low), self.band(interval.high)} == {self.band(value)}

    def straddled(self, interval: Interval) -> list[Rule]:
        """The limits with one end of the interval on either side."""
        rules = (self.target, self.warning, self.critical)
        return [rule for rule in rules if rule.holds(interval.low) != rule.holds(interval.high)]


@dataclass(frozen=True)
class Targets:
    """The whole table.

    Attributes:
        lateness_p99_ms: above this lateness of the generator (p99 within a phase) nothing of it is judged.
        control: what the machine may be late by within a phase.
        again: see `AgainBound`.
    """

    availability: Limits
    response_time: Limits
    error_rate: Limits
    circuit_breaker: Limits
    lateness_p99_ms: float
    control: ControlBound
    again: AgainBound


#: Row of the table -> the property that fails when the row is in the band critical.
PROPERTIES = {
    "availability": "LOAD-01",
    "response_time": "LOAD-02",
    "error_rate": "LOAD-03",
    "circuit_breaker": "LOAD-04",
}
#: The table in the project; `load/` lies beside the package.
SHIPPED = Path(__file__).resolve().parents[2] / "load" / "targets.toml"


def load_targets(path: Path = SHIPPED) -> Targets:
    """Read `load/targets.toml`.

    Raises:
        DrillError: the file is missing or wrong; the message names the key.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DrillError("the table of targets cannot be read", where=str(path), todo=str(error)) from error
    try:
        rows = {name: _limits(data[name]) for name in PROPERTIES}
        return Targets(
            **rows,
            lateness_p99_ms=float(data["generator"]["lateness_p99_ms"]),
            control=ControlBound(float(data["control"]["control_p95_ms"]), float(data["control"]["slowdown"])),
            again=AgainBound(
                ratio=float(data["again"]["ratio"]),
                allowance_ms=float(data["again"]["allowance_ms"]),
                minimum=int(data["again"]["minimum"]),
            ),
        )
    except KeyError as error:
        raise DrillError(f"the table of targets lacks {error}", where=str(path), todo="add it") from error
    except (TypeError, ValueError) as error:
        raise DrillError("the table of targets is wrong", where=str(path), todo=str(error)) from error


def _limits(row: Mapping[str, Any]) -> Limits:
    return Limits(
        label=str(row["label"]),
        unit=str(row["unit"]),
        target=Rule.parse(row["target"]),
        warning=Rule.parse(row["warning"]),
        critical=Rule.parse(row["critical"]),
        minimum=int(row["minimum"]),
        percent=int(row["percentile"]) if "percentile" in row else None,
    )
