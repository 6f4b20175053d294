"""States that are rare in a real QloApps and can be switched on here."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

Flag = bool | int
"""On, off, or a number: on for the next so many bookings."""


@dataclass(slots=True)
class Switches:
    """What is out of the ordinary. All off is a healthy QloApps.

    Attributes:
        db_down: every URL is answered with 500 and an HTML page.
        db_paused: requests hang without limit; all are carried out once it is off again.
        db_read_only: the database refuses to write: POST and PUT of bookings end in 500 with an empty body.
        webservice_off: 503 for everybody with a key.
        key_disabled: the main key counts as not active.
        stored_but_500: a booking is stored and answered with 500 (PHP warnings).
        silent_cancel: a booking is answered with 200 as ever and cancelled inside, as a loser of a race.
        tax_excluded_group: customers see prices without tax: 500 for POST, PUT, GET of one booking, work done.
        warnings_hidden: PHP warnings do not spoil answers (`error_reporting` without E_WARNING).
    """

    db_down: bool = False
    db_paused: bool = False
    db_read_only: bool = False
    webservice_off: bool = False
    key_disabled: bool = False
    stored_but_500: Flag = False
    silent_cancel: Flag = False
    tax_excluded_group: bool = False
    warnings_hidden: bool = False

    def set(self, name: str, value: Any) -> None:
        """Change one switch.

        Raises:
            ValueError: no such switch, or not a value for it.
        """
        if name not in {one.name for one in fields(self)}:
            raise ValueError(f"no switch {name!r}; there are {', '.join(one.name for one in fields(self))}")
        counted = name in ("stored_but_500", "silent_cancel")
        if not isinstance(value, bool) and not (counted and isinstance(value, int) and value >= 0):
            raise ValueError(f"{name} must be true or false" + (", or a number of bookings" if counted else ""))
        setattr(self, name, value)

    def take(self, name: str) -> bool:
        """Whether a counted switch is on for this booking; counts it."""
        value = getattr(self, name)
        if value is True or not value:
            return bool(value)
        setattr(self, name, value - 1)
        return True

    def reset(self) -> None:
        """All off."""
        for one in fields(self):
            setattr(self, one.name, False)
