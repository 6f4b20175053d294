"""What a session of the suite was asked for: the options of pytest, read and checked once."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pms_drill import clock, runs
from pms_drill import profile as profiles
from pms_drill.cli_options import TARGET_OPTIONS
from pms_drill.draw import drawn
from pms_drill.excuses import Ground
from pms_drill.load.plan import LoadPlan, plan_for
from pms_drill.profile import Profile
from pms_drill.stack.backends import stand_in, usual_profile
from pms_drill.target import Target
from pms_drill.tiers import PARTS, Tier, load_tier

#: The part of tests that lie in no folder of the suite.
OTHER = "other"


@dataclass(frozen=True)
class Options:
    """What the session was asked for.

    Attributes:
        part: contracts, chaos or load: the folder that was named.
        worker: xdist's worker, or "main".
        profile_name: as it was named, a name or a path.
        target: a system that runs already, for the stack external.
    """

    profile: Profile
    profile_name: str
    tier: Tier
    stack: str
    seed: int
    run_dir: Path
    part: str
    worker: str
    target: Target

    @property
    def label(self) -> str:
        """Names this worker's files in the run's folder."""
        return f"{self.part}-{self.worker}"

    @property
    def load_plan(self) -> LoadPlan:
        """The load of the tier, at the pace of the PMS that the stack has.

        Raises:
            DrillError: tiers.toml has a setting that no load plan has.
        """
        tier = self.tier
        plan = plan_for(tier.name, tier.load | ({} if stand_in(self.stack) else tier.load_on_real_pms))
        # An agent without a reset closes by itself, which takes its wait.
        return plan if self.profile.endpoints.reset else replace(plan, closes="wait")

    def for_workers(self) -> dict[str, Any]:
        """What xdist's workers must have from the controller, as `read` takes it there."""
        return {"seed": self.seed, "run_dir": str(self.run_dir), "part": self.part}


OPTIONS = pytest.StashKey[Options]()


def add(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("pms", "PMS integration suite")
    group.addoption("--pms-stack", default="embedded", help="where the PMS runs: embedded, native, compose or external")
    group.addoption("--pms-profile", default="", help="the agent: name of a profile, or a .toml file")
    group.addoption("--pms-tier", default="pr", help="smoke, pr, weekly or soak")
    group.addoption("--pms-seed", type=int, default=None, help="repeat a run; random if not given")
    for option, text in TARGET_OPTIONS.items():
        group.addoption(option, default="", help=text)
    group.addoption("--pms-run-dir", default="", help="folder for results; a new one below runs/ if not given")


def read(config: pytest.Config) -> Options:
    """The options as given; a worker of xdist takes seed, folder and part from its controller.

    Raises:
        DrillError: a wrong profile or tier.
    """
    given: dict[str, Any] = getattr(config, "workerinput", {}).get("pms", {})
    tier = load_tier(config.getoption("--pms-tier"))
    stack = config.getoption("--pms-stack")
    named = config.getoption("--pms-profile") or usual_profile(stack)
    seed = config.getoption("--pms-seed")
    if seed is None:
        seed = given.get("seed", random.SystemRandom().randrange(1, 2**31))
    folder = config.getoption("--pms-run-dir") or given.get("run_dir")
    part = given.get("part") or _part(config.args)
    if not folder and part == OTHER:
        folder = tempfile.gettempdir()  # nothing is written there unless a test asks for a stack
    profile = profiles.load(named)
    target = Target(**{field: config.getoption(f"--{field.replace('_', '-')}") for field in Target.model_fields})
    return Options(
        profile=profile,
        profile_name=named,
        tier=tier if part == OTHER else drawn(tier, seed, config.getoption("keyword"), Ground(stack, profile, target)),
        stack=stack,
        seed=seed,
        run_dir=Path(folder) if folder else runs.new_run(config.rootpath / "runs", tier.name, stack, clock.utc()),
        part=part,
        worker=getattr(config, "workerinput", {}).get("workerid", "main"),
        target=target,
    )


def _part(arguments: list[str]) -> str:
    """The part whose folder was named on the command line."""
    folders = {word for argument in arguments for word in Path(argument.partition("::")[0]).parts}
    return next((part for part in PARTS if part in folders), OTHER)
