"""Is the contract with the PMS kept, and does the running PMS differ from a recorded one only where that is known?

A difference is a pair: name of the exchange, and what differs as a sentence ("status: 200 -> 500").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from pms_drill.checks.verdict import Verdict, judge, unknown

Pair = tuple[str, str]
#: Listed for an exchange that the twin answers with something else altogether.
NOT_PLAYED = "not played"


def kept(name: str, breaches: Sequence[str] | None, why_not: str = "") -> Verdict:
    """The answer to one exchange is as the contract says.

    Args:
        breaches: what does not hold; None when there is no answer to judge.
        why_not: why there is none.
    """
    claimed = f"the answer to {name} is as contracts/pms/exchanges.toml says"
    if breaches is None:
        return unknown(claimed, answer=f"none to judge: {why_not}")
    return judge(not breaches, claimed, answer=_told(breaches))


def no_unlisted_difference(listed: Collection[Pair], found: Iterable[Pair], compared: Collection[str]) -> Verdict:
    """Every difference that was found is listed. Nothing compared is unknown.

    Args:
        listed: known differences; `NOT_PLAYED` stands for whatever may differ in an exchange.
        compared: names of the exchanges that both sources have.
    """
    claimed = (
        f"every difference to the recorded PMS is listed ({len(compared)} exchanges compared, {len(listed)} listed)"
    )
    if not compared:
        return unknown(claimed, comparison="no exchange was compared")
    known = set(listed)
    fresh = [pair for pair in found if pair not in known and (pair[0], NOT_PLAYED) not in known]
    return judge(not fresh, claimed, unlisted=_told(": ".join(pair) for pair in fresh))


def no_vanished_divergence(listed: Collection[Pair], found: Iterable[Pair], compared: Collection[str]) -> Verdict:
    """Every listed difference was found. An exchange that was not compared proves nothing: unknown."""
    claimed = f"each of the {len(listed)} listed divergences is still there"
    if not compared:
        return unknown(claimed, comparison="no exchange was compared")
    if unseen := sorted({name for name, _ in listed if name not in compared}):
        return unknown(claimed, comparison=f"not compared: {', '.join(unseen)}")
    seen = set(found)
    seen |= {(name, NOT_PLAYED) for name, _ in seen}
    return judge(seen.issuperset(listed), claimed, gone=_told(": ".join(pair) for pair in listed if pair not in seen))


def _told(lines: Iterable[str]) -> str:
    return "\n          ".join(lines) or "none"
