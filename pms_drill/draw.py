"""Which idle experiments a run draws: a pr run has a part of them, decided by its seed; a weekly one has all."""

from __future__ import annotations

import math
import random
import re

from pms_drill import excuses
from pms_drill.episodes import experiments
from pms_drill.excuses import Ground
from pms_drill.tiers import Tier

_WORD = re.compile(r"\w+")


def drawn(tier: Tier, seed: int, selection: str = "", ground: Ground | None = None) -> Tier:
    """The tier with the idle experiments that this run has.

    Args:
        tier: `chaos.idle` says that one in so many of them is drawn.
        seed: of the run; the same seed draws the same ones.
        selection: the expression given with -k. An experiment that it names in full is run, drawn or not.
        ground: what the run stands on. A fault that is known to be impossible there is not drawn in place of another.
    """
    if tier.chaos.idle == 1:
        return tier
    idle = [name for name in sorted(experiments.IDLE) if tier.lists_episode(name)]
    possible = [name for name in idle if ground is None or excuses.possible(name, ground)]
    count = math.ceil(len(possible) / tier.chaos.idle)
    lot = random.Random(f"{seed}/idle").sample(possible, count)  # noqa: S311 - reproducible, not secret
    named = set(_WORD.findall(selection))
    return tier.model_copy(update={"not_drawn": frozenset(idle) - {*lot} - named})


def told(tier: Tier) -> str:
    """One line: which were drawn, and that the others were not; empty for a tier that draws none."""
    if tier.chaos.idle == 1:
        return ""
    here = sorted(name for name in experiments.IDLE if tier.runs_episode(name))
    return (
        f"{len(here)} of {len(here) + len(tier.not_drawn)} idle faults were drawn by the seed: {', '.join(here)}; the "
        f"other {len(tier.not_drawn)} meet no agent in this run (weekly runs all)"
    )
