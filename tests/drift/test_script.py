"""The file with the contract's exchanges is read strictly."""

from __future__ import annotations

import pytest

from pms_drill.drift import script

ONE = """
[[exchange]]
name = "one"
method = "GET"
path = "/api/hotels"
says = { status = 200, type = "text/xml" }
"""


def test_contract_has_reads_and_writes_and_every_value_has_a_source() -> None:
    exchanges = script.load()
    assert len(exchanges) >= 80
    assert 30 <= sum(1 for one in exchanges.values() if one.writes) < len(exchanges)


def test_every_booking_that_the_contract_makes_is_cancelled_in_it() -> None:
    exchanges = script.load()
    kept = {
        name for one in exchanges.values() if one.writes or one.after for name in one.keep if name.endswith("order")
    }
    cancelled = {
        name for one in exchanges.values() if one.name.endswith("-cancelled") for name in one.needs if "order" in name
    }
    assert kept == cancelled == {"order", "full_order", "untaxed_order"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text + text, "one is there twice"),
        (lambda text: text.replace("hotels", "hotels/$nobody"), "needs nobody"),
        (lambda text: text.replace("GET", "POST"), "does not say writes = true"),
        (lambda text: text.replace("says", 'after = "none"\nsays'), "comes after none"),
        (lambda text: text.replace("says", 'wishes = "x"\nsays'), "Extra inputs"),
        (lambda text: text.replace("One", "x").replace('"one"', '"One!"'), "pattern"),
    ],
    ids=["twice", "unknown value", "silent write", "unknown predecessor", "unknown field", "odd name"],
)
def test_script_that_is_not_written_as_it_should_be_is_refused(change: object, told: str) -> None:
    assert script.read(ONE)["one"].user == "$key"
    with pytest.raises(ValueError, match=told):
        script.read(change(ONE))  # type: ignore[operator]


def test_availability_is_a_read_although_it_is_posted() -> None:
    text = ONE.replace("GET", "POST").replace("hotels", "hotel_ari")
    assert script.read(text)["one"].writes is False


def test_user_false_sends_no_key() -> None:
    assert script.read(ONE.replace("says", "user = false\nsays"))["one"].user is None
