"""Tiers: what a run covers and how long it may take, read from `tiers.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pms_drill.checks.verdict import SkipReason
from pms_drill.errors import DrillError
from pms_drill.profile import Seconds

#: The table of the project; it lies beside the package.
SHIPPED = Path(__file__).resolve().parent.parent / "tiers.toml"

Part = Literal["contracts", "chaos", "load"]
#: Parts in the order in which they run.
PARTS: tuple[Part, ...] = ("contracts", "chaos", "load")
Stack = Literal["embedded", "native", "compose", "external"]
STACKS: tuple[Stack, ...] = ("embedded", "native", "compose", "external")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChaosPart(_Table):
    """Which experiments run; "*" stands for all but those in `leaves_out`.

    Of the idle ones one in `idle` is drawn by the seed of the run.
    """

    episodes: list[str] | Literal["*"] = "*"
    leaves_out: list[str] = []
    idle: int = Field(default=1, ge=1, strict=True)


class ContractsPart(_Table):
    """Properties of the contracts that a tier leaves to the others."""

    leaves_out: list[str] = []


class Tier(_Table):
    """One tier.

    Attributes:
        deadline: seconds from the start of the run to its end at the latest.
        deadline_by_stack: stack -> another deadline, where a stack takes longer to come up.
        parts: sessions, in order.
        examples: generated cases per operation of the API contract.
        contracts: see `ContractsPart`.
        chaos: see `ChaosPart`; `episodes` and `runs_episode` read it.
        fail_on: the band of a figure of load from which on the exit code is not 0, unless `--fail-on` says another.
        load: settings for `pms_drill.load.plan.plan_for`.
        load_on_real_pms: laid over `load` where the PMS is a real QloApps.
        skips: stack -> reasons for which a test may be skipped.
        not_drawn: idle experiments that the seed of the run did not draw (`pms_drill.draw`); no key of the table.
    """

    name: str
    deadline: Seconds
    deadline_by_stack: dict[Stack, Seconds] = {}
    parts: list[Part] = Field(min_length=1)
    examples: int = Field(ge=1, strict=True)
    contracts: ContractsPart = ContractsPart()
    chaos: ChaosPart = ChaosPart()
    fail_on: Literal["target", "warning", "critical"] = "warning"
    load: dict[str, float | str] = {}
    load_on_real_pms: dict[str, float | str] = {}
    skips: dict[Stack, list[SkipReason]] = {}
    not_drawn: frozenset[str] = frozenset()

    @field_validator("parts")
    @classmethod
    def _in_order(cls, parts: list[Part]) -> list[Part]:
        return [part for part in PARTS if part in parts]

    @property
    def episodes(self) -> tuple[str, ...]:
        """Names of the experiments; `("*",)` for all."""
        return tuple(self.chaos.episodes)

    def deadline_on(self, stack: str) -> float:
        """The deadline on a stack, in seconds."""
        return next((limit for name, limit in self.deadline_by_stack.items() if name == stack), self.deadline)

    @property
    def all_episodes(self) -> bool:
        """Whether every experiment runs that has no tier of its own."""
        return self.chaos.episodes == "*" and not self.not_drawn

    def lists_episode(self, name: str) -> bool:
        """Whether the experiment belongs to this tier, drawn or not."""
        listed = self.chaos.episodes == "*" or name in self.chaos.episodes
        return listed and name not in self.chaos.leaves_out

    def runs_episode(self, name: str) -> bool:
        """Whether the experiment is run in this tier, and was drawn if it is an idle one."""
        return self.lists_episode(name) and name not in self.not_drawn

    def leaves_out(self, *, judged: str, episode: str) -> bool:
        """Whether this tier leaves a property, or a property under an experiment, to the others."""
        return judged in self.contracts.leaves_out or bool(episode and not self.runs_episode(episode))

    def tolerates(self, stack: str, reason: SkipReason) -> bool:
        """Whether a skip for this reason is in order on this stack."""
        return any(reason in reasons for name, reasons in self.skips.items() if name == stack)


def load_tiers(path: Path = SHIPPED) -> dict[str, Tier]:
    """All tiers by name.

    Raises:
        DrillError: the file is missing or wrong; the message names the key.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise DrillError("the table of tiers cannot be read", where=str(path), todo=str(error)) from error
    return {name: _tier(name, table, path) for name, table in data.items()}


def load_tier(name: str, path: Path = SHIPPED) -> Tier:
    """One tier.

    Raises:
        DrillError: there is no such tier, or the file is wrong.
    """
    tiers = load_tiers(path)
    if name not in tiers:
        raise DrillError(f"there is no tier {name!r}", where=str(path), todo=f"use one of {', '.join(tiers)}")
    return tiers[name]


def _tier(name: str, table: Any, path: Path) -> Tier:
    if not isinstance(table, dict):
        raise DrillError(
            f"{name!r} stands outside of a tier", where=str(path), todo="put it below [pr] or another tier"
        )
    if "not_drawn" in table:
        raise DrillError(f"{name}.not_drawn: there is no such key", where=str(path), todo="use chaos.idle")
    try:
        return Tier.model_validate({**table, "name": name})
    except ValidationError as error:
        raise DrillError(
            f"the tier {name} has {error.error_count()} wrong setting(s)",
            where=str(path),
            todo="correct them; the file's head explains the keys",
            detail="\n".join(_explain(problem) for problem in error.errors()),
        ) from error


def _explain(problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{key}: there is no such key"
    return f"{key}: {problem['msg']} (found: {problem['input']!r})"
