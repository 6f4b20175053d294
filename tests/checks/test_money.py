"""Amounts are judged with the digits of their currency, and the PMS's figure is written with them."""

from __future__ import annotations

import pytest

from pms_drill.money import is_money, written


@pytest.mark.parametrize(
    ("figure", "currency", "text"),
    [
        ("2460.000000", "PLN", "2460.00"),
        (3075, "JPY", "3075"),
        ("12.345000", "KWD", "12.345"),
        ("0.125", "EUR", "0.13"),
        (1.5, "QQQ", "1.50"),
        (1.5, "XAU", "1.50"),
    ],
)
def test_a_figure_of_the_pms_has_the_digits_of_its_currency(figure: object, currency: str, text: str) -> None:
    assert written(figure, currency) == text
    assert is_money({"amount": text, "currency": currency})


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("3075.00", "JPY"),
        ("12.34", "KWD"),
        ("2460", "PLN"),
        ("2460.000", "PLN"),
        ("-1.00", "PLN"),
        ("1e2", "PLN"),
        ("2460.", "PLN"),
        ("2460.00", "pln"),
        (2460, "PLN"),
        ("2460.00", None),
        ("\u0661.00", "PLN"),
    ],
    ids=repr,
)
def test_an_amount_with_other_digits_is_no_money(amount: object, currency: object) -> None:
    assert not is_money({"amount": amount, "currency": currency})


@pytest.mark.parametrize("value", [None, "2460.00 PLN", [], {}])
def test_what_is_no_object_is_no_money(value: object) -> None:
    assert not is_money(value)
