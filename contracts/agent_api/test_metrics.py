"""Metrics: complete before the first call, bounded after many, and readable by Prometheus."""

from __future__ import annotations

import pytest

from pms_drill.checks import exposition
from pms_drill.checks.verdict import claim
from pms_drill.contract.agent import Agent
from pms_drill.episodes.guests import GuestBook
from pms_drill.evidence.scrape import Scrape
from pms_drill.profile import Profile
from pms_drill.stack.base import Stack


def name_of(role: str, profile: Profile) -> str:
    return getattr(profile.metrics, role)


@pytest.mark.property("EXP-01")
@pytest.mark.xdist_group("fresh-agent")
@pytest.mark.parametrize("role", exposition.FAMILIES)
def test_every_label_set_is_there_before_the_first_call(fresh_scrape: Scrape, profile: Profile, role: str) -> None:
    claim(exposition.family_complete(role, name_of(role, profile), fresh_scrape))


@pytest.mark.property("EXP-02")
@pytest.mark.xdist_group("fresh-agent")
def test_buckets_of_the_latency_reach_from_5_ms_to_30_s(fresh_scrape: Scrape, profile: Profile) -> None:
    claim(exposition.buckets_cover(profile.metrics.latency, fresh_scrape))


@pytest.mark.property("EXP-03")
@pytest.mark.parametrize("scraper", exposition.SCRAPERS)
def test_metrics_are_in_the_text_format_that_their_content_type_says(agent: Agent, scraper: str) -> None:
    accept = exposition.SCRAPERS[scraper]
    answer = agent.metrics(accept)
    claim(exposition.readable_by_prometheus(accept, answer.headers.get("Content-Type", ""), answer.text))


@pytest.mark.property("EXP-04")
@pytest.mark.parametrize("role", exposition.FAMILIES)
def test_calls_and_refusals_add_no_label_set(
    agent: Agent, stack: Stack, profile: Profile, guest_book: GuestBook, role: str
) -> None:
    guest = guest_book.guest()
    agent.ask(guest.availability())
    agent.reserve(guest.reservation())
    agent.ask(guest.availability() | {"room_type": 999})
    agent.ask({})
    agent.no_such_path()
    claim(exposition.family_complete(role, name_of(role, profile), stack.scrape()))
