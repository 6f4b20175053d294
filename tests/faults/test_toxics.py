"""What the server would take and misunderstand is refused before it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from pms_drill.errors import DrillError
from pms_drill.faults.toxics import (
    Bandwidth,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Stream,
    Timeout,
    Toxic,
)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Slicer, {"average_size": 0}),
        (Slicer, {"average_size": 10, "size_variation": 10}),
        (Latency, {"latency": 0}),
        (Latency, {"latency": -5}),
        (Latency, {"latency": 1.5}),
        (Latency, {"latency": "100"}),
        (Latency, {"latency": True}),
        (Latency, {"latency": 10, "jitter": 11}),
        (Timeout, {"timeout": -1}),
        (LimitData, {"bytes": -1}),
        (Bandwidth, {"rate": 2**31}),
        (SlowClose, {"delay": 0}),
        (Timeout, {"name": "a/b"}),
        (Timeout, {"name": "a b"}),
        (Timeout, {"name": "../x"}),
    ],
    ids=str,
)
def test_value_that_would_do_nothing_or_harm_the_server_is_refused(kind: type[Toxic], values: dict[str, Any]) -> None:
    with pytest.raises(DrillError, match="unusable toxic"):
        kind(**values)


def test_misspelt_attribute_is_an_error_of_the_language() -> None:
    with pytest.raises(TypeError, match="latenzy"):
        Latency(latenzy=100)  # type: ignore[call-arg]


def test_unknown_direction_is_refused() -> None:
    with pytest.raises(ValueError, match="sideways"):
        Timeout(stream="sideways")  # type: ignore[arg-type]


def test_default_name_tells_type_and_direction() -> None:
    assert ResetPeer(stream=Stream.UPSTREAM).name == "reset_peer_upstream"


def test_attributes_are_those_of_the_server() -> None:
    assert Slicer(average_size=8, delay=5).attributes == {"average_size": 8, "size_variation": 0, "delay": 5}
    assert LimitData(bytes=10, name="n").attributes == {"bytes": 10}
