"""Does the agent's PMS traffic cross the proxies? If not, every fault would be injected beside it."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from pms_drill import clock
from pms_drill.errors import DrillError

if TYPE_CHECKING:
    from pms_drill.stack.base import Stack

#: The ledger knows a request as soon as its head was read; this is for a busy machine.
_LIMIT_S = 2.0
#: Nights that an agent of the contract takes.
_DAYS_AHEAD = (20, 420)


def prove_crossing(stack: Stack) -> None:
    """Ask the agent a question of a guest and look for the same question at the fault proxy.

    The night is drawn, so that another guest's question is not taken for this one.

    Raises:
        DrillError: no call was seen, so that nothing could be proven with this stack.
    """
    profile = stack.profile
    night = clock.today(profile.pms.timezone) + timedelta(days=random.SystemRandom().randrange(*_DAYS_AHEAD))
    question: dict[str, Any] = {
        "hotel_id": profile.pms.hotel_id,
        "check_in": night.isoformat(),
        "check_out": (night + timedelta(days=1)).isoformat(),
        "room_type": profile.pms.room_type,
    }
    url = f"{stack.addresses.agent}{profile.endpoints.availability}"
    before = stack.ledger_position()
    told = _ask(url, question, profile.guest_patience)
    polling = Retrying(
        stop=stop_after_delay(_LIMIT_S), wait=wait_fixed(0.02), retry=retry_if_result(lambda calls: not calls)
    )
    try:
        calls = polling(
            lambda: [
                entry
                for entry in stack.ledger(before)
                if question["check_in"] in entry.request_body or question["check_in"] in entry.target
            ]
        )
    except RetryError:
        raise DrillError(
            "the agent's PMS calls do not cross the proxies: a fault would be injected beside them",
            where=f"{url} answered {told}; no request about that night at the fault proxy within {_LIMIT_S:g} s",
            todo=f"make the agent use the address {{pms_url}} that the profile {profile.name} is given (here "
            f"{stack.addresses.upstream}), and the real adapter, not its mock",
        ) from None
    stack.journal.note("stack", "crossing", "proved", f"{calls[0].method} {calls[0].path}")


def _ask(url: str, question: dict[str, object], patience: float) -> str:
    try:
        answer = httpx.post(url, json=question, timeout=patience, trust_env=False)
    except httpx.HTTPError as error:
        return f"nothing ({type(error).__name__})"
    return f"{answer.status_code} {answer.text[:200]}"
