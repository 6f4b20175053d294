"""Toxics with types and limits.

The Toxiproxy server takes almost anything: a misspelt attribute counts as 0 and does nothing, a slicer without
`average_size` ends the server at the first byte, a negative latency or a toxicity of 7 is accepted, and a name with
a slash can be created but not deleted (seen with 2.12.0). So every value is checked here, before it is sent.

Toxicity is always 1: the server decides it once per connection, not per request, and its seed has no effect. Chance
belongs to the harness, which draws a schedule of faults and can repeat it.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import ClassVar

from pms_drill.errors import DrillError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

#: Largest value that the server keeps in its signed 64-bit attributes without a surprise in nanoseconds.
_MOST = 2**31 - 1


class Stream(StrEnum):
    """Direction of the bytes that a toxic acts on."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"


@dataclass(frozen=True, kw_only=True)
class Toxic:
    """What all toxics have in common.

    Args:
        stream: UPSTREAM acts on requests (the PMS may never see them), DOWNSTREAM on answers (the PMS did the work).
        name: unique within a proxy; by default `<type>_<stream>`.

    Raises:
        DrillError: a value that the server would take and misunderstand.
    """

    type: ClassVar[str]
    #: Smallest allowed value of attributes that must not be 0.
    _least: ClassVar[dict[str, int]] = {}

    stream: Stream = Stream.DOWNSTREAM
    name: str = ""

    def __post_init__(self) -> None:
        # Frozen: the default of the name and a plain "upstream" are put in place around the guard.
        object.__setattr__(self, "stream", Stream(self.stream))
        object.__setattr__(self, "name", self.name or f"{self.type}_{self.stream}")
        if not _NAME.fullmatch(self.name):
            raise self._refusal(f"the name {self.name!r} could not be deleted again", "use letters, digits, _ . -")
        for attribute, value in self.attributes.items():
            least = self._least.get(attribute, 0)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST:
                raise self._refusal(f"{attribute} is {value!r}", f"give a whole number from {least} to {_MOST}")

    def _refusal(self, what: str, todo: str) -> DrillError:
        return DrillError(f"unusable toxic {self.type}: {what}", todo=todo)

    @property
    def attributes(self) -> dict[str, int]:
        """The attributes as the server knows them."""
        common = {field.name for field in fields(Toxic)}
        return {name: value for name, value in asdict(self).items() if name not in common}


@dataclass(frozen=True, kw_only=True)
class Latency(Toxic):
    """Delays every chunk by `latency` ms, give or take up to `jitter` ms (uniform)."""

    type: ClassVar[str] = "latency"
    _least: ClassVar[dict[str, int]] = {"latency": 1}

    latency: int
    jitter: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.jitter > self.latency:
            raise self._refusal("jitter exceeds latency", "the delay would be negative at times; make it smaller")


@dataclass(frozen=True, kw_only=True)
class Timeout(Toxic):
    """Lets nothing through; closes the connection after `timeout` ms without data, or never if 0."""

    type: ClassVar[str] = "timeout"

    timeout: int = 0


@dataclass(frozen=True, kw_only=True)
class ResetPeer(Toxic):
    """Resets both sides (RST on connections made after it was added) `timeout` ms after the first byte."""

    type: ClassVar[str] = "reset_peer"

    timeout: int = 0


@dataclass(frozen=True, kw_only=True)
class LimitData(Toxic):
    """Closes the connection after `bytes` bytes, counted over all exchanges of that connection."""

    type: ClassVar[str] = "limit_data"

    bytes: int


@dataclass(frozen=True, kw_only=True)
class Bandwidth(Toxic):
    """At most `rate` KB/s per connection; 0 stalls, and the heal mode decides whether the stalled bytes arrive."""

    type: ClassVar[str] = "bandwidth"

    rate: int


@dataclass(frozen=True, kw_only=True)
class Slicer(Toxic):
    """Cuts the data into pieces of `average_size` bytes, `delay` microseconds (not ms) apart."""

    type: ClassVar[str] = "slicer"
    _least: ClassVar[dict[str, int]] = {"average_size": 1}

    average_size: int
    size_variation: int = 0
    delay: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size_variation >= self.average_size:
            raise self._refusal("size_variation is not below average_size", "pieces could be empty; make it smaller")


@dataclass(frozen=True, kw_only=True)
class SlowClose(Toxic):
    """Delays the close of a connection by `delay` ms; invisible while connections are kept alive."""

    type: ClassVar[str] = "slow_close"
    _least: ClassVar[dict[str, int]] = {"delay": 1}

    delay: int
