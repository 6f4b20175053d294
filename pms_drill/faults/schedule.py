"""A schedule of faults as a small TOML file, and the decisions that follow from it and a seed. Pure.

The same file and seed give the same decisions, on any machine: chance is drawn here, never by the proxies.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import durationpy
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pms_drill.errors import DrillError


def _seconds(value: Any) -> Any:
    """Read "30s", "500ms" or a plain number of seconds."""
    if isinstance(value, str):
        try:
            return durationpy.from_str(value).total_seconds()
        except durationpy.DurationError as error:
            raise ValueError(f'{value!r} is not a duration such as "2s" or "500ms"') from error
    return value


Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0, le=3600)]
#: A length that is drawn: shortest and longest.
Range = tuple[Seconds, Seconds]


class Shape(StrEnum):
    """How a fault comes and goes between `from` and `to`.

    WINDOW: it acts all the time. FLAPPING: it comes and goes, lengths are drawn. RAMP: it acts all the time and its
    level goes from `low` to `high` in `steps`.
    """

    WINDOW = "window"
    FLAPPING = "flapping"
    RAMP = "ramp"


class Entry(BaseModel):
    """One `[[fault]]` of the file.

    Attributes:
        fault: name in the catalogue; of several, one is drawn each time that it comes.
        begin, end: "from" and "to", since the start of the schedule.
        on, off: shortest and longest times of flapping.
        steps, low, high: of a ramp; for the meaning of a level see `pms_drill.faults.variants`.
        level: fixed level instead of the catalogue's own size.
        share, method, path: only these requests, for faults of the HTTP fault proxy.
        heal: cut or resume instead of the catalogue's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: str | list[str]
    shape: Shape = Shape.WINDOW
    begin: Annotated[Seconds, Field(alias="from")] = 0.0
    end: Annotated[Seconds, Field(alias="to")]
    on: Range | None = None
    off: Range | None = None
    steps: Annotated[int, Field(ge=2, le=50)] = 4
    low: float | None = None
    high: float | None = None
    level: float | None = None
    share: Annotated[float | None, Field(gt=0, le=1)] = None
    method: str | None = None
    path: str | None = None
    heal: Literal["cut", "resume"] | None = None

    @property
    def names(self) -> list[str]:
        """The faults that may come."""
        return [self.fault] if isinstance(self.fault, str) else self.fault

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.end <= self.begin:
            raise ValueError("'to' must be after 'from'")
        if not self.names:
            raise ValueError("'fault' names none")
        flapping = self.shape is Shape.FLAPPING
        if flapping != (self.on is not None) or flapping != (self.off is not None):
            raise ValueError("'on' and 'off' belong to flapping, and flapping needs both")
        if any(span is not None and (span[0] > span[1] or span[1] <= 0) for span in (self.on, self.off)):
            raise ValueError("'on' and 'off' are [shortest, longest], the longest above 0")
        ramp = self.shape is Shape.RAMP
        if ramp != (self.low is not None) or ramp != (self.high is not None):
            raise ValueError("'low' and 'high' belong to a ramp, and a ramp needs both")
        if ramp and self.level is not None:
            raise ValueError("a ramp has 'low' and 'high' instead of 'level'")
        return self


class GuestRate(BaseModel):
    """`[guests]`: how many ask per second, which part of them books, and which part of those comes today."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_second: Annotated[float, Field(gt=0, le=200)] = 5.0
    bookings: Annotated[float, Field(ge=0, le=1)] = 0.2
    today: Annotated[float, Field(ge=0, le=1)] = 0.0


class Schedule(BaseModel):
    """The whole file. `name` is the file's name without `.toml`; `seed` is used when none is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    duration: Annotated[Seconds, Field(gt=0)]
    guests: GuestRate = GuestRate()
    fault: Annotated[list[Entry], Field(min_length=1)]

    @model_validator(mode="after")
    def _within(self) -> Self:
        for number, entry in enumerate(self.fault, start=1):
            if entry.end > self.duration:
                raise ValueError(f"fault {number} ends at {entry.end:g} s, the schedule at {self.duration:g} s")
        return self


