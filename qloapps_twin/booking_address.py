"""The address of a customer in a booking: its parts come all or none, and must fit the country.

Which countries there are, which of them have states, and how their postal codes look, is the list of a fresh shop (the
same in 1.6.1 and 1.7.0).
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

from qloapps_twin.answers import Crashed, Refused
from qloapps_twin.booking_input import part, text
from qloapps_twin.php import is_empty
from qloapps_twin.refusal import refuse
from qloapps_twin.rules import is_iso_code

#: Country -> form of its postal codes (null: it needs none; N a digit, L a letter, C the country) and its states.
COUNTRIES: dict[str, tuple[str | None, list[str]]] = json.loads(
    files("qloapps_twin").joinpath("data/countries.json").read_text("utf-8")
)
_PARTS = ("address", "city", "country_code", "state_code", "zip")
_POSTCODE = re.compile(r"[A-Za-z 0-9-]+")
_SIGNS = {"N": "[0-9]", "L": "[A-Za-z]", " ": " ?", "-": "-?"}
_SHOWN = {"N": "0", "L": "A"}


def check(person: Any) -> None:
    """Refuse an address that QloApps refuses; its first defect is told.

    Raises:
        Refused: 400.
        Crashed: a country that is no code at all is printed as `Fatal error` with 200; a list is 500.
    """
    if all(part(person, name) is None for name in _PARTS):
        return
    for name, told in (("address", "Address"), ("city", "City"), ("country_code", "Country code")):
        if is_empty(part(person, name)):
            raise refuse(f"{told} is required.")
    country = text(part(person, "country_code"))
    if not is_iso_code(country):
        raise Crashed(200, "Fatal error")
    known = COUNTRIES.get(country.strip().upper())
    if known is None:
        raise refuse("Invalid country code.")
    form, states = known
    if states:
        if is_empty(part(person, "state_code")):
            raise refuse("State code is required for the given country.")
        if text(part(person, "state_code")).upper() not in states:
            raise refuse("Invalid state code.")
    if form is not None:
        _check_zip(part(person, "zip"), form, country.upper())


def _check_zip(sent: Any, form: str, country: str) -> None:
    if is_empty(sent):
        raise refuse("Zip code is required.")
    code = text(sent)
    pattern = "".join(country if sign == "C" else _SIGNS.get(sign, re.escape(sign)) for sign in form)
    if not _POSTCODE.fullmatch(code) or (form and not re.fullmatch(pattern, code, re.IGNORECASE)):
        raise _wrong_zip(form, country)


def _wrong_zip(form: str, country: str) -> Refused:
    shown = "".join(country if sign == "C" else _SHOWN.get(sign, sign) for sign in form)
    return refuse(f"The Zip/Postal code you have entered is invalid. It must follow this format: {shown}")
