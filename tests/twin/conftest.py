"""Twins for tests."""

from __future__ import annotations

import pytest

from tests.twin.desk import Desk


@pytest.fixture
def desk() -> Desk:
    """The recorded hotel: five rooms per type, bookings atomic."""
    return Desk()
