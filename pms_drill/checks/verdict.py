"""What a check can say: pass, fail or unknown, and why.

Unknown is not pass (design rule 2): no effect measured, no request seen, no final read end as unknown, which
makes a run red under its own name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """The three values, plus the two ways in which a test does not count."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    WAIVED = "waived"
    SKIPPED = "skipped"


class SkipReason(StrEnum):
    """Why something was not judged. tiers.toml lists which reasons a tier and stack tolerate."""

    NOT_CLAIMED = "not-claimed"
    NO_WITNESS = "no-witness"
    STACK_CANNOT = "stack-cannot"
    AGENT_CANNOT = "agent-cannot"
    NEEDS_LINUX = "needs-linux"
    NEEDS_TOOL = "needs-tool"
    NEEDS_REAL_PMS = "needs-real-pms"
    NEEDS_ENGINE = "needs-engine"
    NEEDS_IMAGES = "needs-images"


@dataclass(frozen=True)
class Verdict:
    """The result of one check over one piece of evidence.

    Attributes:
        outcome: PASSED, FAILED or UNKNOWN.
        claimed: what had to hold, with the figures of this run.
        seen: witness name -> what it saw ("ledger" -> "2 calls: 12.58 s GET /api/bookings/4711").
    """

    outcome: Outcome
    claimed: str
    seen: dict[str, str] = field(default_factory=dict)

    @property
    def why(self) -> str:
        """One readable block: the claim, then each witness on its own line."""
        lines = [f"claimed   {self.claimed}"]
        lines += [f"{witness:<9} {text}" for witness, text in self.seen.items()]
        return "\n".join(lines)


def passed(claimed: str, **seen: str) -> Verdict:
    """The claim holds; `seen` keeps the figures for the results."""
    return Verdict(Outcome.PASSED, claimed, seen)


def failed(claimed: str, **seen: str) -> Verdict:
    """The evidence contradicts the claim."""
    return Verdict(Outcome.FAILED, claimed, seen)


def unknown(claimed: str, **seen: str) -> Verdict:
    """The evidence is not enough to say either."""
    return Verdict(Outcome.UNKNOWN, claimed, seen)


def judge(holds: bool, claimed: str, **seen: str) -> Verdict:
    """PASSED if `holds`, else FAILED, with the same texts."""
    return Verdict(Outcome.PASSED if holds else Outcome.FAILED, claimed, seen)


#: From the worst to the best; merging takes the worst, so that unknown never merges into pass.
_WORST_FIRST = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.WAIVED, Outcome.PASSED, Outcome.SKIPPED)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Merge outcomes of one property. Nothing at all is UNKNOWN, never PASSED."""
    found = set(outcomes)
    return next((outcome for outcome in _WORST_FIRST if outcome in found), Outcome.UNKNOWN)


class Unproven(Exception):
    """Raised in a test whose verdict is unknown; every exception but a failed assertion counts the same."""


class ClaimFailed(AssertionError):
    """Raised in a test whose verdict is failed. No other code of the harness says that something does not hold."""


def claim(verdict: Verdict) -> None:
    """Turn a verdict into the outcome of the running test.

    Raises:
        ClaimFailed: the verdict is FAILED; its text explains itself.
        Unproven: the verdict is UNKNOWN.
    """
    if verdict.outcome is Outcome.FAILED:
        raise ClaimFailed(verdict.why)
    if verdict.outcome is not Outcome.PASSED:
        raise Unproven(verdict.why)