@dataclass(frozen=True)
class Variant:
    """A fault with its settings; equal ones are one variant."""

    fault: str
    level: float | None = None
    share: float | None = None
    method: str | None = None
    path: str | None = None
    heal: str | None = None
    seed: int = 0

    def __str__(self) -> str:
        """For people: `slow(level=0.5)`."""
        given = [
            f"{name}={value}"
            for name, value in vars(self).items()
            if name not in ("fault", "seed") and value is not None
        ]
        return f"{self.fault}({', '.join(given)})" if given else self.fault


@dataclass(frozen=True)
class Decision:
    """One step of the nemesis.

    Attributes:
        at: seconds since the start, in whole milliseconds.
        act: "arm" or "heal".
        key: number of the injection; its two decisions share it.
    """

    at: float
    act: Literal["arm", "heal"]
    key: int
    variant: Variant

    def __str__(self) -> str:
        """One line for people and for comparing."""
        return f"{self.at:7.3f} s  {self.act:<4}  #{self.key} {self.variant}"


def decisions(schedule: Schedule, seed: int) -> tuple[Decision, ...]:
    """What is to happen, in order of time; at one moment heals come first.

    Each entry has a generator of its own, so that a change of one does not change the others.
    """
    spans = [span for number, entry in enumerate(schedule.fault) for span in _spans(entry, number, seed)]
    spans.sort(key=lambda span: span[0])  # stable: entries of one moment stay in the order of the file
    steps = []
    for key, (begin, end, variant) in enumerate(spans, start=1):
        steps += [Decision(begin, "arm", key, variant), Decision(end, "heal", key, variant)]
    return tuple(sorted(steps, key=lambda step: (step.at, step.act == "arm", step.key)))


def _spans(entry: Entry, number: int, seed: int) -> Iterator[tuple[float, float, Variant]]:
    draw = random.Random(f"{seed}/{number}")  # noqa: S311 - reproducible, not secret
    if entry.shape is Shape.WINDOW:
        yield entry.begin, entry.end, _variant(entry, draw, seed, entry.level)
    elif entry.shape is Shape.RAMP:
        low, high = entry.low or 0.0, entry.high or 0.0
        length = (entry.end - entry.begin) / entry.steps
        for step in range(entry.steps):
            level = round(low + (high - low) * step / (entry.steps - 1), 6)
            begin, end = (round(entry.begin + length * edge, 3) for edge in (step, step + 1))
            yield begin, end, _variant(entry, draw, seed, level)
    else:
        at = entry.begin
        while at < entry.end:
            on, off = (draw.uniform(*(span or (1.0, 1.0))) for span in (entry.on, entry.off))
            variant = _variant(entry, draw, seed, entry.level)
            ends = min(at + on, entry.end)
            if round(ends, 3) > round(at, 3):
                yield round(at, 3), round(ends, 3), variant
            at += max(on + off, 0.001)


def _variant(entry: Entry, draw: random.Random, seed: int, level: float | None) -> Variant:
    return Variant(
        fault=draw.choice(entry.names),
        level=level,
        share=entry.share,
        method=entry.method,
        path=entry.path,
        heal=entry.heal,
        seed=seed,
    )


def read(path: Path) -> Schedule:
    """Read a schedule.

    Raises:
        DrillError: no such file, not TOML, an unknown key or a wrong value; the message names them.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DrillError(f"the schedule cannot be read: {error.strerror}", where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DrillError("the schedule is not valid TOML", where=str(path), todo=str(error)) from error
    try:
        return Schedule.model_validate({**data, "name": path.stem})
    except ValidationError as error:
        raise DrillError(
            f"the schedule {path.stem} has {error.error_count()} wrong setting(s)",
            where=str(path),
            todo="correct them; docs/schedules.md explains each",
            detail="\n".join(f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors()),
        ) from error
