"""Guests of the suite: they differ, and nobody meets a night that an experiment sells out."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from pms_drill import clock
from pms_drill.episodes.guests import SOLD_OUT_NIGHTS, GuestBook, label
from pms_drill.profile import PmsPart

FARTHEST = 500  # days ahead that the agent takes


def test_no_guest_stays_in_a_night_that_is_to_be_sold_out() -> None:
    book = GuestBook(7, "x", pms=PmsPart())
    first = min(book.night_to_sell_out(number) for number in range(5))
    latest = max(date.fromisoformat(book.guest().check_out) for _ in range(5000))
    assert latest <= first, "the night of check-out is not part of the stay"


def test_each_experiment_sells_out_nights_of_its_own_within_what_the_agent_takes() -> None:
    book = GuestBook(7, "x", pms=PmsPart())
    firsts = [book.night_to_sell_out(number) for number in range(5)]
    nights = [first + timedelta(days=day) for first in firsts for day in range(SOLD_OUT_NIGHTS)]
    assert len(set(nights)) == len(nights)
    assert max(nights) <= clock.today("UTC") + timedelta(days=FARTHEST)


def test_no_two_guests_of_all_books_share_an_address() -> None:
    """QloApps finds customers by e-mail and renames them (QLO-11): then a name at the PMS would be no proof."""
    books = [GuestBook(7, label(name, "w0"), pms=PmsPart()) for name in ("hang", "hang-again")]
    addresses = [guest.email.casefold() for book in books for guest in book.guests(500)]
    assert len(set(addresses)) == len(addresses)


def test_an_address_has_one_name_whatever_the_seed() -> None:
    """So not even a PMS that keeps the guests of an earlier run makes two names of one address."""
    named: dict[str, str] = {}
    for seed in range(20):
        for guest in GuestBook(seed, "x", pms=PmsPart()).guests(100):
            assert named.setdefault(guest.email.casefold(), guest.name) == guest.name


def test_experiment_without_nights_to_sell_out_is_an_error() -> None:
    with pytest.raises(ValueError, match="no nights to sell out for number 5"):
        GuestBook(7, "x", pms=PmsPart()).night_to_sell_out(5)
